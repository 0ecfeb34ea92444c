"""The rules of an Orchestrator Dashboard."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.orchestrator_dashboard.orchestrator_dashboard import (
		OrchestratorDashboard,
	)


def check_items(doc: "OrchestratorDashboard") -> None:
	"""Refuse a metric that occurs twice on the dashboard."""
	names = [row.metric for row in doc.items]
	if twice := sorted({name for name in names if names.count(name) > 1}):
		refuse(
			_("{0} is on the dashboard twice. Remove one.").format(", ".join(twice)),
			frappe.ValidationError,
		)
