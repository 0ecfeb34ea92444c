"""What a metric was, for who may see it."""

import frappe
from frappe import _

from orchestrator.exceptions import refuse
from orchestrator.insights import board, history
from orchestrator.insights.dashboards import Placed
from orchestrator.insights.shapes import History, Point

DAYS, MAX_DAYS = 30, history.KEPT_DAYS


def of(placed: Placed, days: int) -> History:
	"""The points of the caller's own figure, or of the shared one."""
	metric = placed.metric
	scope = board.scopes_of([placed])[0]
	if not scope:
		refuse(board.refusal(metric)["message"], frappe.PermissionError)
	points = [Point(day=day, value=value) for day, value in history.points(metric, scope, days)]
	return History(name=metric.name, label=_(metric.label), unit=metric.unit, points=points)
