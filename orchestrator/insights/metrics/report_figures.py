"""A report's rows as a table, or as one number computed from them."""

from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _

from orchestrator.api import report_scripts, reports
from orchestrator.doctypes import FACILITY
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.insights.metrics.dashboard_filters import DATES, FACILITY_FILTER, DashboardFilters
from orchestrator.insights.metrics.metrics import Metric
from orchestrator.measure_queries import MAX_ROWS, Column, Figure, Number, Table, to_number

Rows = Sequence[dict[str, Any]]


def compute_report(metric: Metric) -> Figure:
	"""Return the value of a report, run as the user of the session."""
	result = run_report(metric.source, {**metric.filters, **build_report_filters(metric.dashboard_filters)})
	if metric.aggregate:
		return Number(aggregate(result, metric.source, metric.aggregate, metric.aggregate_field))
	return _build_table(result)


def list_filters(metric: Metric) -> frozenset[str]:
	"""Return the filters of a dashboard that a report applies."""
	return list_report_filters(metric.source)


def list_report_filters(name: str) -> frozenset[str]:
	"""Return the filters of a dashboard that a report declares."""
	if not frappe.db.exists("Report", name, cache=True):
		return frozenset()
	report = frappe.get_cached_doc("Report", name)
	declared = {row.fieldname: row.options for row in report.filters}
	names = declared or dict.fromkeys(report_scripts.parse_declared_filters(report))
	has_dates = names.keys() >= {"from_date", "to_date"}
	applied = {DATES: has_dates, FACILITY_FILTER: declared.get("facility") == FACILITY}
	return frozenset(name for name, is_applied in applied.items() if is_applied)


def build_report_filters(filters: DashboardFilters) -> dict[str, str]:
	"""Return the filters that are set, under the names of a report's filters."""
	return {name: value for name, value in filters.to_dict().items() if value}


def run_report(report: str, filters: dict[str, Any]) -> dict[str, Any]:
	"""Return the report's columns and rows now, never prepared ones."""
	return reports.run(report_name=report, filters=filters, ignore_prepared_report=True)


def _build_table(result: dict[str, Any]) -> Table:
	names = ("fieldname", "label", "fieldtype", "options")
	columns = [Column(*(column[name] for name in names)) for column in result["columns"]]
	rows = result["rows"] or []
	return Table(columns, rows[:MAX_ROWS], len(rows))


def aggregate(result: dict[str, Any], title: str, how: str, column: str | None) -> float | None:
	"""Return one number computed from a column, which is named by its fieldname or its label."""
	rows = [row for row in result["rows"] or [] if isinstance(row, dict)]
	if how == "Count":
		return len(rows)
	names = {column["fieldname"]: column["label"] for column in result["columns"]}
	fieldname = next((name for name, label in names.items() if column in (name, label)), None)
	if not fieldname:
		refuse(
			_("{0} has no column {1}. It has {2}.").format(title, column, ", ".join(names)),
			InvalidRequestError,
		)
	return compute_aggregate([row.get(fieldname) for row in rows], how)


def compute_aggregate(values: Sequence[Any], how: str) -> float | None:
	"""Return the Sum, Average, Minimum or Maximum of the numbers among `values`; without any, None, but a sum
	is 0.
	"""
	numbers = [to_number(value) for value in values if is_number(value)]
	if how == "Sum":
		return to_number(sum(numbers))
	if not numbers:
		return None
	if how == "Average":
		return to_number(sum(numbers) / len(numbers))
	return min(numbers) if how == "Minimum" else max(numbers)


def is_number(value: Any) -> bool:
	"""Return True for a value that can be added; text of a number counts, since some reports have no other."""
	try:
		float(value)
	except (TypeError, ValueError):
		return False
	return True
