"""Bulk calls compared with stock Frappe's equivalents, side by side on one site.

- set_assignment_for_many of N leads, one HTTP call, against N HTTP calls of frappe.desk.form.assign_to.add
- delete_many of N leads against frappe.desk.reportview.delete_bulk, which Desk's bulk delete runs: the work itself,
  in one process, without HTTP on either side

Each round makes fresh leads for both sides and lets the other side begin. Run it within a bench's `sites` folder:

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.bulk [--records 500]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import frappe
from frappe.desk.reportview import delete_bulk

from benchmarks.site import connect_site
from orchestrator.api.bulk import runs
from orchestrator.api.bulk.requests import BulkRequest
from tests.conftest import SITE, serve, stay_on_this_machine
from tests.support import factories
from tests.support.client import Client

STOCK_ASSIGN = "frappe.desk.form.assign_to.add"
BULK_ASSIGN = "frappe.desk.bulk_assignment.set_assignment_for_many"


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	parser.add_argument("--records", type=int, default=500)
	parser.add_argument("--rounds", type=int, default=3)
	options = parser.parse_args()
	stay_on_this_machine()
	sites = connect_site()
	frappe.flags.mute_emails = True
	caller = factories.make_user("Sales Manager", "Sales User", "System Manager").name
	with serve(str(SITE), sites) as base:
		key, secret = factories.get_token(caller)
		client = Client(base, str(SITE), headers={"Authorization": f"token {key}:{secret}"})
		times = [play(client, options.records, turn) for turn in range(options.rounds)]
	report(options.records, times)


def play(client: Client, records: int, turn: int) -> dict[str, float]:
	"""Run one round; return the seconds of each side.

	The assignee is new in each round: deleting the newest leads lets Frappe give their names again, and until a
	worker has tidied up, the assignments of the old leads would pass for those of the new.
	"""
	assignee = factories.make_user("Sales User").name
	ours, theirs = make_leads(records), make_leads(records)
	seconds = in_turns(
		turn,
		{
			"assign": lambda: assign_in_bulk(client, ours, assignee),
			"assign, stock": lambda: assign_one_by_one(client, theirs, assignee),
		},
	)
	check_assigned(ours + theirs, assignee)
	return seconds | in_turns(
		turn, {"delete": lambda: delete_ours(ours), "delete, stock": lambda: delete_stock(theirs)}
	)


def in_turns(turn: int, sides: dict[str, Callable[[], None]]) -> dict[str, float]:
	"""Time both sides; the first one alternates from round to round."""
	names = list(sides) if turn % 2 == 0 else list(reversed(sides))
	seconds = {}
	for name in names:
		begin = time.perf_counter()
		sides[name]()
		seconds[name] = time.perf_counter() - begin
	return seconds


def make_leads(count: int) -> list[str]:
	"""Create valid leads, committed together."""
	made = [
		frappe.get_doc(
			{
				"doctype": "Lead",
				"lead_name": factories.make_unique("Lead"),
				"email_id": factories.make_unique_email("lead"),
			}
		).insert()
		for _ in range(count)
	]
	frappe.db.commit()
	return [lead.name for lead in made]


def assign_in_bulk(client: Client, names: list[str], assignee: str) -> None:
	reply = client.post(BULK_ASSIGN, doctype="Lead", name=names, assigned_to=assignee)
	assert reply.json()["data"]["succeeded"] == len(names), reply.text


def assign_one_by_one(client: Client, names: list[str], assignee: str) -> None:
	for name in names:
		reply = client.post(STOCK_ASSIGN, doctype="Lead", name=name, assign_to=[assignee])
		assert reply.status_code == 200, reply.text


def check_assigned(names: list[str], assignee: str) -> None:
	"""Check that both sides made one assignment per lead; otherwise their times mean nothing."""
	frappe.db.rollback()  # look at what the server has committed
	filters = {"reference_name": ("in", names), "allocated_to": assignee, "status": "Open"}
	made = frappe.get_all("ToDo", filters=filters, pluck="reference_name")
	assert sorted(made) == sorted(names), f"{len(made)} assignments for {len(names)} leads"


def delete_ours(names: list[str]) -> None:
	outcome = runs.execute_bulk(BulkRequest("Delete", "Lead", list(names), atomic=True))
	frappe.db.commit()
	assert outcome["succeeded"] == len(names)


def delete_stock(names: list[str]) -> None:
	delete_bulk("Lead", sorted(names, reverse=True))
	assert not frappe.get_all("Lead", filters={"name": ("in", names)})


def report(records: int, times: list[dict[str, float]]) -> None:
	for row in times:
		print("  ".join(f"{side} {seconds:.2f} s" for side, seconds in row.items()))
	for ours in ("assign", "delete"):
		stock = f"{ours}, stock"
		mine, theirs = (statistics.median(row[side] for row in times) for side in (ours, stock))
		ratios = [row[stock] / row[ours] for row in times]
		print(
			f"{ours:6} {records} leads: {mine:6.2f} s, stock {theirs:6.2f} s,"
			f" {statistics.median(ratios):.2f} times as fast (rounds: {', '.join(f'{r:.2f}' for r in ratios)})"
		)


if __name__ == "__main__":
	main()
