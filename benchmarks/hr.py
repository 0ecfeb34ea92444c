"""Leave balances: one compared with HRMS's own functions, fifty in one call with fifty calls.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.hr

Makes employees with leave of several types, measures both sides in turn, prints the medians and removes what it
made. Ends with exit code 1 when a target is missed.
"""

import os
import sys
from datetime import date, timedelta
from pathlib import Path

import frappe
from hrms.hr.doctype.leave_application.leave_application import get_leave_balance_on, get_leave_details

from benchmarks.timing import measure_in_turn
from orchestrator.hr import get_leave_balance, get_leave_balances
from tests.conftest import serve, stay_on_this_machine
from tests.support import factories
from tests.support.client import Client
from tests.support.hr_factories import (
	make_allocation,
	make_hr,
	make_leave,
	make_leave_type,
	make_weekend_list,
)

EMPLOYEES, LEAVE_TYPES, LEAVES = 50, 4, 6
RUNS, ROUNDS = 101, 9
ALLOWED_RATIO, ALLOWED_MS, WANTED_SPEEDUP = 1.1, 3.0, 5.0
DAY = date(2026, 11, 2)
FIRST_MONDAY = date(2026, 1, 5)
ONE, MANY = "orchestrator.hr.get_leave_balance", "orchestrator.hr.get_leave_balances"


def make_everything() -> tuple[list[str], list[str]]:
	"""Create employees, each with an allocation of every leave type, and leave of the first: full days and
	half ones.
	"""
	leave_types = [make_leave_type() for _ in range(LEAVE_TYPES)]
	employees = [factories.make_employee(holiday_list=make_weekend_list()).name for _ in range(EMPLOYEES)]
	for employee in employees:
		for leave_type in leave_types:
			make_allocation(employee, leave_type)
		for number in range(LEAVES):
			monday = FIRST_MONDAY + timedelta(weeks=4 * number)
			last = monday + timedelta(days=number % 3)
			make_leave(
				employee,
				leave_types[0],
				str(monday),
				str(last),
				"Approved",
				half_day=number % 2,
				half_day_date=str(monday),
			)
		make_leave(employee, leave_types[0], "2026-12-07", "2026-12-08")
	return employees, leave_types


def remove(employees: list[str], leave_types: list[str]) -> None:
	frappe.set_user("Administrator")
	for doctype in ("Leave Ledger Entry", "Leave Application", "Leave Allocation", "Attendance"):
		frappe.db.delete(doctype, {"employee": ("in", employees)})
	for doctype, names in (("Employee", employees), ("Leave Type", leave_types)):
		for name in names:
			frappe.delete_doc(doctype, name, force=True)
	frappe.db.commit()


def measure_one(employee: str, leave_type: str) -> bool:
	"""Measure one balance, permission check included, compared with HRMS's functions as the same caller."""
	took = measure_in_turn(
		{
			"get_leave_balance": lambda: get_leave_balance(leave_type, employee, str(DAY)),
			"HRMS get_leave_balance_on": lambda: get_leave_balance_on(employee, leave_type, DAY),
			"HRMS get_leave_details": lambda: get_leave_details(employee, DAY),
		},
		RUNS,
	)
	ours, theirs = took["get_leave_balance"], took["HRMS get_leave_balance_on"]
	for name, milliseconds in took.items():
		print(f"{name:28} {milliseconds:7.2f} ms")
	bound = ALLOWED_RATIO * theirs + ALLOWED_MS
	print(f"{ours / theirs:.2f} times get_leave_balance_on (+{ours - theirs:.2f} ms); bound {bound:.2f} ms")
	return ours <= bound


def measure_many(client: Client, employees: list[str], leave_type: str) -> bool:
	"""Measure all balances in one call compared with as many calls: over HTTP, and the functions alone."""

	def together() -> None:
		reply = client.post(MANY, employees=employees, leave_type=leave_type, date=str(DAY))
		assert len(reply.json()["data"]["balances"]) == len(employees), reply.text

	def one_by_one() -> None:
		for employee in employees:
			reply = client.get(ONE, employee=employee, leave_type=leave_type, date=str(DAY))
			assert reply.status_code == 200, reply.text

	took = measure_in_turn(
		{
			"one call": together,
			f"{len(employees)} calls": one_by_one,
			"one call, no HTTP": lambda: get_leave_balances(leave_type, employees, str(DAY)),
			f"{len(employees)} calls, no HTTP": lambda: [
				get_leave_balance(leave_type, employee, str(DAY)) for employee in employees
			],
		},
		ROUNDS,
	)
	for name, milliseconds in took.items():
		print(f"{name:28} {milliseconds:7.1f} ms")
	together_ms, apart_ms, inner, inner_apart = took.values()
	print(f"{apart_ms / together_ms:.1f} times as fast; without HTTP {inner_apart / inner:.1f} times")
	return apart_ms >= WANTED_SPEEDUP * together_ms and inner_apart >= WANTED_SPEEDUP * inner


def main() -> int:
	stay_on_this_machine()
	site, sites = os.environ["ORCHESTRATOR_SITE"], Path(os.environ["ORCHESTRATOR_BENCH"]) / "sites"
	os.chdir(sites)
	frappe.init(site=site, sites_path=str(sites))
	frappe.connect()
	frappe.set_user("Administrator")
	employees, leave_types = make_everything()
	try:
		caller = make_hr()
		key, secret = factories.get_token(caller)
		frappe.set_user(caller)
		within = measure_one(employees[0], leave_types[0])
		with serve(site, sites) as base:
			client = Client(base, site, headers={"Authorization": f"token {key}:{secret}"})
			within = measure_many(client, employees, leave_types[0]) and within
	finally:
		remove(employees, leave_types)
	return 0 if within else 1


if __name__ == "__main__":
	sys.exit(main())
