"""The page of a sprint with 100 tasks beside Frappe's own list of the same tasks, in a browser; and its statements.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.sprint_board [rounds]

Both pages are opened in turn in one Chromium, by one user. The time is that from the request of the address until the
last of the 100 tasks, or the first of the list's rows, is shown. Medians over all rounds. Ends with exit code 1 when a
target is missed.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import frappe

from benchmarks.desk import open_desk
from benchmarks.site import connect_site
from orchestrator.gameplan import get_sprint_backlog, get_sprint_board, get_sprint_flow
from tests.support import factories, gameplan, helpdesk

TASKS = 100
ROUNDS = 10
MAX_RATIO = 1.5
MAX_STATEMENTS = {get_sprint_board: 5, get_sprint_flow: 5, get_sprint_backlog: 3}


def make_sprint() -> str:
	"""Create a sprint with tasks in all columns, and as many in the backlog."""
	sprint = gameplan.make_sprint()
	statuses = ("Open", "In Progress", "Pending Review", "Completed")
	for number in range(TASKS):
		gameplan.make_task(sprint, 8, status=statuses[number % len(statuses)])
		factories.make_task(project=sprint.project)
	frappe.db.commit()
	return str(sprint.name)


def measure_statements(sprint: str) -> bool:
	within = [_is_within_statements(call, sprint) for call in MAX_STATEMENTS]
	return all(within)


def _is_within_statements(call: Callable[..., Any], sprint: str) -> bool:
	call(sprint)
	frappe.db.rollback()
	with helpdesk.capture_queries() as asked:
		call(sprint)
	print(f"{call.__name__}: {len(asked)} statements; allowed {MAX_STATEMENTS[call]}")
	return len(asked) <= MAX_STATEMENTS[call]


def measure_pages(user: str, sprint: str, sites: Path, rounds: int) -> bool:
	pages = {
		"sprint board": (f"/app/sprint-board/{sprint}", f".sb-column .sb-card >> nth={TASKS - 1}"),
		"list of tasks": (f"/app/task?sprint={sprint}", ".list-row >> nth=0"),
	}
	times: dict[str, list[float]] = {label: [] for label in pages}
	with open_desk(sites, user) as desk:
		for number in range(rounds + 1):
			for label, (route, last) in pages.items():
				start = time.perf_counter()
				desk.open(route, last)
				if number:  # the first round fills the caches
					times[label].append((time.perf_counter() - start) * 1000)
	board, stock = (statistics.median(times[label]) for label in pages)
	print(f"sprint board {board:.0f} ms   list of tasks {stock:.0f} ms   ratio {board / stock:.2f}")
	return board / stock <= MAX_RATIO


def main() -> int:
	sites = connect_site()
	frappe.set_user("Administrator")
	rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
	sprint, user = make_sprint(), str(factories.make_user("Projects User").name)
	frappe.set_user(user)
	within = measure_statements(sprint)
	return int(not (measure_pages(user, sprint, sites, rounds) and within))


if __name__ == "__main__":
	sys.exit(main())
