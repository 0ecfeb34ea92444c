"""Which dashboard a name means: ours, one of Frappe, one of Insights; and what stands on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

import frappe
from frappe import _

from orchestrator.apps import is_installed, require_app
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.insights.metrics import (
	CARD,
	CHART,
	INSIGHTS_CHART,
	NUMBER,
	SERIES,
	Metric,
	kind_of_insights_chart,
	of_document,
	of_source,
)
from orchestrator.insights.metrics import DOCTYPE as METRIC

OURS, FRAPPES, INSIGHTS = "Orchestrator Dashboard", "Dashboard", "Insights Dashboard v3"
APP_OF = {INSIGHTS: "insights"}
PLANS = "orchestrator_dashboard_plans"
DEFAULT_WIDTH, INSIGHTS_WIDTH = "Quarter", "Half"


@dataclass(frozen=True)
class Placed:
	"""A metric's place on a dashboard."""

	metric: Metric
	width: str
	display: str | None = None


@dataclass(frozen=True)
class Plan:
	"""A dashboard's items in their order."""

	doctype: str
	name: str
	title: str
	items: tuple[Placed, ...]


def find(name: str, doctype: str | None = None) -> Plan:
	"""The dashboard that the caller means by `name`, and may read.

	Raises PermissionError (403) where they may read no dashboards at all, DoesNotExistError (404), ConflictError (409) for a
	title that several have, InvalidRequestError (400) for an unknown DocType, MissingAppError (501)."""
	plans = (FINDERS[kind](name) for kind in kinds(doctype) if frappe.has_permission(kind, "read"))
	plan = next((plan for plan in plans if plan), None)
	if not plan:
		refuse_missing(name, doctype)
	return plan


def refuse_missing(name: str, doctype: str | None) -> NoReturn:
	if not any(frappe.has_permission(kind, "read") for kind in kinds(doctype)):
		refuse(
			_("You do not have access to dashboards. Ask your administrator for access."),
			frappe.PermissionError,
		)
	refuse(_("There is no dashboard {0}.").format(name), frappe.DoesNotExistError)


def kinds(doctype: str | None) -> list[str]:
	"""The DocTypes to look in, in this order."""
	if not doctype:
		return [kind for kind in FINDERS if kind not in APP_OF or is_installed(APP_OF[kind])]
	if doctype not in FINDERS:
		refuse(_("doctype must be one of {0}.").format(", ".join(FINDERS)), InvalidRequestError)
	if doctype in APP_OF:
		require_app(APP_OF[doctype])
	return [doctype]


def find_ours(name: str) -> Plan | None:
	if not (plan := plan_of(name)):
		return None
	doc = frappe.get_cached_doc(OURS, plan.name)
	if not doc.has_permission("read") or (doc.disabled and not doc.has_permission("write")):
		return None
	return plan


def plan_of(name: str) -> Plan | None:
	"""The plan of one of our dashboards, kept until one of its parts is saved."""
	cache = frappe.cache()
	plan = cache.hget(PLANS, name)
	if plan is None and (plan := make_plan(name)):
		cache.hset(PLANS, name, plan)
	return plan


def make_plan(name: str) -> Plan | None:
	if not frappe.db.exists(OURS, name):
		return None
	doc = frappe.get_doc(OURS, name)
	items = tuple(
		Placed(
			of_document(frappe.get_doc(METRIC, row.metric)), row.width or DEFAULT_WIDTH, row.display or None
		)
		for row in doc.items
	)
	return Plan(OURS, doc.name, doc.title, items)


def forget_plans(*_arguments: object) -> None:
	"""Something that a dashboard consists of was saved or deleted. Also a document event."""
	drop_plans()
	# Meanwhile someone may have read the old state, and kept it.
	frappe.db.after_commit.add(drop_plans)


def drop_plans() -> None:
	frappe.cache().delete_value(PLANS)


def find_frappes(name: str) -> Plan | None:
	"""A Frappe Dashboard: its cards, then its charts, as far as the caller may read them."""
	if not frappe.db.exists(FRAPPES, name) or not frappe.get_list(FRAPPES, {"name": name}, limit=1):
		return None
	doc = frappe.get_cached_doc(FRAPPES, name)
	cards = [
		Placed(of_source(CARD, card.name, card.label, NUMBER, card.modified), "Quarter")
		for card in permitted(CARD, [row.card for row in doc.cards])
	]
	widths = {row.chart: row.width for row in doc.charts}
	charts = [
		Placed(
			of_source(CHART, chart.name, chart.chart_name, SERIES, chart.modified),
			widths[chart.name] or "Half",
			chart.type,
		)
		for chart in permitted(CHART, [row.chart for row in doc.charts])
	]
	return Plan(FRAPPES, doc.name, doc.dashboard_name, (*cards, *charts))


def permitted(doctype: str, names: list[str]) -> list:
	"""Those of the records that there are and the caller may read, in their order."""
	docs = [frappe.get_cached_doc(doctype, name) for name in names if frappe.db.exists(doctype, name)]
	return [doc for doc in docs if doc.has_permission("read")]


def find_insights(name: str) -> Plan | None:
	"""An Insights dashboard by its name, the name it had in Insights 2, or its title."""
	fields = ["name", "title", "items"]
	for field in ("name", "old_name", "title"):
		# The list is narrower than what may be read: a shared dashboard is found by its name.
		found = [
			row
			for row in frappe.get_all(INSIGHTS, {field: name}, fields)
			if frappe.has_permission(INSIGHTS, "read", row.name)
		]
		if len(found) > 1:
			names = ", ".join(row.name for row in found)
			refuse(
				_("Several dashboards have this title. Use the name of one of them: {0}.").format(names),
				ConflictError,
			)
		if found:
			return plan_of_insights(found[0])
	return None


def plan_of_insights(row: frappe._dict) -> Plan:
	names = [item["chart"] for item in frappe.parse_json(row["items"]) or [] if item["type"] == "chart"]
	# get_all: who may read the dashboard may read its charts, and each is checked again when it is computed
	found = frappe.get_all(
		INSIGHTS_CHART, {"name": ("in", names)}, ["name", "title", "chart_type", "modified"]
	)
	charts = {chart.name: chart for chart in found}
	items = tuple(Placed(of_insights_chart(charts[name]), INSIGHTS_WIDTH) for name in names if name in charts)
	return Plan(INSIGHTS, row.name, row.title or row.name, items)


def of_insights_chart(chart: frappe._dict) -> Metric:
	kind = kind_of_insights_chart(chart.chart_type) or SERIES
	return of_source(INSIGHTS_CHART, chart.name, chart.title or chart.name, kind, chart.modified)


FINDERS: dict[str, Callable[[str], Plan | None]] = {
	OURS: find_ours,
	FRAPPES: find_frappes,
	INSIGHTS: find_insights,
}
