"""Find the dashboard that a name means (of this app, Frappe or Insights), and its items."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import frappe
from frappe import _

from orchestrator.apps import is_installed, require_app
from orchestrator.doctypes import DASHBOARD, METRIC
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.insights.metrics import registry
from orchestrator.insights.metrics.dashboard_filters import FILTERS, NO_FILTERS, DashboardFilters
from orchestrator.insights.metrics.metrics import (
	CARD,
	CHART,
	INSIGHTS_CHART,
	NUMBER,
	SERIES,
	Metric,
	build_from_document,
	build_from_source,
	get_insights_chart_kind,
)

ORCHESTRATOR_DASHBOARD, FRAPPE_DASHBOARD, INSIGHTS_DASHBOARD = (
	DASHBOARD,
	"Dashboard",
	"Insights Dashboard v3",
)
APP_OF = {INSIGHTS_DASHBOARD: "insights"}
LAYOUT_CACHE_KEY = "orchestrator_dashboard_plans"
DEFAULT_WIDTH, INSIGHTS_WIDTH = "Quarter", "Half"


@dataclass(frozen=True)
class DashboardItem:
	"""A metric's place on a dashboard."""

	metric: Metric
	width: str
	display: str | None = None


@dataclass(frozen=True)
class DashboardLayout:
	"""A dashboard's items in their order."""

	doctype: str
	name: str
	title: str
	items: tuple[DashboardItem, ...]
	filters: DashboardFilters = NO_FILTERS

	def apply_filters(self, filters: DashboardFilters) -> "DashboardLayout":
		"""Return the layout with the filters that each metric applies."""
		if not filters.names:
			return self
		items = tuple(
			replace(item, metric=registry.apply_filters(item.metric, filters)) for item in self.items
		)
		return replace(self, items=items, filters=filters)


def list_available_filters(plan: DashboardLayout) -> list[str]:
	"""Return the filters that at least one metric applies."""
	applied = frozenset[str]().union(*(item.metric.available_filters for item in plan.items))
	return [name for name in FILTERS if name in applied]


def get_dashboard(name: str, doctype: str | None = None) -> DashboardLayout:
	"""Return the dashboard named `name`, if the caller may read it.

	Raises PermissionError (403) if the caller may read no dashboards at all, DoesNotExistError (404),
	ConflictError (409) for a title of several, InvalidRequestError (400) for an unknown DocType,
	MissingAppError (501).
	"""
	plans = (
		FINDER_BY_DOCTYPE[kind](name)
		for kind in _list_doctypes(doctype)
		if frappe.has_permission(kind, "read")
	)
	plan = next((plan for plan in plans if plan), None)
	if not plan:
		_refuse_missing(name, doctype)
	return plan


def _refuse_missing(name: str, doctype: str | None) -> NoReturn:
	if not any(frappe.has_permission(kind, "read") for kind in _list_doctypes(doctype)):
		refuse(
			_("You do not have access to dashboards. Ask your administrator for access."),
			frappe.PermissionError,
		)
	refuse(_("There is no dashboard {0}.").format(name), frappe.DoesNotExistError)


def _list_doctypes(doctype: str | None) -> list[str]:
	"""Return the DocTypes to search, in this order."""
	if not doctype:
		return [kind for kind in FINDER_BY_DOCTYPE if kind not in APP_OF or is_installed(APP_OF[kind])]
	if doctype not in FINDER_BY_DOCTYPE:
		refuse(_("doctype must be one of {0}.").format(", ".join(FINDER_BY_DOCTYPE)), InvalidRequestError)
	if doctype in APP_OF:
		require_app(APP_OF[doctype])
	return [doctype]


def _find_orchestrator_dashboard(name: str) -> DashboardLayout | None:
	if not (plan := get_layout(name)):
		return None
	doc = frappe.get_cached_doc(ORCHESTRATOR_DASHBOARD, plan.name)
	if not doc.has_permission("read") or (doc.disabled and not doc.has_permission("write")):
		return None
	return plan


def get_layout(name: str) -> DashboardLayout | None:
	"""Return the layout of one of this app's dashboards, from the cache."""
	cache = frappe.cache()
	plan = cache.hget(LAYOUT_CACHE_KEY, name)
	if plan is None and (plan := _build_layout(name)):
		cache.hset(LAYOUT_CACHE_KEY, name, plan)
	return plan


def _build_layout(name: str) -> DashboardLayout | None:
	if not frappe.db.exists(ORCHESTRATOR_DASHBOARD, name):
		return None
	doc = frappe.get_doc(ORCHESTRATOR_DASHBOARD, name)
	items = tuple(
		DashboardItem(
			registry.set_available_filters(build_from_document(frappe.get_doc(METRIC, row.metric))),
			row.width or DEFAULT_WIDTH,
			row.display or None,
		)
		for row in doc.items
	)
	return DashboardLayout(ORCHESTRATOR_DASHBOARD, doc.name, doc.title, items)


def clear_layouts_after_commit(*_arguments: object) -> None:
	"""Clear the cached layouts after the commit. Also a document event."""
	_clear_layouts()
	# Before the commit, another request may cache the old state.
	frappe.db.after_commit.add(_clear_layouts)


def _clear_layouts() -> None:
	frappe.cache().delete_value(LAYOUT_CACHE_KEY)


def _find_frappe_dashboard(name: str) -> DashboardLayout | None:
	"""Return a Frappe Dashboard: its cards, then its charts, as far as the caller may read them."""
	if not frappe.db.exists(FRAPPE_DASHBOARD, name) or not frappe.get_list(
		FRAPPE_DASHBOARD, {"name": name}, limit=1
	):
		return None
	doc = frappe.get_cached_doc(FRAPPE_DASHBOARD, name)
	cards = [
		DashboardItem(_build_source(CARD, card.name, card.label, NUMBER, card.modified), "Quarter")
		for card in _filter_permitted(CARD, [row.card for row in doc.cards])
	]
	widths = {row.chart: row.width for row in doc.charts}
	charts = [
		DashboardItem(
			_build_source(CHART, chart.name, chart.chart_name, SERIES, chart.modified),
			widths[chart.name] or "Half",
			chart.type,
		)
		for chart in _filter_permitted(CHART, [row.chart for row in doc.charts])
	]
	return DashboardLayout(FRAPPE_DASHBOARD, doc.name, doc.dashboard_name, (*cards, *charts))


def _build_source(*source: Any) -> Metric:
	return registry.set_available_filters(build_from_source(*source))


def _filter_permitted(doctype: str, names: list[str]) -> list:
	"""Return the existing records that the caller may read, in their order."""
	docs = [frappe.get_cached_doc(doctype, name) for name in names if frappe.db.exists(doctype, name)]
	return [doc for doc in docs if doc.has_permission("read")]


def _find_insights_dashboard(name: str) -> DashboardLayout | None:
	"""Return an Insights dashboard by its name, the name it had in Insights 2, or its title."""
	fields = ["name", "title", "items"]
	for field in ("name", "old_name", "title"):
		# The list does not contain shared dashboards, which are found by name.
		rows = [
			row
			for row in frappe.get_all(INSIGHTS_DASHBOARD, {field: name}, fields)
			if frappe.has_permission(INSIGHTS_DASHBOARD, "read", row.name)
		]
		if len(rows) > 1:
			names = ", ".join(row.name for row in rows)
			refuse(
				_("Several dashboards have this title. Use the name of one of them: {0}.").format(names),
				ConflictError,
			)
		if rows:
			return _build_insights_layout(rows[0])
	return None


def _build_insights_layout(row: frappe._dict) -> DashboardLayout:
	names = [item["chart"] for item in frappe.parse_json(row["items"]) or [] if item["type"] == "chart"]
	# get_all: users who may read the dashboard may read its charts, and each is checked again when it is computed
	found = frappe.get_all(
		INSIGHTS_CHART, {"name": ("in", names)}, ["name", "title", "chart_type", "modified"]
	)
	charts = {chart.name: chart for chart in found}
	items = tuple(
		DashboardItem(_build_insights_item(charts[name]), INSIGHTS_WIDTH) for name in names if name in charts
	)
	return DashboardLayout(INSIGHTS_DASHBOARD, row.name, row.title or row.name, items)


def _build_insights_item(chart: frappe._dict) -> Metric:
	kind = get_insights_chart_kind(chart.chart_type) or SERIES
	return build_from_source(INSIGHTS_CHART, chart.name, chart.title or chart.name, kind, chart.modified)


FINDER_BY_DOCTYPE: dict[str, Callable[[str], DashboardLayout | None]] = {
	ORCHESTRATOR_DASHBOARD: _find_orchestrator_dashboard,
	FRAPPE_DASHBOARD: _find_frappe_dashboard,
	INSIGHTS_DASHBOARD: _find_insights_dashboard,
}
