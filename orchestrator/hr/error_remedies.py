"""Errors of HRMS for API clients: with a remedy, and without messages on success."""

import contextlib
from collections.abc import Iterator

import frappe
from frappe import _, _lt

from orchestrator.api.errors import get_error_text
from orchestrator.exceptions import refuse

# By class name, because some exceptions exist in later versions only.
REMEDY_BY_ERROR = {
	"AttendanceAlreadyMarkedError": _lt("Choose other days, or ask HR to correct the attendance."),
	"CheckinRadiusExceededError": _lt("Go there and try again, or ask HR to enter it."),
	"InactiveEmployeeStatusError": _lt("Ask HR to set the employee active first."),
	"InsufficientLeaveBalanceError": _lt(
		"Choose fewer days or another leave type, or ask HR to allocate more. get_leave_balance shows what is left."
	),
	"LeaveAcrossAllocationsError": _lt("Apply once for the days of each."),
	"LeaveDayBlockedError": _lt("Choose other days, or ask HR who may approve leave on them."),
	"NotAnOptionalHoliday": _lt("Choose a day from the list."),
	"OverlapError": _lt("Choose other days, or cancel that application first."),
}


@contextlib.contextmanager
def add_remedies() -> Iterator[None]:
	"""Add a remedy to HRMS's errors within the block, and drop HRMS's other messages for forms."""
	try:
		yield
		frappe.clear_messages()
	except frappe.ValidationError as error:
		counsel = next(
			(REMEDY_BY_ERROR[cls.__name__] for cls in type(error).__mro__ if cls.__name__ in REMEDY_BY_ERROR),
			None,
		)
		if counsel is None:
			raise
		text = get_error_text(error)
		frappe.clear_messages()
		refuse(_("{0}. {1}").format(text.rstrip(". "), counsel), type(error))
