"""Compute a metric now, with the permissions of the session's user."""

from collections.abc import Callable

import frappe
from frappe import _

from orchestrator.exceptions import ConflictError, refuse
from orchestrator.insights.metrics import charts, insights_app, measures, number_cards, report_figures
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
