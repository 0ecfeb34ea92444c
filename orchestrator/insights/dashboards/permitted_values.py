"""The cached values of a dashboard's items that the caller may see."""

from collections.abc import Iterable

import frappe

from orchestrator.access.key_scope import is_active
from orchestrator.insights.dashboards import scopes, values
from orchestrator.insights.dashboards.layout import DashboardItem
from orchestrator.insights.dashboards.scopes import ADMINISTRATOR, Scope
from orchestrator.insights.dashboards.values import Value
from orchestrator.insights.metrics.metrics import Metric

# No scope: the caller does not have the metric's role. No value: it was never computed for the caller.
PermittedValue = tuple[DashboardItem, Scope | None, Value | None]


def get_permitted_values(items: Iterable[DashboardItem]) -> list[PermittedValue]:
	"""Return each item with its scope and its cached value."""
	placed_in = [(placed, scope) for placed, scope in zip(items, _build_scopes(items), strict=True)]
	permitted = [(placed.metric, scope) for placed, scope in placed_in if scope]
	cached = iter(values.get_cached_values(permitted))
	return [(placed, scope, next(cached) if scope else None) for placed, scope in placed_in]


def _build_scopes(items: Iterable[DashboardItem]) -> list[Scope | None]:
	metrics = [placed.metric for placed in items]
	own = scopes.build_caller_scope() if any(not metric.compute_as for metric in metrics) else None
	roles = set(frappe.get_roles())
	return [_build_scope(metric, own, roles) for metric in metrics]


def _build_scope(metric: Metric, own: Scope | None, roles: set[str]) -> Scope | None:
	if not metric.compute_as:
		return own
	if is_active():
		return None  # a shared value counts what the key may not read
	if metric.shared_role in roles or frappe.session.user == ADMINISTRATOR:
		return scopes.build_shared_scope(metric.compute_as)
	return None
