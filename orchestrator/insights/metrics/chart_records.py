"""The records behind the labels of a Dashboard Chart, as filters of a list."""

from datetime import date, timedelta
from typing import Any

import frappe
from frappe.desk.doctype.dashboard_chart.dashboard_chart import DashboardChart
from frappe.utils import get_datetime, getdate
from frappe.utils.dateutils import (
	get_dates_from_timegrain,
	get_from_date_from_timespan,
	get_period_beginning,
)

from orchestrator import clock
from orchestrator.measure_queries import Filter, Records
from orchestrator.period import DateRange

TIME_SERIES = ("Count", "Sum", "Average")
GROUP_BY = "Group By"
RANGE = "Select Date Range"
Points = list[list[Filter] | None] | None


def build_records(
	chart: DashboardChart, filters: list[Any], dates: DateRange | None, values: list[Any]
) -> tuple[Records, ...]:
	"""Return the records that a chart counts; none of a child table, which has no list, nor with a filter on another
	DocType. `values` are those by which a chart groups.
	"""
	doctype = chart.document_type
	if chart.chart_type not in (*TIME_SERIES, GROUP_BY) or frappe.get_meta(doctype).istable:
		return ()
	if any(row[0] != doctype for row in filters):
		return ()
	own = [*(list(row[1:4]) for row in filters), ["docstatus", "<", 2]]
	if chart.chart_type == GROUP_BY:
		return (Records(doctype, own, _build_group_points(chart, values)),)
	field = chart.based_on
	if any(row[0] == field for row in own):
		return ()  # the filters of a label would replace the chart's own
	first, until = _find_span(chart, dates)
	whole = [[field, ">=", str(first)], [field, "<=", str(until)]]
	return (Records(doctype, [*own, *whole], _build_time_points(chart, first, until)),)


def _build_group_points(chart: DashboardChart, values: list[Any]) -> Points:
	"""Return the filter of each value; None for several kinds of no value."""
	name = chart.group_by_based_on
	field = frappe.get_meta(chart.document_type).get_field(name)
	if not field:
		return None
	has_one_blank = sum(value in (None, "") for value in values) == 1
	points: list[list[Filter] | None] = []
	for value in values:
		if value in (None, ""):
			points.append([[name, "is", "not set"]] if has_one_blank else None)
		else:
			points.append([[name, "=", value]])
	return points


def _find_span(chart: DashboardChart, dates: DateRange | None) -> tuple[date, Any]:
	"""Return the first day and the last moment that a chart counts, as Frappe determines them."""
	if dates:
		return dates.first, f"{dates.last} 23:59:59.999999"
	if chart.timespan == RANGE:
		return getdate(chart.from_date), get_datetime(chart.to_date)
	first = get_from_date_from_timespan(None, chart.timespan)
	return get_period_beginning(first, chart.time_interval), clock.get_now()


def _build_time_points(chart: DashboardChart, first: date, until: Any) -> Points:
	"""Return the filters of each period of a chart."""
	field = chart.based_on
	ends = [getdate(end) for end in get_dates_from_timegrain(first, until, chart.time_interval)]
	starts = [first, *(end + timedelta(days=1) for end in ends[:-1])]
	points: list[list[Filter] | None] = [
		[[field, "between", [str(start), str(end)]]] for start, end in zip(starts, ends, strict=True)
	]
	points[-1] = [[field, ">=", str(starts[-1])], [field, "<=", str(until)]]
	return points
