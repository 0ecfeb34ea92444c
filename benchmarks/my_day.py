"""The page My Day: its calls, and the complete page in Chromium beside the stock list of Leave Application.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.my_day

Makes an employee with four leave types, a manager's request and punches, measures both sides in turn, prints the medians
and the numbers of statements. Ends with exit code 1 when the page takes more than 1.5 times as long as the list.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import frappe
from frappe.utils import getdate

from benchmarks.desk import open_desk
from benchmarks.site import connect_site
from benchmarks.timing import measure_in_turn
from orchestrator.hr.my_day import get_my_day, get_team_calendar
from tests.conftest import stay_on_this_machine
from tests.support.desk import CHROMIUM
from tests.support.hr_factories import Person, make_allocation, make_leave, make_leave_type, make_person

if TYPE_CHECKING:
	from tests.support.desk import Desk

LEAVE_TYPES, CALL_ROUNDS, PAGE_ROUNDS = 4, 51, 7
MAX_RATIO = 1.5
PAGE, LIST = "My Day", "list of Leave Application"


def make_employee() -> Person:
	"""Create an employee with allocations, leave, and applications that wait for them."""
	person = make_person("Leave Approver")
	monday = getdate() + timedelta(days=7 - getdate().weekday())
	for _number in range(LEAVE_TYPES):
		leave_type = make_leave_type()
		make_allocation(person.employee, leave_type)
	make_leave(person.employee, leave_type, str(monday), str(monday), "Approved")
	report = make_person(reports_to=person.employee, leave_approver=person.user)
	make_allocation(report.employee, leave_type)
	make_leave(report.employee, leave_type, str(monday), str(monday), leave_approver=person.user)
	return person


def count_statements(call: Callable[[], Any]) -> int:
	"""Return the number of SQL statements of a call, after one that filled the caches."""
	call()
	frappe.local.request_cache.clear()
	original, found = frappe.db.sql, []

	def count(*args: Any, **kwargs: Any) -> Any:
		found.append(args[0])
		return original(*args, **kwargs)

	frappe.db.sql = count
	try:
		call()
	finally:
		frappe.db.sql = original
	return len(found)


def measure_calls(person: Person) -> None:
	"""Print the medians and statements of the page's two large calls, as the employee."""
	frappe.set_user(person.user)
	until = str(getdate() + timedelta(days=90))
	calls = {"get_my_day": lambda: get_my_day(until), "get_team_calendar": lambda: get_team_calendar()}
	took = measure_in_turn(calls, CALL_ROUNDS)
	for name, call in calls.items():
		print(f"{name:28} {took[name]:7.1f} ms, {count_statements(call)} statements")
	frappe.set_user("Administrator")


def measure_pages(desk: "Desk") -> bool:
	"""Measure both pages, from the navigation to their last content."""

	def open_page() -> None:
		desk.open("/app/my-day", '[data-card="feed"] button')
		desk.page.wait_for_selector(".my-day-punch")

	def open_list() -> None:
		desk.open("/app/leave-application/view/list", ".list-row-container")

	took = measure_in_turn({PAGE: open_page, LIST: open_list}, PAGE_ROUNDS)
	for name, milliseconds in took.items():
		print(f"{name:28} {milliseconds:7.0f} ms")
	print(f"{took[PAGE] / took[LIST]:.2f} times the list; at most {MAX_RATIO}")
	return took[PAGE] <= MAX_RATIO * took[LIST]


def main() -> int:
	stay_on_this_machine()
	sites = connect_site()
	frappe.set_user("Administrator")
	person = make_employee()
	measure_calls(person)
	if not CHROMIUM:
		print("No Chromium is installed: the pages are not measured")
		return 0
	with open_desk(sites, person.user) as desk:
		return 0 if measure_pages(desk) else 1


if __name__ == "__main__":
	sys.exit(main())
