"""Accounting of Disclosures: which records of a client recipients outside the organisation got, in up to three years."""

from typing import Any

from frappe import _
from frappe.utils import getdate

from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.insights.reports.content.report_parts import Column, ReportResult, build_column
from orchestrator.privacy import accounting


def execute(filters: dict[str, Any] | None = None) -> ReportResult:
	"""Return the report for the caller (Frappe's entry point)."""
	filters = filters or {}
	accounting.check_permission()
	client = str(filters.get("client") or "").strip()
	if not client:
		refuse(
			_("Choose a client: enter the name of its record, such as CL-2CQCJJKRV3WP."), InvalidRequestError
		)
	first, last = (getdate(filters[key]) if filters.get(key) else None for key in ("from_date", "to_date"))
	days = accounting.parse_range(first, last)
	message = _("Disclosures from {0} to {1}, by days in UTC.").format(days.first, days.last)
	return ReportResult(_build_columns(), accounting.list_disclosures(client, days), message, None, [])


def _build_columns() -> list[Column]:
	return [
		build_column("disclosed_at", _("Time (UTC)"), "Datetime", width=170),
		build_column("recipient", _("Recipient"), "Data", width=200),
		build_column("purpose", _("Purpose"), "Data", width=150),
		build_column("kinds", _("Information"), "Data", width=150),
		build_column("reference_doctype", _("DocType"), "Data", width=120),
		build_column("reference_name", _("Record"), "Data", width=150),
		build_column("basis", _("Allowed By"), "Data", width=120),
		build_column("consent", _("Consent"), "Data", width=120),
	]
