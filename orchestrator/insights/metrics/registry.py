"""Compute a metric now, with the permissions of the session's user."""

from collections.abc import Callable
from dataclasses import replace

import frappe
from frappe import _

from orchestrator.exceptions import ConflictError, refuse
from orchestrator.insights.metrics import charts, insights_app, measures, number_cards, report_figures
from orchestrator.insights.metrics.dashboard_filters import DashboardFilters
from orchestrator.insights.metrics.metrics import (
	CARD,
	CHART,
	INSIGHTS_CHART,
	INSIGHTS_QUERY,
	MEASURE,
	REPORT,
	Metric,
)
from orchestrator.measure_queries import Figure

COMPUTE_BY_SOURCE: dict[str, Callable[[Metric], Figure]] = {
	MEASURE: measures.compute_measure,
	CARD: number_cards.compute_card,
	CHART: charts.compute,
	REPORT: report_figures.compute_report,
	INSIGHTS_QUERY: insights_app.compute_query,
	INSIGHTS_CHART: insights_app.compute_chart,
}


LIST_FILTERS_BY_SOURCE: dict[str, Callable[[Metric], frozenset[str]]] = {
	MEASURE: measures.list_filters,
	CARD: number_cards.list_filters,
	CHART: charts.list_filters,
	REPORT: report_figures.list_filters,
}


def list_filters(metric: Metric) -> frozenset[str]:
	"""Return the filters of a dashboard that a metric applies.

	A shared metric applies none: a part of its figure would tell more than what was shared.
	"""
	if metric.compute_as or metric.source_type not in LIST_FILTERS_BY_SOURCE:
		return frozenset()
	return LIST_FILTERS_BY_SOURCE[metric.source_type](metric)


def set_available_filters(metric: Metric) -> Metric:
	"""Return the metric with the filters of a dashboard that it applies."""
	return replace(metric, available_filters=list_filters(metric))


def apply_filters(metric: Metric, filters: DashboardFilters) -> Metric:
	"""Return the metric with those of the filters that it applies."""
	return replace(metric, dashboard_filters=filters.restrict(metric.available_filters))


def compute_metric(metric: Metric) -> Figure:
	"""Return the metric's value.

	Raises the errors of its source, and ConflictError if a shared metric may no longer be computed.
	"""
	_check_sharing(metric)
	return COMPUTE_BY_SOURCE[metric.source_type](metric)


def _check_sharing(metric: Metric) -> None:
	"""Refuse a shared metric whose source was changed after its approval, or whose user is disabled."""
	if not metric.is_approved:
		refuse(
			_(
				"{0} {1} was changed since this metric was shared. Someone who may share it must check it and save"
				" the metric again."
			).format(_(metric.source_type), metric.source),
			ConflictError,
		)
	if metric.compute_as and not frappe.db.get_value("User", metric.compute_as, "enabled"):
		refuse(
			_("{0}, whose records this shared metric counts, is disabled. Choose another user.").format(
				metric.compute_as
			),
			ConflictError,
		)
