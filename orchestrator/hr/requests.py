"""Parse and check parameters that several HR endpoints share, in one order: permission, existence, form."""

from datetime import date

import frappe
from frappe import _
from hrms.hr.doctype.leave_application.leave_application import get_leave_approver

from orchestrator import period
from orchestrator.api.parameters import parse_json
from orchestrator.api.records import raise_not_found
from orchestrator.configuration import get_settings
from orchestrator.doctypes import EMPLOYEE, EMPLOYEE_CHECKIN
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.hr import employees, punches
from orchestrator.hr.punches import Direction
from orchestrator.hr.shapes import Punch


def execute_punch(
	direction: Direction,
	employee: str | None,
	timestamp: str | None,
	location: str | dict | None,
	latitude: float | None,
	longitude: float | None,
) -> Punch:
	"""Check in or out, for oneself or as HR."""
	frappe.has_permission(EMPLOYEE_CHECKIN, "create", throw=True)
	whose = employees.get_employee_or_own(employee)
	employees.check_own_or_hr(
		whose, _("You may check in and out only for yourself. Ask HR to enter it for {0}.").format(whose)
	)
	moment = period.parse_timestamp("timestamp", timestamp) if timestamp else None
	return punches.create_punch(whose, direction, moment, punches.parse_place(location, latitude, longitude))


def parse_optional_date(name: str, text: str | None) -> date | None:
	return period.parse_date(name, text) if text else None


def get_employee_with_visible_leave(employee: str | None) -> str:
	"""Return the named employee, if the caller may see their balances: users who may read the record, and the
	leave approver.
	"""
	if employee and (employees.is_readable(employee) or _is_leave_approver(employee)):
		return employee
	return employees.get_employee_or_own(employee)


def _is_leave_approver(employee: str) -> bool:
	"""Return True if the caller is the employee's leave approver."""
	is_known = frappe.db.exists(EMPLOYEE, employee)
	return bool(is_known and get_leave_approver(employee) == frappe.session.user)


def parse_employees(value: str | list | None) -> list[str]:
	"""Return the employees of a list, each once; without a list, all active ones that the caller may read.
	404 naming those that the caller may not read, 400 for an invalid or too long list.
	"""
	frappe.has_permission(EMPLOYEE, "read", throw=True)
	names = parse_json("employees", value)
	limit = get_settings().max_page_length
	if names is None:
		names = frappe.get_list(
			EMPLOYEE,
			filters={"status": "Active"},
			order_by="name",
			pluck="name",
			limit_page_length=limit + 1,
		)
	if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
		refuse(_("employees must be a list of names."), InvalidRequestError)
	names = list(dict.fromkeys(names))
	if len(names) > limit:
		refuse(_("Ask for at most {0} employees: list them in employees.").format(limit), InvalidRequestError)
	_check_readable(names)
	return names


def _check_readable(names: list[str]) -> None:
	"""Refuse (404), naming the employees whom the caller may not read."""
	if not names:
		return
	readable = frappe.get_list(EMPLOYEE, filters={"name": ("in", names)}, pluck="name", limit_page_length=0)
	if missing := [name for name in names if name not in set(readable)]:
		raise_not_found(EMPLOYEE, ", ".join(missing))
