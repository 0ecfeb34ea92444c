"""Pages of leave applications, by employee, status and period."""

from datetime import date
from typing import Any

import frappe
from frappe import _

from orchestrator.api import lists
from orchestrator.api.list_pages import ListRequest, get_list_page
from orchestrator.doctypes import LEAVE_APPLICATION
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.hr.leave import OPEN
from orchestrator.hr.shapes import LeavePage

FIELDS = [
	"name as leave_application",
	"employee",
	"employee_name",
	"leave_type",
	"from_date",
	"to_date",
	"half_day",
	"half_day_date",
	"total_leave_days",
	"status",
	"leave_approver",
	"description as reason",
]
NEWEST_FIRST = "from_date desc, name desc"


def get_page(
	conditions: list[list[Any]], order_by: str | None, limit_start: str | int | None, length: str | int | None
) -> LeavePage:
	"""Return the matching applications that the caller may read, latest leave first."""
	meta = frappe.get_meta(LEAVE_APPLICATION)
	page = get_list_page(
		ListRequest(
			meta=meta,
			fields=FIELDS,
			filters=conditions,
			or_filters=[],
			order_by=order_by or NEWEST_FIRST,
			limit_start=limit_start,
			limit_page_length=length,
		)
	)
	leaves = [{**row, "half_day": bool(row["half_day"])} for row in page.rows]
	return LeavePage(leaves=leaves, total=lists.count_rows(meta, conditions, []))


def build_conditions(
	employee: str | None,
	status: str | None,
	leave_type: str | None,
	first: date | None,
	last: date | None,
	to_approve: bool,
) -> list[list[Any]]:
	"""Return the conditions of a request for Frappe's lists. 400 for an unknown status."""
	conditions: list[tuple[str, str, Any]] = [
		("employee", "=", employee),
		("status", "=", _parse_status(status) if status else None),
		("leave_type", "=", leave_type),
		("to_date", ">=", first),
		("from_date", "<=", last),
	]
	if to_approve:
		conditions += [
			("leave_approver", "=", frappe.session.user),
			("status", "=", OPEN),
			("docstatus", "=", 0),
		]
	return [
		[LEAVE_APPLICATION, field, operator, value]
		for field, operator, value in conditions
		if value not in (None, "")
	]


def _parse_status(status: str) -> str:
	"""Return a status that applications may have."""
	known = frappe.get_meta(LEAVE_APPLICATION).get_options("status").split("\n")
	if status not in known:
		refuse(
			_("There is no status {0}. The statuses are: {1}.").format(status, ", ".join(known)),
			InvalidRequestError,
		)
	return status
