"""The history of a metric, for users who may see it."""

import frappe
from frappe import _

from orchestrator.exceptions import refuse
from orchestrator.insights.dashboards import history, rendering, values
from orchestrator.insights.dashboards.layout import DashboardItem
from orchestrator.insights.dashboards.permitted_values import get_permitted_values
from orchestrator.insights.dashboards.scopes import Scope
from orchestrator.insights.shapes import History, Point

DEFAULT_DAYS, MAX_DAYS = 30, history.RETENTION_DAYS


def list_trend_points(placed: DashboardItem, days: int) -> History:
	"""Return the points of the caller's own value, or of the shared one."""
	metric = placed.metric
	stored = history.list_points(metric, _get_readable_scope(placed), days)
	points = [Point(day=day, value=value) for day, value in stored]
	return History(name=metric.name, label=_(metric.label), unit=metric.unit, points=points)


def _get_readable_scope(placed: DashboardItem) -> Scope:
	"""Return the scope of the value that the caller sees.

	Raises PermissionError (403) if the caller may not see today's value: then they may see no earlier one.
	"""
	((_placed, scope, value),) = get_permitted_values([placed])
	if not scope:
		refuse(rendering.build_refusal(placed.metric)["message"], frappe.PermissionError)
	value = value or values.compute_once(placed.metric, scope, None)
	if value and value.error and value.error["type"] == frappe.PermissionError.__name__:
		refuse(value.error["message"], frappe.PermissionError)
	return scope
