from frappe.model.document import Document

from orchestrator.insights.dashboards import layout
from orchestrator.insights.metrics import dashboard_rules, record_rules


class OrchestratorDashboard(Document):
	"""Metrics with their order and layout, and the roles that may open the dashboard."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.core.doctype.has_role.has_role import HasRole
		from frappe.types import DF

		from orchestrator.orchestrator.doctype.orchestrator_dashboard_item.orchestrator_dashboard_item import (
			OrchestratorDashboardItem,
		)

		dashboard_name: DF.Data
		disabled: DF.Check
		items: DF.Table[OrchestratorDashboardItem]
		refresh_minutes: DF.Int
		roles: DF.Table[HasRole]
		shipped: DF.Data | None
		title: DF.Data

	# end: auto-generated types

	def validate(self) -> None:
		record_rules.check_name(self.dashboard_name)
		dashboard_rules.check_items(self)

	def on_update(self) -> None:
		layout.clear_layouts_after_commit()

	def on_trash(self) -> None:
		record_rules.check_deletion(self)
		layout.clear_layouts_after_commit()
