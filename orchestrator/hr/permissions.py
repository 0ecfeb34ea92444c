"""Limit self-service to the caller's own records, those of their reports, and those they are to approve.

HRMS gives the role Employee permission to read every employee, and relies on user permissions: without these,
an employee reads everyone's leave and punches. The hooks here apply to callers without another role that may
read the DocType; HR's roles and the site's own are not limited.
"""

from typing import TYPE_CHECKING

import frappe

from orchestrator.compat import NO_OPINION
from orchestrator.configuration import get_settings

if TYPE_CHECKING:
	from frappe.model.document import Document

# Roles for a user's own records and for what the user approves
SELF_SERVICE_ROLES = frozenset(
	{"All", "Desk User", "Employee", "Employee Self Service", "Expense Approver", "Guest", "Leave Approver"}
)
# They read all records of DocTypes that name only self-service roles, such as Employee Advance
HR_ROLES = frozenset({"HR User", "HR Manager"})
# DocType -> the field with the employee whose record it is
EMPLOYEE_FIELDS: dict[str, str] = {
	"Employee": "name",
	**dict.fromkeys(
		(
			"Attendance",
			"Attendance Request",
			"Compensatory Leave Request",
			"Employee Advance",
			"Employee Benefit Application",
			"Employee Benefit Claim",
			"Employee Checkin",
			"Employee Incentive",
			"Employee Other Income",
			"Employee Tax Exemption Declaration",
			"Employee Tax Exemption Proof Submission",
			"Expense Claim",
			"Leave Allocation",
			"Leave Application",
			"Leave Encashment",
			"Leave Ledger Entry",
			"Retention Bonus",
			"Salary Slip",
			"Salary Withholding",
			"Shift Assignment",
			"Shift Request",
		),
		"employee",
	),
}
# DocType -> the field with the user who is to approve it
APPROVER_FIELDS: dict[str, str] = {
	"Expense Claim": "expense_approver",
	"Leave Application": "leave_approver",
	"Shift Request": "approver",
}
# HRMS writes it without permissions; the role All may write its own records, which would let employees grant
# themselves leave.
LEDGERS = frozenset({"Leave Ledger Entry"})
READ_PERMISSIONS = frozenset({"read", "select", "print", "email", "report", "export"})
# A record that is not in the tree yet has no lft and rgt.
ACCESSIBLE_EMPLOYEES = """
	SELECT reached.name FROM `tabEmployee` reached JOIN `tabEmployee` own ON own.user_id = {user} AND (
		reached.name = own.name OR (own.lft > 0 AND reached.lft > own.lft AND reached.rgt < own.rgt)
	)
"""


def build_conditions(user: str | None, doctype: str) -> str:
	"""Implement the hook permission_query_conditions: restrict lists."""
	user = user or frappe.session.user
	if not _is_self_service_only(doctype, user):
		return ""
	escaped = frappe.db.escape(user, percent=False)
	reached = f"`tab{doctype}`.`{EMPLOYEE_FIELDS[doctype]}` IN ({ACCESSIBLE_EMPLOYEES.format(user=escaped)})"
	if approver_field := APPROVER_FIELDS.get(doctype):
		return f"({reached} OR `tab{doctype}`.`{approver_field}` = {escaped})"
	return f"({reached})"


def has_permission(doc: "Document", ptype: str | None, user: str) -> bool | None:
	"""Implement the hook has_permission: False if self-service does not include the record, NO_OPINION if
	Frappe decides alone.
	"""
	if not _is_self_service_only(doc.doctype, user):
		return NO_OPINION
	if doc.doctype in LEDGERS and ptype and ptype not in READ_PERMISSIONS:
		return False
	if user == doc.get(APPROVER_FIELDS.get(doc.doctype, "")):
		return NO_OPINION
	return NO_OPINION if _can_access(doc.get(EMPLOYEE_FIELDS[doc.doctype]), user) else False


def _is_self_service_only(doctype: str, user: str) -> bool:
	"""Return True if only self-service roles let the user read the DocType."""
	if user == "Administrator" or not get_settings().employees_reach_own_records_only:
		return False
	readers = {
		permission.role
		for permission in frappe.get_meta(doctype).permissions
		if not permission.permlevel and (permission.read or permission.select)
	}
	return not (readers - SELF_SERVICE_ROLES or HR_ROLES).intersection(frappe.get_roles(user))


def _can_access(employee: str | None, user: str) -> bool:
	"""Return True for the user's own employee record and those of their reports.

	False for a record without a name yet.
	"""
	if not employee:
		return True
	query = f"{ACCESSIBLE_EMPLOYEES.format(user='%(user)s')} WHERE reached.name = %(employee)s LIMIT 1"
	return bool(frappe.db.sql(query, {"user": user, "employee": employee}))
