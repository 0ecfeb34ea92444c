"""The employees of docs/api-reference.md: EMP001, who reports to EMP002."""

from datetime import date, timedelta

import frappe
from frappe.utils import getdate

from tests.support import factories
from tests.support.hr_factories import make_allocation, make_leave

EMPLOYEE, MANAGER = "employee@example.com", "manager@example.com"
LEAVE_TYPE = "Annual Leave"
HOLIDAY_LIST = "Holidays of the reference"
ASH_WEDNESDAY = date(2025, 3, 5)
OWNED = ("Attendance", "Employee Checkin", "Leave Ledger Entry", "Leave Application", "Leave Allocation")
TAKEN = ("2025-06-02", "2025-06-06")


def make_reference_employees() -> dict[str, str]:
	"""Create the employees, without records of an earlier run. Return their names."""
	delete_reference_employees()
	if not frappe.db.exists("Leave Type", LEAVE_TYPE):
		factories.make_record("Leave Type", leave_type_name=LEAVE_TYPE)
	common = {"holiday_list": list_reference_holidays(), "leave_approver": MANAGER}
	manager = factories.make_employee(user_id=MANAGER, first_name="Maria", last_name="Lopez", **common).name
	employee = factories.make_employee(
		user_id=EMPLOYEE, first_name="Jane", last_name="Smith", reports_to=manager, **common
	).name
	make_allocation(employee, LEAVE_TYPE, from_date="2025-01-01", to_date=f"{getdate().year + 1}-12-31")
	make_leave(employee, LEAVE_TYPE, *TAKEN, "Approved", leave_approver=MANAGER)
	return {"EMP001": employee, "EMP002": manager}


def delete_reference_employees() -> None:
	"""Delete them and all their records, so that the next employees get their names."""
	employees = frappe.get_all(
		"Employee", {"user_id": ("in", (EMPLOYEE, MANAGER))}, order_by="lft desc", pluck="name"
	)
	for doctype in OWNED:
		frappe.db.delete(doctype, {"employee": ("in", employees)})
	for name in employees:
		frappe.delete_doc("Employee", name, force=True)
	frappe.db.delete("User Permission", {"user": ("in", (EMPLOYEE, MANAGER))})
	frappe.db.commit()
	frappe.clear_cache()


def list_reference_holidays() -> str:
	"""Return the weekends and Ash Wednesday of 2025."""
	if frappe.db.exists("Holiday List", HOLIDAY_LIST):
		return HOLIDAY_LIST
	days = [date(2025, 1, 1) + timedelta(days=number) for number in range(365)]
	return factories.make_record(
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
