"""Preview an application for leave: the days it takes, the balance after it, and why HRMS would refuse it."""

import frappe
from frappe.utils import flt
from hrms.hr.doctype.leave_application import leave_application as engine

from orchestrator import clock, period
from orchestrator.api.errors import get_error_text
from orchestrator.hr import balances, error_remedies, leave
from orchestrator.hr.leave import LeaveRequest
from orchestrator.hr.leave_days import HALF_DAY
from orchestrator.hr.shapes import LeavePreview


def build_preview(employee: str, request: LeaveRequest) -> LeavePreview:
	"""Return what the application would take. Nothing is saved, and nobody is notified."""
	leave.check_request(request)
	first, last = request.from_date, request.to_date
	half = int(request.half_day_date is not None)
	days = engine.get_number_of_leave_days(
		employee, request.leave_type, first, last, half, request.half_day_date
	)
	balance = balances.get_balance(employee, request.leave_type, first)
	left = balance["balance"] - balance["pending"] - days
	return LeavePreview(
		leave_type=request.leave_type,
		from_date=period.to_iso(first),
		to_date=period.to_iso(last),
		days=flt(days),
		holidays=(last - first).days + 1 - half * HALF_DAY - flt(days),
		balance=balance["balance"],
		pending=balance["pending"],
		balance_after=None if engine.is_lwp(request.leave_type) else flt(left, balances.get_precision()),
		leave_approver=engine.get_leave_approver(employee),
		problem=_find_problem(employee, request),
	)


def _find_problem(employee: str, request: LeaveRequest) -> str | None:
	"""Return the message with which the application would be refused, None if it would be accepted."""
	try:
		doc = leave.build_application(employee, request)
		doc.status, doc.posting_date = leave.OPEN, clock.get_today()
		doc.check_permission("create")
		with error_remedies.add_remedies():
			leave.check_application(doc)
			doc.run_method("validate")
	except frappe.ValidationError as error:
		text = get_error_text(error)
		frappe.clear_messages()
		return text
	return None
