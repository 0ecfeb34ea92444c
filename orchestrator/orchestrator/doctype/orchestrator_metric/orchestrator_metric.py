import frappe
from frappe.model.document import Document

from orchestrator.insights.dashboards import history, layout
from orchestrator.insights.metrics import measures, metric_rules, record_rules


class OrchestratorMetric(Document):
	"""A number, series or table: its source, the user whose permissions it is computed with, and its display."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from orchestrator.orchestrator.doctype.orchestrator_metric_alert.orchestrator_metric_alert import (
			OrchestratorMetricAlert,
		)

		aggregate: DF.Literal["", "Count", "Sum", "Average", "Minimum", "Maximum"]
		aggregate_field: DF.Data | None
		alerts: DF.Table[OrchestratorMetricAlert]
		approved_source: DF.Data | None
		compare_with: DF.Literal["Previous Day", "Previous Week", "Previous Month"]
		compute_as: DF.Link | None
		description: DF.SmallText | None
		direction: DF.Literal["", "Up", "Down"]
		filters: DF.Code | None
		kind: DF.Literal["Number", "Series", "Table"]
		label: DF.Data
		measure: DF.Autocomplete | None
		metric_name: DF.Data
		permission_mode: DF.Literal["Caller", "Shared"]
		shared_role: DF.Link | None
		shipped: DF.Data | None
		source: DF.DynamicLink | None
		source_type: DF.Literal[
			"Measure",
			"Number Card",
			"Dashboard Chart",
			"Report",
			"Insights Query v3",
			"Insights Chart v3",
		]
		stale_after: DF.Int
		unit: DF.Data | None

	# end: auto-generated types

	def before_validate(self) -> None:
		metric_rules.check_app(self)
		metric_rules.clear_unused_fields(self)

	def validate(self) -> None:
		record_rules.check_name(self.metric_name)
		metric_rules.check_source(self)
		metric_rules.check_filters(self)
		metric_rules.check_sharing(self)
		metric_rules.set_kind(self)
		metric_rules.check_alerts(self)

	def on_update(self) -> None:
		layout.clear_layouts_after_commit()

	def on_trash(self) -> None:
		record_rules.check_deletion(self)
		history.delete_history(self.name)
		layout.clear_layouts_after_commit()

	@frappe.whitelist(methods=["POST"])
	def get_measures(self) -> list[str]:
		"""Return the names of the measures to choose from, for the form.

		Permissions:
			Read on the metric.
		"""
		self.check_permission("read")
		return sorted(measures.list_registered())
