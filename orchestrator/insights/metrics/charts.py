"""A Dashboard Chart's series, by Frappe's own functions, under the permissions of the session's user.

Frappe caches charts under one key per chart for all users, so its cache is never used here. Its heatmap
ignores permissions, so it is queried here with them.
"""

import inspect
import re
from pathlib import Path
from typing import Any

import frappe
from frappe import _
from frappe.desk.doctype.dashboard_chart import dashboard_chart
from frappe.desk.doctype.dashboard_chart.dashboard_chart import DashboardChart
from frappe.modules import get_module_path, scrub
from frappe.utils import cint

from orchestrator import clock, compat
from orchestrator.exceptions import MissingDataError, refuse
from orchestrator.insights.metrics import (
	chart_records,
	dynamic_filters,
	linked_groups,
	record_filters,
	report_figures,
)
from orchestrator.insights.metrics.dashboard_filters import DATES
from orchestrator.insights.metrics.metrics import CHART, Metric
from orchestrator.measure_queries import Dataset, Series, build_series, to_number
from orchestrator.period import DateRange

METHOD = re.compile(r"method\s*:\s*[\"']([\w.]+)[\"']")


def compute(metric: Metric) -> Series:
	"""Return the chart's labels and values."""
	chart = frappe.get_doc(CHART, metric.source)
	chart.check_permission("read")
	chosen = metric.dashboard_filters
	filters = dynamic_filters.merge_filters(chart.filters_json, chart.dynamic_filters_json)
	if chart.chart_type == "Report":
		return _compute_report_chart(
			chart, {**(filters or {}), **report_figures.build_report_filters(chosen)}
		)
	if chosen.facility:
		filters = [*filters, record_filters.build_facility_filter(chart.document_type, chosen.facility)]
	if chart.type == "Heatmap":
		return _compute_heatmap(chart, filters)
	data, groups = _compute_groups(chart, filters, chosen.dates)
	series = _build_chart_series(data, chart.currency or None)
	return series._replace(records=chart_records.build_records(chart, filters, chosen.dates, groups))


def list_filters(metric: Metric) -> frozenset[str]:
	"""Return the filters of a dashboard that a chart applies."""
	if not frappe.db.exists(CHART, metric.source, cache=True):
		return frozenset()
	chart = frappe.get_cached_doc(CHART, metric.source)
	if chart.chart_type == "Report":
		return report_figures.list_report_filters(chart.report_name)
	if chart.chart_type == "Custom":
		return frozenset()
	dates = {DATES} if chart.chart_type in chart_records.TIME_SERIES and chart.type != "Heatmap" else set()
	return record_filters.list_filters(chart.document_type) | dates


def _compute_groups(chart: DashboardChart, filters: Any, dates: DateRange | None) -> tuple[Any, list[Any]]:
	"""Return the labels and values, and what the labels stand for."""
	if linked_groups.has_titles(chart):
		groups = linked_groups.compute(chart, filters)
		return {
			"labels": groups.labels,
			"datasets": [{"name": chart.name, "values": groups.values}],
		}, groups.names
	data = _compute_data(chart, filters, dates)
	return data, data["labels"] if data else []


def _compute_data(chart: DashboardChart, filters: Any, dates: DateRange | None) -> Any:
	"""Return the labels and values by Frappe's own function."""
	method = _get_custom_method(chart) if chart.chart_type == "Custom" else dashboard_chart.get
	conditions = frappe.as_json(filters)
	described = frappe.as_json({**chart.as_dict(), "filters_json": conditions})
	span = {}
	if dates:
		# the last day until its end, for fields with a time
		last = f"{dates.last} 23:59:59.999999"
		span = {"timespan": "Select Date Range", "from_date": str(dates.first), "to_date": last}
	# Unwrapped, without the cache that all users share.
	return frappe.call(inspect.unwrap(method), chart=described, filters=conditions, no_cache=1, **span)


def _build_chart_series(data: dict[str, Any] | None, unit: str | None = None) -> Series:
	"""Convert Frappe's chart data to a series."""
	data = data or {"labels": [], "datasets": []}
	datasets = [
		Dataset(dataset.get("name") or "", [to_number(value) for value in dataset.get("values") or []])
		for dataset in data["datasets"]
	]
	return Series([str(label or _("None")) for label in data["labels"]], datasets, unit)


def _compute_report_chart(chart: DashboardChart, filters: dict[str, Any]) -> Series:
	"""Return the report's own chart, or the columns named by the chart."""
	result = report_figures.run_report(chart.report_name, filters)
	if chart.use_report_chart:
		return _build_chart_series((result["chart"] or {}).get("data"), chart.currency or None)
	rows = [row for row in result["rows"] or [] if row.get(chart.x_field) not in (None, "")]
	labels = {column["fieldname"]: column["label"] for column in result["columns"]}
	datasets = [
		Dataset(labels.get(axis.y_field, axis.y_field), [to_number(row.get(axis.y_field)) for row in rows])
		for axis in chart.y_axis
	]
	return Series([str(row[chart.x_field]) for row in rows], datasets, chart.currency or None)


def _compute_heatmap(chart: DashboardChart, filters: list[Any]) -> Series:
	"""Return a value for each day of the chart's year that has one."""
	year = cint(chart.heatmap_year) or clock.get_today().year
	doctype, field = chart.document_type, chart.based_on
	days = [[doctype, field, ">=", f"{year}-01-01"], [doctype, field, "<", f"{year + 1}-01-01"]]
	function = dashboard_chart.get_aggregate_function(chart.chart_type)
	rows = compat.get_list(
		doctype,
		fields=[f"date({field}) as day", f"{function}({chart.value_based_on or '1'}) as value"],
		filters=[*filters, *days, [doctype, "docstatus", "<", 2]],
		group_by=f"date({field})",
		order_by="day asc",
		as_list=True,
		limit_page_length=0,
		parent_doctype=chart.parent_document_type,
	)
	return build_series(rows, chart.name)


def _get_custom_method(chart: DashboardChart) -> Any:
	"""Return the function that a chart source names in its JavaScript."""
	source = frappe.get_doc("Dashboard Chart Source", chart.source)
	name = scrub(source.name)
	script = Path(get_module_path(source.module), "dashboard_chart_source", name, f"{name}.js")
	match = METHOD.search(script.read_text()) if script.exists() else None
	if not match:
		refuse(_("Chart source {0} has no method.").format(source.name), MissingDataError)
	method = frappe.get_attr(match[1])
	frappe.is_whitelisted(method)
	return method
