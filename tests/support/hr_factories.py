"""Create HR records for tests: employees with a user, their leave and its prerequisites. Each is committed."""

from datetime import date, timedelta
from typing import NamedTuple

import frappe
from frappe.model.document import Document

from tests.support import factories


class Person(NamedTuple):
	"""An employee and their user."""

	employee: str
	user: str


def make_person(*roles: str, **values: object) -> Person:
	"""Create an active employee with a user. HRMS gives the user the role Employee."""
	user = factories.make_user(*roles).name
	values.setdefault("holiday_list", make_weekend_list())
	return Person(factories.make_employee(user_id=user, **values).name, user)


def make_hr() -> str:
	"""Create an HR user who is not an employee."""
	return factories.make_user("HR Manager", "HR User").name


def make_weekend_list() -> str:
	"""Create a holiday list of this year's and the neighbouring years' Saturdays and Sundays."""
	name = "Weekends of the tests"
	if frappe.db.exists("Holiday List", name):
		return name
	first, last = date(2025, 1, 1), date(2028, 12, 31)
	days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
	return factories.make_record(
		"Holiday List",
		holiday_list_name=name,
		from_date=first,
		to_date=last,
		holidays=[
			{"holiday_date": day, "description": day.strftime("%A"), "weekly_off": 1}
			for day in days
			if day.weekday() > 4
		],
	).name


def make_leave_type(**values: object) -> str:
	return factories.make_record("Leave Type", leave_type_name=factories.make_unique("Leave"), **values).name


def make_allocation(employee: str, leave_type: str, days: float = 20, **values: object) -> Document:
	"""Create a submitted allocation, of the years 2026 and 2027 unless told otherwise."""
	defaults = {"from_date": "2026-01-01", "to_date": "2027-12-31", "new_leaves_allocated": days}
	doc = frappe.get_doc(
		{"doctype": "Leave Allocation", "employee": employee, "leave_type": leave_type, **defaults, **values}
	).insert()
	doc.submit()
	frappe.db.commit()
	return doc


def make_leave(employee: str, leave_type: str, first: str, last: str, status: str = "Open", **values: object):
	"""Create a leave application, submitted unless it is open."""
	doc = frappe.get_doc(
		{
			"doctype": "Leave Application",
			"employee": employee,
			"leave_type": leave_type,
			"from_date": first,
			"to_date": last,
			"status": status,
			**values,
		}
	).insert()
	if status != "Open":
		doc.submit()
	frappe.db.commit()
	return doc


def make_punch(employee: str, log_type: str, time: str, **values: object) -> Document:
	return factories.make_record(
		"Employee Checkin", employee=employee, log_type=log_type, time=time, **values
	)


def count_records(doctype: str, **filters: object) -> int:
	return frappe.db.count(doctype, filters)
