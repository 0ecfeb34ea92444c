"""The employees that docs/api-reference.md tells of: EMP001, who reports to EMP002."""

from datetime import date, timedelta

import frappe
from frappe.utils import getdate

from tests import factories
from tests.hr_factories import allocate, make_leave

EMPLOYEE, MANAGER = "employee@example.com", "manager@example.com"
LEAVE_TYPE = "Annual Leave"
HOLIDAY_LIST = "Holidays of the reference"
ASH_WEDNESDAY = date(2025, 3, 5)
TAKEN = ("2025-06-02", "2025-06-06")


def prepare() -> dict[str, str]:
	"""Make what is missing, with nothing left of an earlier run. Returns the names of the employees."""
	if not frappe.db.exists("Leave Type", LEAVE_TYPE):
		factories.make("Leave Type", leave_type_name=LEAVE_TYPE)
	holiday_list = holidays()
	manager = employee_of(MANAGER, first_name="Maria", last_name="Lopez", holiday_list=holiday_list)
	employee = employee_of(
		EMPLOYEE,
		first_name="Jane",
		last_name="Smith",
		holiday_list=holiday_list,
		reports_to=manager,
		leave_approver=MANAGER,
	)
	forget()
	allocate(employee, LEAVE_TYPE, from_date="2025-01-01", to_date=f"{getdate().year + 1}-12-31")
	make_leave(employee, LEAVE_TYPE, *TAKEN, "Approved", leave_approver=MANAGER)
	return {"EMP001": employee, "EMP002": manager}


def forget() -> None:
	"""Delete what was made for the examples, but for the employees."""
	employees = frappe.get_all("Employee", {"user_id": ("in", (EMPLOYEE, MANAGER))}, pluck="name")
	for doctype in (
		"Attendance",
		"Employee Checkin",
		"Leave Ledger Entry",
		"Leave Application",
		"Leave Allocation",
	):
		frappe.db.delete(doctype, {"employee": ("in", employees)})
	frappe.db.commit()


def employee_of(user: str, **values: object) -> str:
	name = frappe.db.get_value("Employee", {"user_id": user})
	return name or factories.make_employee(user_id=user, **values).name


def holidays() -> str:
	"""The weekends and Ash Wednesday of 2025."""
	if frappe.db.exists("Holiday List", HOLIDAY_LIST):
		return HOLIDAY_LIST
	days = [date(2025, 1, 1) + timedelta(days=number) for number in range(365)]
	return factories.make(
		"Holiday List",
		holiday_list_name=HOLIDAY_LIST,
		from_date=days[0],
		to_date=days[-1],
		holidays=[
			{"holiday_date": day, "description": "No work"}
			for day in days
			if day.weekday() > 4 or day == ASH_WEDNESDAY
		],
	).name
