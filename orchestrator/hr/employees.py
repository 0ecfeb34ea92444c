"""Find the employee that a call is about, and the caller's relation to that employee."""

import frappe
from frappe import _

from orchestrator.api.records import raise_not_found
from orchestrator.doctypes import EMPLOYEE
from orchestrator.exceptions import refuse
from orchestrator.hr.shapes import Profile
from orchestrator.period import to_iso

HR_ROLES = frozenset({"HR User", "HR Manager"})
PROFILE_FIELDS = (
	"name",
	"employee_name",
	"user_id",
	"status",
	"company",
	"department",
	"designation",
	"date_of_joining",
	"reports_to",
	"lft",
	"rgt",
)


class MissingEmployeeError(frappe.ValidationError):
	"""The caller is not an employee and named none. 422."""


class InactiveEmployeeError(frappe.ValidationError):
	"""The employee did not work here on that day. 422."""


def is_hr() -> bool:
	"""Return True if the caller has an HR role."""
	return not HR_ROLES.isdisjoint(frappe.get_roles())


def get_own_employee() -> str | None:
	"""Return the caller's own employee record, the active one of several."""
	# get_all: the filter selects the caller's own records
	records = frappe.get_all(EMPLOYEE, filters={"user_id": frappe.session.user}, fields=["name", "status"])
	active = [record.name for record in records if record.status == "Active"]
	return next(iter(active or [record.name for record in records]), None)


def is_readable(employee: str) -> bool:
	"""Return True if the employee exists and the caller may read the record."""
	if not frappe.db.exists(EMPLOYEE, employee):
		return False
	return bool(frappe.has_permission(EMPLOYEE, "read", doc=frappe.get_cached_doc(EMPLOYEE, employee)))


def get_employee_or_own(employee: str | None) -> str:
	"""Return the named employee, if the caller may read the record; without a name, the caller's own.

	Raises PermissionError (403) if the caller may read no employees, DoesNotExistError (404) if not this one,
	MissingEmployeeError (422) if the caller is not an employee.
	"""
	frappe.has_permission(EMPLOYEE, "read", throw=True)
	if not employee:
		return _get_own_or_raise()
	if not is_readable(employee):
		raise_not_found(EMPLOYEE, employee)
	return employee


def _get_own_or_raise() -> str:
	"""Return the caller's own record. 422 if they have none."""
	own = get_own_employee()
	if own is None:
		refuse(
			_(
				"Your user {0} is not linked to an employee. Send employee, or ask HR to enter your user in your employee record."
			).format(frappe.session.user),
			MissingEmployeeError,
		)
	return own


def check_own_or_hr(employee: str, message: str) -> None:
	"""Refuse (403), with `message`, another employee's record to a caller without an HR role."""
	if employee != get_own_employee() and not is_hr():
		refuse(message, frappe.PermissionError)


def check_employed(employee: str, day: object) -> None:
	"""Refuse (422) a day before the employee joined or after they left."""
	joined, left = frappe.get_cached_value(EMPLOYEE, employee, ["date_of_joining", "relieving_date"])
	if (joined and day < joined) or (left and day > left):
		refuse(
			_(
				"{0} did not work here on {1}. Correct the day, or ask HR to correct the employee record."
			).format(employee, day),
			InactiveEmployeeError,
		)


def lock_employee(employee: str) -> None:
	"""Lock the employee against other punches, applications and decisions until the request ends."""
	frappe.db.get_value(EMPLOYEE, employee, "name", for_update=True)


def get_profile() -> Profile:
	"""Return the caller's own record. 404 if they have none."""
	from erpnext.setup.doctype.employee.employee import get_holiday_list_for_employee
	from hrms.hr.doctype.leave_application.leave_application import get_leave_approver

	own = get_own_employee()
	if own is None:
		refuse(
			_(
				"Your user {0} is not linked to an employee. Ask HR to enter it in your employee record."
			).format(frappe.session.user),
			frappe.DoesNotExistError,
		)
	row = frappe.db.get_value(EMPLOYEE, own, PROFILE_FIELDS, as_dict=True)
	return Profile(
		employee=row.name,
		employee_name=row.employee_name,
		user=row.user_id,
		status=row.status,
		company=row.company,
		department=row.department,
		designation=row.designation,
		date_of_joining=to_iso(row.date_of_joining),
		reports_to=row.reports_to,
		reports_to_name=frappe.db.get_value(EMPLOYEE, row.reports_to, "employee_name")
		if row.reports_to
		else None,
		leave_approver=get_leave_approver(own),
		holiday_list=get_holiday_list_for_employee(own, raise_exception=False),
		has_reports=row.rgt - row.lft > 1,
		is_hr=is_hr(),
	)
