"""The report route: the columns and rows of any Report that the caller may run."""

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

import frappe
from frappe import _, _lt
from frappe.core.doctype.prepared_report.prepared_report import make_prepared_report
from frappe.core.doctype.report.report import Report
from frappe.desk import query_report

from orchestrator import compat
from orchestrator.access.key_records import describe_report
from orchestrator.access.key_scope import get_scope, lift_for_report
from orchestrator.api import report_scripts
from orchestrator.api.endpoint import READ, endpoint
from orchestrator.api.errors import UNEXPECTED_STATUS, get_status, strip_markup
from orchestrator.api.filters import parse_filters
from orchestrator.api.parameters import parse_json
from orchestrator.api.replica import run_on_replica
from orchestrator.api.shapes import ReportColumn, ReportResult
from orchestrator.exceptions import InvalidRequestError, ReportExecutionError, refuse

REPORT_BUILDER = "Report Builder"
PLACEHOLDER_PATTERN = re.compile(r"%\((\w+)\)s")
# A key of the filters with which Frappe returns the prepared report of any user.
RESERVED_FILTER = "prepared_report_name"


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Report run"), effect=READ)
def run(
	report_name: str, filters: str | dict | list | None = None, ignore_prepared_report: bool = False
) -> ReportResult:
	"""Run a report as the caller.

	The rows are those that Frappe lets the caller see. A report that is prepared in the background and not ready has no rows; `status` and `message` say what to do.

	Args:
		report_name: Name of the report.
		filters: The report's own filters, as an object. A Report Builder report also accepts a list of [field, operator, value].
		ignore_prepared_report: true: run the report now, even if it is normally prepared in the background. Default: false.

	Returns:
		Columns, rows as objects by fieldname, the total row, chart and summary.

	Permissions:
		Whoever may run the report and may create reports on its DocType.

	Raises:
		PermissionError: 403. The caller may not run the report.
		DoesNotExistError: 404. There is no such report.
		InvalidRequestError: 400. A filter is malformed, unknown or missing.
		ReportExecutionError: 422. The report itself failed.
		ValidationError: 422. The report refuses its filters.
	"""
	report = get_report(report_name)
	if report.report_type == REPORT_BUILDER:
		return _build_result(report_name, report, execute_builder_report(report, filters))
	conditions = parse_conditions(report, filters)
	if report.prepared_report and not ignore_prepared_report:
		return _build_result(report_name, report, _get_prepared_result(report_name, conditions))
	return _build_result(report_name, report, execute_report(report_name, conditions))


def get_report(report_name: str) -> Report:
	"""Return the report, if the caller may run it; of a custom report the underlying one, with the custom
	columns and filters. 403 without permission, 404 if it does not exist.
	"""
	scope = get_scope()
	if scope and not scope.allows_report(report_name):
		scope.missing = describe_report(report_name)
		raise frappe.PermissionError
	with lift_for_report(report_name):
		frappe.has_permission("Report", "read", throw=True)
		if not frappe.db.exists("Report", report_name):
			refuse(_("There is no report {0}.").format(report_name), frappe.DoesNotExistError)
		return query_report.get_report_doc(report_name)


def parse_conditions(report: Report, filters: Any) -> dict[str, Any]:
	"""Return the filters of a script or query report, on top of those saved with a custom report. 400 if they
	are not an object, or one is unknown or missing, as far as the report declares them.
	"""
	conditions = parse_json("filters", filters) or {}
	if not isinstance(conditions, dict):
		refuse(_("filters must be an object of this report's filters."), InvalidRequestError)
	if RESERVED_FILTER in conditions:
		refuse(
			_("{0} is not a valid filter. Send the filters of the report.").format(RESERVED_FILTER),
			InvalidRequestError,
		)
	declared = [row.fieldname for row in report.filters] or report_scripts.parse_declared_filters(report)
	used = PLACEHOLDER_PATTERN.findall(report.query or "") if report.report_type == "Query Report" else []
	unknown = [name for name in conditions if name not in {*declared, *used}] if declared else []
	if unknown and not report.filters:
		unknown = report_scripts.find_unknown_filters(report, unknown, declared)
	required = {*used, *(row.fieldname for row in report.filters if row.mandatory)}
	saved = report.get("custom_filters") or {}
	missing = sorted(name for name in required if {**saved, **conditions}.get(name) in (None, ""))
	if unknown:
		refuse(
			_("{0} has no filter {1}. It takes {2}.").format(
				report.name, ", ".join(unknown), ", ".join(declared)
			),
			InvalidRequestError,
		)
	if missing:
		refuse(_("{0} needs the filter {1}.").format(report.name, ", ".join(missing)), InvalidRequestError)
	return {**saved, **conditions}


def execute_report(report_name: str, conditions: dict[str, Any]) -> dict[str, Any]:
	"""Return Frappe's result of a script, query or custom report. `user` is never passed on: it would be
	trusted.
	"""
	try:
		with lift_for_report(report_name):
			return run_on_replica(
				query_report.run,
				report_name,
				filters=dict(conditions),
				ignore_prepared_report=True,
				are_default_filters=False,
			)
	except Exception as error:
		if get_status(error) != UNEXPECTED_STATUS:
			raise
		raise_report_error(report_name, error)


def raise_report_error(report_name: str, error: Exception) -> NoReturn:
	"""Raise 422 for a report whose code failed, mostly because of a missing filter. The text of a database
	error contains the report's SQL and is not shown.
	"""
	reason = type(error).__name__
	if not isinstance(error, compat.DatabaseError):
		reason = f"{reason}: {strip_markup(str(error))}"
	refuse(
		_("Report {0} failed ({1}). Check that it gets all the filters it needs.").format(
			report_name, reason
		),
		ReportExecutionError,
	)


def _get_prepared_result(report_name: str, conditions: dict[str, Any]) -> dict[str, Any]:
	"""Return the result that was prepared for the caller and these filters, or its status. A POST starts the
	preparation.
	"""
	with lift_for_report(report_name):
		result = run_on_replica(
			query_report.run, report_name, filters=dict(conditions), are_default_filters=False
		)
	if result.get("doc"):
		return result
	status = _get_latest_status(report_name, conditions)
	if status in (None, "Error") and frappe.request.method == "POST":
		make_prepared_report(report_name, conditions)
		status = "Queued"
	return {"status": status or "Not Prepared", "message": _build_advice(status)}


def _get_latest_status(report_name: str, conditions: dict[str, Any]) -> str | None:
	"""Return the state of the newest preparation by the caller with these filters."""
	from frappe.core.doctype.prepared_report.prepared_report import process_filters_for_prepared_report

	return frappe.db.get_value(
		"Prepared Report",
		{
			"report_name": report_name,
			"filters": process_filters_for_prepared_report(conditions),
			"owner": frappe.session.user,
		},
		"status",
		order_by="creation desc",
	)


def _build_advice(status: str | None) -> str:
	"""Return how to get the rows of a report that is not prepared."""
	if status in ("Queued", "Started"):
		return _("The report is being prepared. Send the same request again later.")
	return _(
		"This report is prepared in the background. POST the same request to start that, or send"
		" ignore_prepared_report=1 to run it now."
	)


def execute_builder_report(report: Report, filters: Any) -> dict[str, Any]:
	"""Return a report of the report builder: its list, restricted by the caller's filters and permissions."""
	meta = frappe.get_meta(report.ref_doctype)
	description = json.loads(report.json or "{}")
	conditions = parse_filters(meta, "filters", filters)
	description["filters"] = [*(description.get("filters") or []), *conditions]
	report.json = json.dumps(description, default=str)  # in memory only: Report reads its filters from here
	try:
		columns, rows = run_on_replica(report.run_standard_report, filters=None, limit=None, user=None)
	except Exception as error:
		if get_status(error) != UNEXPECTED_STATUS:
			raise
		raise_report_error(report.name, error)
	return {"columns": columns, "result": rows, "add_total_row": description.get("add_totals_row")}


def _build_result(report_name: str, report: Report, result: dict[str, Any]) -> ReportResult:
	"""Return the reply's data from Frappe's result."""
	columns = [build_column(column) for column in result.get("columns") or []]
	rows = None if "result" not in result else [_build_row(columns, row) for row in result["result"] or []]
	total = rows.pop() if rows and result.get("add_total_row") else None
	return {
		"report_name": report_name,
		"report_type": report.report_type,
		"ref_doctype": report.ref_doctype,
		"status": result.get("status") or "Completed",
		"prepared_at": result["doc"].report_end_time if result.get("doc") else None,
		"columns": columns,
		"rows": rows,
		"total_row": total,
		"message": result.get("message"),
		"chart": result.get("chart"),
		"summary": result.get("report_summary"),
	}


def build_column(column: Any) -> ReportColumn:
	"""Return a column under the same five keys, from any of Frappe's forms."""
	if not isinstance(column, (str, dict)):
		column = column.as_dict()  # the report builder gives the field itself
	known = query_report.get_column_as_dict(column)
	return {
		"fieldname": known.get("fieldname"),
		"label": known.get("label") or known.get("fieldname"),
		"fieldtype": known.get("fieldtype") or "Data",
		"options": known.get("options"),
		"width": known.get("width"),
	}


def _build_row(columns: list[ReportColumn], row: dict[str, Any] | Sequence[Any]) -> dict[str, Any]:
	"""Return a row by fieldname."""
	if isinstance(row, dict):
		return row
	return {column["fieldname"]: value for column, value in zip(columns, row, strict=False)}
