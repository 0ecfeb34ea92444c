import re

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.apps import require_app
from orchestrator.exceptions import refuse
from orchestrator.insights.dashboards import history, layout
from orchestrator.insights.metrics import measures, metrics
from orchestrator.setup import dashboards as shipped_dashboards

NAME = re.compile(r"[a-z][a-z0-9_]*")
APP_OF = {metrics.INSIGHTS_QUERY: "insights", metrics.INSIGHTS_CHART: "insights"}


class OrchestratorMetric(Document):
	"""A figure, defined once: where it comes from, under whose permissions, and how it is told."""

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
		if self.source_type in APP_OF:
			require_app(APP_OF[self.source_type])
		self.clear_what_does_not_apply()

	def validate(self) -> None:
		self.validate_name()
		self.validate_source()
		self.validate_filters()
		self.validate_sharing()
		self.set_kind()
		self.validate_alerts()

	def on_update(self) -> None:
		layout.clear_layouts_after_commit()

	def on_trash(self) -> None:
		shipped_dashboards.check_deletion(self)
		history.delete_history(self.name)
		layout.clear_layouts_after_commit()

	@frappe.whitelist(methods=["POST"])
	def get_measures(self) -> list[str]:
		"""The names of the measures to choose from, for the form. For who may read metrics."""
		self.check_permission("read")
		return sorted(measures.list_registered())

	def clear_what_does_not_apply(self) -> None:
		"""A source of before the type was changed, or a sharing of before the mode was."""
		if self.source_type == metrics.MEASURE:
			self.source = None
		else:
			self.measure = None
		if self.permission_mode != metrics.SHARED:
			self.update({"compute_as": None, "shared_role": None, "approved_source": None})

	def validate_name(self) -> None:
		if not NAME.fullmatch(self.metric_name or ""):
			refuse(
				_(
					"{0} is not a valid name for the API. Use lowercase letters, digits and underscores."
				).format(self.metric_name),
				frappe.ValidationError,
			)

	def validate_source(self) -> None:
		if self.source_type == metrics.MEASURE and self.measure not in measures.list_registered():
			names = ", ".join(sorted(measures.list_registered()))
			refuse(
				_("There is no measure {0}. The measures are: {1}.").format(self.measure or "", names),
				frappe.ValidationError,
			)
		if self.source_type != metrics.MEASURE and not self.source:
			refuse(
				_("Choose the {0} that this metric shows.").format(_(self.source_type)),
				frappe.ValidationError,
			)
		if self.aggregate and self.aggregate != "Count" and not self.aggregate_field:
			refuse(_("Enter the column for the {0}.").format(_(self.aggregate)), frappe.ValidationError)

	def validate_filters(self) -> None:
		try:
			filters = frappe.parse_json(self.filters or "{}")
		except ValueError:
			filters = None
		if not isinstance(filters, dict | list):
			refuse(
				_("The filters are not a valid JSON object. Write them like {0}.").format('{"company": "…"}'),
				frappe.ValidationError,
			)

	def validate_sharing(self) -> None:
		"""Who shares a figure gives out what one user may read: that is for this user, or a System Manager."""
		if self.permission_mode != metrics.SHARED:
			return
		if not (self.compute_as and self.shared_role):
			refuse(
				_("A shared metric needs the user whose records it counts, and the role that may see it."),
				frappe.ValidationError,
			)
		if self.compute_as != frappe.session.user and "System Manager" not in frappe.get_roles():
			refuse(
				_("Only {0} or a System Manager may save a metric that counts the records of {0}.").format(
					self.compute_as
				),
				frappe.PermissionError,
			)
		self.approved_source = metrics.get_source_modified(self.source_type, self.source)

	def set_kind(self) -> None:
		kind = metrics.get_kind(self.source_type, self.measure or self.source, self.aggregate)
		if not kind:
			refuse(
				_(
					"{0} {1} does not say whether it is a number, a series or a table. Choose another source."
				).format(_(self.source_type), self.measure or self.source),
				frappe.ValidationError,
			)
		self.kind = (kind or "").title()

	def validate_alerts(self) -> None:
		if self.alerts and self.kind != "Number":
			refuse(
				_("Only a number can have alerts. Remove the alerts, or choose another source."),
				frappe.ValidationError,
			)
