import re

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.exceptions import refuse
from orchestrator.insights.dashboards import layout
from orchestrator.setup import dashboards as shipped_dashboards

NAME = re.compile(r"[a-z][a-z0-9_]*")


class OrchestratorDashboard(Document):
	"""Metrics in their order and layout, and who may open them."""

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
		if not NAME.fullmatch(self.dashboard_name or ""):
			refuse(
				_(
					"{0} is not a valid name for the API. Use lowercase letters, digits and underscores."
				).format(self.dashboard_name),
				frappe.ValidationError,
			)
		names = [row.metric for row in self.items]
		if twice := sorted({name for name in names if names.count(name) > 1}):
			refuse(
				_("{0} is on the dashboard twice. Remove one.").format(", ".join(twice)),
				frappe.ValidationError,
			)

	def on_update(self) -> None:
		layout.clear_layouts_after_commit()

	def on_trash(self) -> None:
		shipped_dashboards.check_deletion(self)
		layout.clear_layouts_after_commit()
