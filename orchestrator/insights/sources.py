"""From a metric to its figure, computed now and under the permissions of the session's user."""

from collections.abc import Callable

from frappe import _

from orchestrator.exceptions import Conflict, refuse
from orchestrator.figures import Figure
from orchestrator.insights import charts, insights_app, measures, number_cards, report_figures
from orchestrator.insights.metrics import (
	CARD,
	CHART,
	INSIGHTS_CHART,
	INSIGHTS_QUERY,
	MEASURE,
	REPORT,
	Metric,
)

COMPUTE: dict[str, Callable[[Metric], Figure]] = {
	MEASURE: measures.compute,
	CARD: number_cards.compute,
	CHART: charts.compute,
	REPORT: report_figures.compute,
	INSIGHTS_QUERY: insights_app.compute_query,
	INSIGHTS_CHART: insights_app.compute_chart,
}


def compute(metric: Metric) -> Figure:
	"""The metric's figure. Raises what its source raises, Conflict where a shared metric's source was changed since
	someone who may share it has saved the metric."""
	if not metric.is_approved:
		refuse(
			_(
				"{0} {1} was changed since this metric was shared. Whoever may share it has to look at it and save"
				" the metric again."
			).format(_(metric.source_type), metric.source),
			Conflict,
		)
	return COMPUTE[metric.source_type](metric)
