"""Queries and charts of the app Insights 3, where it is installed.

Its `execute_query` checks no permission, so the right to read is checked first. Whether rows are restricted
to those that the caller may read is a setting of Insights (Apply User Permissions).
"""

from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.apps import require_app
from orchestrator.exceptions import MissingDataError, refuse
from orchestrator.insights.metrics import report_figures
from orchestrator.insights.metrics.metrics import INSIGHTS_CHART, INSIGHTS_QUERY, NUMBER, TABLE, Metric
from orchestrator.measure_queries import MAX_ROWS, Column, Dataset, Figure, Number, Series, Table, to_number

APP = "insights"
ROWS_TO_AGGREGATE = 10_000  # Insights' own limit
NUMERIC = frozenset({"Integer", "Decimal"})


def compute_query(metric: Metric) -> Figure:
	"""Return a query's rows, or one number computed from them."""
	query = _get_permitted(INSIGHTS_QUERY, metric.source)
	if not metric.aggregate:
		return _build_table(_execute_query(query, MAX_ROWS))
	result = _execute_query(query, ROWS_TO_AGGREGATE)
	named = {
		"columns": [{"fieldname": c["name"], "label": c["name"]} for c in result["columns"]],
		"rows": result["rows"],
	}
	return Number(
		report_figures.aggregate(named, query.title or query.name, metric.aggregate, metric.aggregate_field)
	)


def compute_chart(metric: Metric) -> Figure:
	"""Return a chart in the form of its type: a number, a table, or labels and values."""
	chart = _get_permitted(INSIGHTS_CHART, metric.source)
	result = _execute_query(_build_query(chart), ROWS_TO_AGGREGATE if metric.kind == NUMBER else MAX_ROWS)
	if metric.kind == TABLE:
		return _build_table(result)
	return _get_last_number(result) if metric.kind == NUMBER else _build_series(result)


def _get_permitted(doctype: str, name: str) -> Document:
	"""Return the record, if the caller may read it. Raises MissingAppError (501) without Insights."""
	require_app(APP)
	doc = frappe.get_doc(doctype, name)
	doc.check_permission("read")
	return doc


def _build_query(chart: Document) -> Document:
	"""Return the query with the chart's own steps. The front end of Insights writes those; a chart that was
	never opened there shows the rows of its query.
	"""
	own = frappe.get_doc(INSIGHTS_QUERY, chart.data_query) if chart.data_query else None
	if own and frappe.parse_json(own.operations):
		return own
	if not chart.query:
		refuse(_("Chart {0} has no query yet.").format(chart.title or chart.name), MissingDataError)
	return frappe.get_doc(INSIGHTS_QUERY, chart.query)


def _execute_query(query: Document, rows: int) -> dict[str, Any]:
	"""Run the query and return its columns and rows.

	Insights leaves None in a global, with which its next run in the same request would fail.
	"""
	frappe.local.insights_adhoc_filters = {}
	try:
		return query.execute(force=True, page_size=rows)
	finally:
		frappe.local.insights_adhoc_filters = {}


def _build_table(result: dict[str, Any]) -> Table:
	columns = [Column(column["name"], column["name"]) for column in result["columns"]]
	return Table(columns, result["rows"], len(result["rows"]))


def _build_series(result: dict[str, Any]) -> Series:
	"""Return the series: the first column that is not a number has the labels, each number column is a
	dataset.
	"""
	numeric = [column["name"] for column in result["columns"] if column["type"] in NUMERIC]
	labels = next((c["name"] for c in result["columns"] if c["name"] not in numeric), None)
	rows = result["rows"]
	names = [str(row[labels]) if labels else str(index) for index, row in enumerate(rows, start=1)]
	return Series(names, [Dataset(name, [to_number(row[name]) for row in rows]) for name in numeric])


def _get_last_number(result: dict[str, Any]) -> Number:
	"""Return the number of the last row; for rows by date, the row before has the previous value."""
	name = next((column["name"] for column in result["columns"] if column["type"] in NUMERIC), None)
	values = [to_number(row[name]) for row in result["rows"]] if name else []
	if not values:
		return Number(None)
	return Number(values[-1], values[-2] if len(values) > 1 else None)
