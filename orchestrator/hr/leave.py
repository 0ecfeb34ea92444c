"""Apply for, withdraw, cancel, approve and reject leave, with HRMS's own Leave Application."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import frappe
from frappe import _
from frappe.utils import escape_html
from hrms.hr.doctype.leave_application.leave_application import get_leave_approver, is_lwp

from orchestrator import period
from orchestrator.api.records import get_readable
from orchestrator.doctypes import EMPLOYEE, LEAVE_APPLICATION, LEAVE_LEDGER_ENTRY, LEAVE_TYPE
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.hr import block_dates, changes, employees, error_remedies, leave_types
from orchestrator.hr.shapes import LeaveStanding

if TYPE_CHECKING:
	from hrms.hr.doctype.leave_application.leave_application import LeaveApplication

OPEN, CANCELLED = "Open", "Cancelled"
Decision = Literal["Approved", "Rejected"]
APPROVED: Decision = "Approved"
REJECTED: Decision = "Rejected"


class InvalidLeaveTypeError(frappe.LinkValidationError):
	"""The site has no such leave type. 422."""


class InvalidLeaveDatesError(frappe.ValidationError):
	"""The leave ends before it begins. 422."""


class MissingLeaveAllocationError(frappe.ValidationError):
	"""The employee has no leave of this type on those days. 422."""


class MissingLeaveApproverError(frappe.ValidationError):
	"""There is nobody to approve the leave. 422."""


class LeaveStatusConflictError(ConflictError):
	"""The application has been decided, withdrawn or cancelled already. 409."""


class ConcurrentApplicationConflictError(ConflictError):
	"""Another application was made at the same moment. 409."""


@dataclass(frozen=True)
class LeaveRequest:
	"""The leave that a caller applies for."""

	leave_type: str
	from_date: date
	to_date: date
	half_day_date: date | None
	reason: str | None


def parse_leave_request(
	leave_type: str,
	from_date: str,
	to_date: str,
	half_day: bool,
	half_day_date: str | None,
	reason: str | None,
) -> LeaveRequest:
	"""Parse a request strictly. 400 for an invalid date, and for a half day that could be any of several
	days.
	"""
	first, last = period.parse_date("from_date", from_date), period.parse_date("to_date", to_date)
	half = period.parse_date("half_day_date", half_day_date) if half_day_date else None
	if half_day and half is None:
		if first != last:
			refuse(_("Send half_day_date to say which day is the half day."), InvalidRequestError)
		half = first
	return LeaveRequest(leave_type, first, last, half, (reason or "").strip() or None)


def create_application(employee: str, request: LeaveRequest) -> LeaveStanding:
	"""Create the application; HRMS validates it and notifies the approver."""
	check_request(request)
	employees.lock_employee(employee)
	doc = build_application(employee, request)
	doc.check_permission("create")
	with error_remedies.add_remedies():
		check_application(doc)
		doc.insert()
	if changes.has_concurrent_changes(LEAVE_APPLICATION, employee):
		refuse(
			_(
				"Another application was made for {0} at the same time. Check get_leaves and try again."
			).format(employee),
			ConcurrentApplicationConflictError,
		)
	return _serialize_application(doc)


def build_application(employee: str, request: LeaveRequest) -> "LeaveApplication":
	"""Return the application, not yet saved. 422 if nobody can approve it."""
	return frappe.get_doc(
		{
			"doctype": LEAVE_APPLICATION,
			"employee": employee,
			"leave_type": request.leave_type,
			"from_date": request.from_date,
			"to_date": request.to_date,
			"half_day": int(request.half_day_date is not None),
			"half_day_date": request.half_day_date,
			"description": request.reason,
			"leave_approver": _get_approver(employee),
			"company": frappe.get_cached_value(EMPLOYEE, employee, "company"),
		}
	)


def check_application(doc: "LeaveApplication") -> None:
	"""Refuse (422) what HRMS would accept and refuse later: days without an allocation, and blocked days."""
	_check_allocation(doc)
	block_dates.check_approvable(doc)


def check_request(request: LeaveRequest) -> None:
	"""Refuse (422) an unknown leave type, and leave that ends before it begins."""
	leave_types.check_exists(request.leave_type, InvalidLeaveTypeError)
	_check_dates(request)


def _check_dates(request: LeaveRequest) -> None:
	"""Refuse (422) a leave that ends before it begins."""
	if request.to_date < request.from_date:
		refuse(
			_("to_date {0} is before from_date {1}. Swap them.").format(request.to_date, request.from_date),
			InvalidLeaveDatesError,
		)


def _get_approver(employee: str) -> str | None:
	"""Return the approver of the employee's leave from HRMS. 422 if there is none and HR Settings require
	one.
	"""
	approver = get_leave_approver(employee)
	if approver and frappe.db.get_value("User", approver, "enabled"):
		return approver
	if frappe.db.get_single_value("HR Settings", "leave_approver_mandatory_in_leave_application"):
		refuse(
			_(
				"Nobody can approve leave for {0}. Ask HR to enter an active leave approver in the employee record or the department."
			).format(employee),
			MissingLeaveApproverError,
		)
	return None


def _check_allocation(doc: "LeaveApplication") -> None:
	"""Refuse (422) days without an allocation. Leave without pay and negative balances, if allowed, need
	none.
	"""
	if is_lwp(doc.leave_type) or frappe.db.get_value(LEAVE_TYPE, doc.leave_type, "allow_negative"):
		return
	if not any(doc.get_allocation_based_on_application_dates()):
		refuse(
			_(
				"{0} has no allocation of {1} from {2} to {3}. Choose days within an allocation, or ask HR to allocate leave."
			).format(doc.employee, doc.leave_type, doc.from_date, doc.to_date),
			MissingLeaveAllocationError,
		)


def decide_application(name: str, decision: Decision, note: str | None) -> LeaveStanding:
	"""Approve or reject a pending application; HRMS posts it and notifies the employee."""
	doc = get_readable(frappe.get_meta(LEAVE_APPLICATION), name)
	_check_decision_permission(doc)
	doc = _lock_application(doc)
	if doc.docstatus != 0 or doc.status != OPEN:
		_raise_already_decided(doc)
	doc.status = decision
	with error_remedies.add_remedies():
		doc.submit()
	if changes.has_concurrent_changes(LEAVE_LEDGER_ENTRY, doc.employee):
		refuse(
			_("The leave of {0} was changed at the same time. Try again.").format(doc.employee),
			frappe.TimestampMismatchError,
		)
	_add_note(doc, note)
	return _serialize_application(doc)


def _check_decision_permission(doc: "LeaveApplication") -> None:
	"""Refuse (403) a caller who is neither the approver nor HR, or who lacks the permission in HRMS."""
	is_concerned = doc.leave_approver == frappe.session.user or employees.is_hr()
	if not is_concerned or not doc.has_permlevel_access_to("status", permission_type="write"):
		refuse(
			_("Only the leave approver {1} or HR may approve or reject {0}.").format(
				doc.name, doc.leave_approver or _("(none)")
			),
			frappe.PermissionError,
		)
	doc.check_permission("submit")


def cancel_application(name: str, reason: str | None) -> LeaveStanding:
	"""Withdraw a pending application, or cancel an approved one, whose days HRMS returns."""
	doc = get_readable(frappe.get_meta(LEAVE_APPLICATION), name)
	is_approver = doc.leave_approver == frappe.session.user
	if not is_approver:
		employees.check_own_or_hr(
			doc.employee, _("Only the applicant, the leave approver or HR may cancel {0}.").format(doc.name)
		)
	doc = _lock_application(doc)
	if doc.docstatus == 1 and doc.status == APPROVED:
		_cancel_approved_application(doc)
	elif doc.docstatus == 0 and doc.status == OPEN:
		_withdraw_application(doc)
	else:
		_raise_already_decided(doc)
	_add_note(doc, reason)
	return _serialize_application(doc)


def _withdraw_application(doc: "LeaveApplication") -> None:
	"""Cancel a pending application. Frappe does not let an employee delete it or set its status."""
	doc.check_permission("write")
	doc.status = CANCELLED
	doc.flags.ignore_permlevel_for_fields = ["status"]
	# A withdrawal needs no validation: neither the balance nor today's attendance may prevent it.
	doc.flags.ignore_validate = True
	doc.save()


def _cancel_approved_application(doc: "LeaveApplication") -> None:
	"""Cancel an approved leave, if the caller may: HR, and an approver with more than a share of the record."""
	if not doc.has_permission("cancel"):
		refuse(_("{0} is approved. Ask HR to cancel it.").format(doc.name), frappe.PermissionError)
	with error_remedies.add_remedies():
		doc.cancel()


def _lock_application(doc: "LeaveApplication") -> "LeaveApplication":
	"""Lock the application until the request ends, and return its present state."""
	employees.lock_employee(doc.employee)
	return frappe.get_doc(LEAVE_APPLICATION, doc.name, for_update=True)


def _raise_already_decided(doc: "LeaveApplication") -> None:
	"""Refuse (409), with the present status of the application."""
	refuse(
		_("{0} is already {1}. Apply again, or ask HR.").format(doc.name, _(doc.status)),
		LeaveStatusConflictError,
	)


def _add_note(doc: "LeaveApplication", note: str | None) -> None:
	"""Add the caller's note to the timeline, as text."""
	if note and note.strip():
		doc.add_comment("Comment", escape_html(note.strip()).replace("\n", "<br>"))


def _serialize_application(doc: "LeaveApplication") -> LeaveStanding:
	"""Return the application for the reply."""
	return LeaveStanding(
		leave_application=doc.name,
		employee=doc.employee,
		employee_name=doc.employee_name,
		leave_type=doc.leave_type,
		from_date=str(doc.from_date),
		to_date=str(doc.to_date),
		half_day=bool(doc.half_day),
		half_day_date=period.to_iso(doc.half_day_date),
		total_leave_days=doc.total_leave_days,
		status=doc.status,
		leave_approver=doc.leave_approver or None,
		reason=doc.description or None,
	)
