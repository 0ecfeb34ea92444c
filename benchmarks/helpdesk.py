"""Statements of get_sla_status; the countdowns of list pages beside single calls and the stock list; statements and
memory of the escalation job with 2,000 and 20,000 open tickets.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.helpdesk

Makes the tickets in the site by bulk insert, prints the tables, and removes the tickets again with all that the job
made. Ends with exit code 1 when a target is missed.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import frappe
from frappe.utils import add_to_date, now, now_datetime

from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn, measure_peak_kb
from orchestrator.helpdesk import countdown, get_sla_status
from orchestrator.helpdesk.escalation import escalate_due_tickets
from tests.support import factories, helpdesk

OPEN_TICKETS = (2_000, 20_000)
DUE = 500  # of the open tickets, in each of the two
PREFIX = "BENCH-HELPDESK-"
FAR = 100_000  # minutes
ALLOWED_STATUS_QUERIES = 6
PAGES = (20, 500)  # tickets of a list page
ROUNDS = 11
ALLOWED_COUNTDOWN_QUERIES = 6
ALLOWED_SHARE = 0.25  # of the time of single calls
ALLOWED_GROWTH = 1.1  # of statements and of memory, from 2,000 to 20,000 open tickets
FIELDS = [
	"name", "creation", "modified", "owner", "modified_by", "subject", "description", "status", "raised_by",
	"priority", "service_level_agreement", "response_by", "sla_resolution_by",
]  # fmt: skip


class Run(NamedTuple):
	"""One run of the job."""

	escalated: int
	statements: int
	peak_kb: float
	seconds: float


def rows(count: int, due: int, agreement: str) -> Iterator[tuple[Any, ...]]:
	"""Yield open tickets, the first `due` of which missed their resolution an hour ago."""
	moment, far, past = now(), add_to_date(now_datetime(), minutes=FAR), add_to_date(now_datetime(), hours=-1)
	for number in range(count):
		yield (
			f"{PREFIX}{number:07}", moment, moment, "Administrator", "Administrator", f"Ticket {number}",
			"It does not work. " * 20, "Open", f"caller-{number}@harbor.example", "High", agreement, far,
			past if number < due else far,
		)  # fmt: skip


def fill(count: int, due: int) -> None:
	clear()
	frappe.db.bulk_insert("Issue", FIELDS, rows(count, due, helpdesk.get_agreement()))
	frappe.db.commit()
	frappe.db.sql("ANALYZE TABLE `tabIssue`")


def clear() -> None:
	"""Delete the tickets and the records that the job created."""
	frappe.db.rollback()
	for doctype, field in (
		("Issue", "name"),
		("Ticket Escalation", "reference_name"),
		("ToDo", "reference_name"),
		("Comment", "reference_name"),
		("Notification Log", "document_name"),
	):
		frappe.db.delete(doctype, {field: ("like", f"{PREFIX}%")})
	frappe.db.commit()


def measure(count: int, due: int) -> Run:
	"""Run the job three times over the same tickets: for its statements, its memory, and its time."""
	fill(count, due)
	with helpdesk.capture_queries() as asked:
		escalated = escalate_due_tickets()
	fill(count, due)
	peak = measure_peak_kb(escalate_due_tickets)
	fill(count, due)
	start = time.perf_counter()
	escalate_due_tickets()
	return Run(escalated, len(asked), peak, time.perf_counter() - start)


def measure_job() -> bool:
	"""Print the job's table. Return True if it is within the bounds."""
	print("| open tickets | due | escalated | statements | per ticket | peak KB | seconds |")
	print("|-------------:|----:|----------:|-----------:|-----------:|--------:|--------:|")
	runs = {}
	measure(OPEN_TICKETS[0], DUE)  # Frappe's caches are filled then
	for due in (0, DUE, *OPEN_TICKETS):
		for count in OPEN_TICKETS:
			if due > count:
				continue
			run = runs[count, due] = measure(count, due)
			print(
				f"| {count:>12,} | {due:>6,} | {run.escalated:>6,} | {run.statements:>4} |"
				f" {f'{run.statements / run.escalated:.3f}' if run.escalated else '–':>5} | {run.peak_kb:7.0f} | {run.seconds:5.2f} |"
			)
	few, many = OPEN_TICKETS
	return all(
		runs[many, due].statements <= runs[few, due].statements
		and runs[many, due].peak_kb <= ALLOWED_GROWTH * runs[few, due].peak_kb
		for due in (0, DUE)
	) and (
		runs[many, many].peak_kb <= ALLOWED_GROWTH * runs[few, few].peak_kb
		and runs[many, many].statements <= many / 10
	)


def measure_status() -> bool:
	"""Print the number of statements of get_sla_status. Return True if it is within the bound."""
	agent = factories.make_user("Support Team", "Agent").name
	customer = frappe.db.get_value("Service Level Agreement", helpdesk.get_agreement(), "entity")
	issue = factories.make_issue(customer=customer, priority="High")
	ticket = helpdesk.make_hd_ticket()
	print("| get_sla_status of | statements warm | cold |")
	print("|-------------------|----------------:|-----:|")
	within = True
	for doc in (issue, ticket):
		frappe.set_user(agent)
		get_sla_status(issue=doc.name)
		warm = count_statements(doc.name)
		for doctype in ("Service Level Agreement", "HD Service Level Agreement"):
			for name in frappe.get_all(doctype, pluck="name"):
				frappe.clear_document_cache(doctype, name)
		frappe.clear_document_cache("User", agent)
		cold = count_statements(doc.name)
		print(f"| {doc.doctype:<17} | {warm} | {cold} |")
		within = within and max(warm, cold) <= ALLOWED_STATUS_QUERIES
		frappe.set_user("Administrator")
	return within


def count_statements(name: str) -> int:
	with helpdesk.capture_queries() as asked:
		get_sla_status(issue=name)
	return len(asked)


def measure_countdowns() -> bool:
	"""Print a table of the countdowns of a page, beside one call for each ticket and Frappe's list of the same page.

	Return True if they are within the bounds.
	"""
	fill(PAGES[-1], 50)
	names = frappe.get_all("Issue", {"name": ("like", f"{PREFIX}%")}, pluck="name", limit=0)
	print("| tickets | statements | countdowns ms | single calls ms | share | stock list ms |")
	print("|--------:|-----------:|--------------:|----------------:|------:|--------------:|")
	statements, shares = [], []
	for length in PAGES:
		page = names[:length]
		countdown.get_page("Issue", page)
		with helpdesk.capture_queries() as asked:
			countdown.get_page("Issue", page)
		times = measure_in_turn(
			{
				"countdowns": lambda page=page: countdown.get_page("Issue", page),
				"single": lambda page=page: [get_sla_status(issue=name) for name in page],
				"list": lambda page=page: frappe.get_list(
					"Issue", {"name": ("in", page)}, ["*"], limit_page_length=len(page)
				),
			},
			ROUNDS if length < PAGES[-1] else 3,
		)
		statements.append(len(asked))
		shares.append(times["countdowns"] / times["single"])
		print(
			f"| {length:>7} | {len(asked):>10} | {times['countdowns']:.1f} | {times['single']:.1f} |"
			f" {shares[-1]:.3f} | {times['list']:.1f} |"
		)
	return max(statements) <= ALLOWED_COUNTDOWN_QUERIES and max(shares) <= ALLOWED_SHARE


def main() -> int:
	connect_site()
	# other due records of the site are not measured
	escalate_due_tickets()
	chief = factories.make_user("Support Team").name
	try:
		with helpdesk.override_settings(escalate_to_user=chief, escalation_enabled=1):
			within = [measure_status(), measure_countdowns(), measure_job()]
	finally:
		clear()
	return 0 if all(within) else 1


if __name__ == "__main__":
	sys.exit(main())
