"""A batch of N inserts against N calls, over one kept HTTP connection to the same server, and what the inserts
themselves take: the same records inserted in one process and committed once.

A batch saves the requests, not the inserts: its advantage is the larger the less a DocType does when it is saved. So each
DocType has a line of its own. Both sides take turns; the rate limit is off. Run it within a bench's `sites` folder:

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.batch [--steps 100]
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import frappe

from benchmarks.site import connect_site
from tests.conftest import SITE, serve, stay_on_this_machine
from tests.support import factories
from tests.support.client import Client
from tests.support.rate_limits import override_rate_limit

BATCH = "orchestrator.api.batch"
INSERT = "frappe.client.insert"
Record = dict[str, Any]
# From the DocType that does least when it is saved
RECORDS: dict[str, Callable[[], Record]] = {
	"Tag": lambda: {"doctype": "Tag", "name": factories.make_unique("Tag")},
	"Note": lambda: {"doctype": "Note", "title": factories.make_unique("Note")},
	"ToDo": lambda: {"doctype": "ToDo", "description": factories.make_unique("ToDo")},
	"Lead": lambda: {"doctype": "Lead", "lead_name": factories.make_unique("Lead")},
}


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--steps", type=int, default=100)
	parser.add_argument("--rounds", type=int, default=5)
	options = parser.parse_args()
	stay_on_this_machine()
	sites = connect_site()
	frappe.flags.mute_emails = True
	caller = factories.make_user("Sales Manager", "Sales User", "System Manager").name
	with override_rate_limit(rate_limit_enabled=0), serve(str(SITE), sites) as base:
		key, secret = factories.get_token(caller)
		client = Client(base, str(SITE), headers={"Authorization": f"token {key}:{secret}"})
		for doctype in RECORDS:
			play(client, doctype, 3)
			report(
				doctype, options.steps, [play(client, doctype, options.steps) for _ in range(options.rounds)]
			)


def play(client: Client, doctype: str, count: int) -> dict[str, float]:
	"""One round; returns the seconds of each side."""
	sides = {"calls": call_one_by_one, "batch": call_in_a_batch, "inserts alone": insert_directly}
	seconds = {}
	for name, side in sides.items():
		records = [RECORDS[doctype]() for _ in range(count)]
		before = count_records(doctype)
		begin = time.perf_counter()
		side(client, records)
		seconds[name] = time.perf_counter() - begin
		assert count_records(doctype) - before == count, name
	return seconds


def count_records(doctype: str) -> int:
	frappe.db.rollback()  # look at what the server has committed
	return frappe.db.count(doctype)


def call_one_by_one(client: Client, records: list[Record]) -> None:
	for record in records:
		reply = client.post(INSERT, doc=record)
		assert reply.status_code == 201, reply.text


def call_in_a_batch(client: Client, records: list[Record]) -> None:
	steps = [
		{"id": str(number), "method": INSERT, "params": {"doc": record}}
		for number, record in enumerate(records)
	]
	reply = client.post(BATCH, steps=steps)
	assert reply.json()["data"]["succeeded"] == len(records), reply.text


def insert_directly(_client: Client, records: list[Record]) -> None:
	for record in records:
		frappe.get_doc(record).insert()
	frappe.db.commit()


def report(doctype: str, count: int, times: list[dict[str, float]]) -> None:
	middle = {side: statistics.median(row[side] for row in times) * 1000 / count for side in times[0]}
	ratios = [row["calls"] / row["batch"] for row in times]
	print(
		f"{doctype:5} ms a record: "
		+ "  ".join(f"{side} {taken:.2f}" for side, taken in middle.items())
		+ f"  batch {statistics.median(ratios):.2f} times as fast"
		+ f" (rounds: {', '.join(f'{ratio:.2f}' for ratio in ratios)})"
	)


if __name__ == "__main__":
	main()
