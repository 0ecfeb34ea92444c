"""The burndown of a sprint with 500 tasks: its statements, and its time with 20,000 events compared with
10,000.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.gameplan

Makes two sprints by bulk insert, measures them in turn, prints the best of each and removes what it made. Ends with exit
code 1 when a target is missed.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import frappe
from frappe.utils import getdate, now

from orchestrator.gameplan import events, get_sprint_burndown, history
from orchestrator.gameplan.series import compute_series
from orchestrator.gameplan.task_state import Event
from orchestrator.gameplan.workdays import list_days
from tests.support import factories, gameplan, helpdesk

TASKS = 500
EVENTS = (10_000, 20_000)
HOURS = 8.0
ROUNDS = 15
ALLOWED_STATEMENTS = 5
ALLOWED_RATIO = 2.2  # of 20,000 events to 10,000: linear is at most 2, the rest allows for other load
PREFIX = "BENCH-GAMEPLAN-"
TASK_FIELDS = [
	"name", "creation", "modified", "owner", "modified_by", "subject", "status", "project", "sprint", "expected_time",
	"progress",
]  # fmt: skip


def make_sprint(count: int) -> str:
	"""Create a sprint of a fortnight, now in its second week, with `count` events, whose last ones are the
	state of its tasks.
	"""
	first = getdate() - timedelta(days=9)
	sprint = gameplan.make_sprint(start_date=first, end_date=first + timedelta(days=13))
	start = datetime.combine(first, datetime.min.time()) - timedelta(days=1)
	history = list(build_history(sprint.name, count, start))
	events.insert_events(events.EventRow(sprint.name, event) for event in history)
	frappe.db.bulk_insert("Task", TASK_FIELDS, rows(sprint, {event.task: event for event in history}))
	values = {
		"state": "Active",
		"started_at": start + timedelta(days=1, hours=9),
		"committed_hours": TASKS * HOURS,
	}
	frappe.db.set_value("Sprint", sprint.name, values)
	frappe.db.commit()
	return sprint.name


def build_history(sprint: str, count: int, start: datetime) -> Iterator[Event]:
	"""Yield events: each task joins; then each makes some progress, in turn."""
	step = timedelta(days=9) / count
	for number in range(count):
		kind, progress = (
			("Joined", 0.0) if number < TASKS else ("Progressed", number // TASKS / (count // TASKS) * 90)
		)
		yield Event(
			start + step * number,
			"Task",
			f"{PREFIX}{sprint}-{number % TASKS:04}",
			kind,
			HOURS,
			progress,
			True,
		)


def rows(sprint: Any, latest: dict[str, Event]) -> Iterator[tuple[Any, ...]]:
	moment = now()
	for name, event in latest.items():
		yield (
			name, moment, moment, "Administrator", "Administrator", name, "Open", sprint.project, sprint.name,
			event.estimate, event.progress,
		)  # fmt: skip


def remove(sprints: list[str]) -> None:
	frappe.db.rollback()
	frappe.db.delete("Task", {"name": ("like", f"{PREFIX}%")})
	for name in sprints:
		project = frappe.db.get_value("Sprint", name, "project")
		frappe.delete_doc("Sprint", name)
		frappe.delete_doc("Project", project)
	frappe.db.commit()


def measure_statements(sprint: str) -> bool:
	get_sprint_burndown(sprint)
	frappe.db.rollback()
	with helpdesk.capture_queries() as asked:
		get_sprint_burndown(sprint)
	index = frappe.db.sql(
		f"EXPLAIN {history.STORED}", {"sprint": sprint, "until": datetime(2100, 1, 1)}, as_dict=True
	)[0].key
	print(f"statements: {len(asked)}; allowed {ALLOWED_STATEMENTS}; the events are read by the index {index}")
	return len(asked) <= ALLOWED_STATEMENTS and index == "by_sprint"


def measure_time(sprints: dict[int, str]) -> bool:
	"""Measure the whole call in wall-clock time, and the computation in CPU time, in turn; the best of each."""
	took: dict[tuple[str, int], list[float]] = {}
	days = list_days(getdate() - timedelta(days=9), getdate())
	plain = {count: list(build_history(name, count, datetime(2027, 1, 1))) for count, name in sprints.items()}
	for _ in range(ROUNDS):
		for count, name in sprints.items():
			frappe.db.rollback()
			took.setdefault(("call", count), []).append(
				measure_seconds(lambda name=name: get_sprint_burndown(name))
			)
			moment = plain[count][TASKS].at
			took.setdefault(("arithmetic", count), []).append(
				measure_seconds(
					lambda count=count, moment=moment: compute_series(
						plain[count], days, moment, datetime(2028, 1, 1)
					),
					time.process_time,
				)
			)
	few, many = EVENTS
	within = True
	for what in ("call", "arithmetic"):
		one, two = (min(took[what, count]) * 1000 for count in EVENTS)
		print(
			f"{what:12} {few:,} events {one:7.1f} ms   {many:,} events {two:7.1f} ms   ratio {two / one:.2f}"
		)
		within = within and two / one <= ALLOWED_RATIO
	return within


def measure_seconds(call: Any, clock: Callable[[], float] = time.perf_counter) -> float:
	start = clock()
	call()
	return clock() - start


def main() -> int:
	site, sites = os.environ["ORCHESTRATOR_SITE"], Path(os.environ["ORCHESTRATOR_BENCH"]) / "sites"
	os.chdir(sites)
	frappe.init(site=site, sites_path=str(sites))
	frappe.connect()
	frappe.set_user("Administrator")
	sprints = {count: make_sprint(count) for count in EVENTS}
	try:
		frappe.db.sql("ANALYZE TABLE `tabSprint Event`")
		reader = factories.make_user("Projects User").name
		frappe.set_user(reader)
		within = measure_statements(sprints[EVENTS[-1]])
		within = measure_time(sprints) and within
	finally:
		frappe.set_user("Administrator")
		remove(list(sprints.values()))
	return 0 if within else 1


if __name__ == "__main__":
	sys.exit(main())
