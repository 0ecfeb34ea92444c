"""Create dashboards, metrics and their sources for tests, and find an item in a reply."""

import json
import time
from dataclasses import asdict
from typing import Any

import requests

import frappe
from frappe.model.document import Document

from orchestrator.insights.dashboards import jobs, layout, scopes, values
from orchestrator.insights.metrics.metrics import Metric
from tests.support import factories

GET = "orchestrator.insights.get_dashboard"
REFRESH = "orchestrator.insights.refresh_metrics"
HISTORY = "orchestrator.insights.get_metric_history"
RANDOM = "SELECT FLOOR(RAND() * 1000000000) AS number, SLEEP({seconds}) AS slept"


def make_unique_name(prefix: str) -> str:
	"""Return a name for the API that no other record has."""
	return f"{prefix}_{frappe.generate_hash(length=8)}"


def make_reader(*roles: str) -> str:
	"""Create a Desk user who may read none of the counted records except their own ToDos."""
	return factories.make_user("Newsletter Manager", *roles).name


def make_todos(count: int, note: str, **values: Any) -> list[str]:
	"""Create ToDos that `note` finds, of the user of the connection unless `allocated_to` says."""
	return [factories.make_record("ToDo", description=note, **values).name for _ in range(count)]


def make_card(note: str, **values: Any) -> Document:
	"""Create a Number Card that counts the ToDos of a note which its reader may read."""
	defaults = {
		"label": factories.make_unique("Card"),
		"type": "Document Type",
		"document_type": "ToDo",
		"function": "Count",
		"filters_json": json.dumps([["ToDo", "description", "=", note]]),
		"is_public": 1,
		"show_percentage_stats": 0,
	}
	return factories.make_record("Number Card", **{**defaults, **values})


def make_chart(note: str, **values: Any) -> Document:
	"""Create a Dashboard Chart of the ToDos of a note by their priority."""
	defaults = {
		"chart_name": factories.make_unique("Chart"),
		"chart_type": "Group By",
		"type": "Bar",
		"document_type": "ToDo",
		"group_by_based_on": "priority",
		"group_by_type": "Count",
		"filters_json": json.dumps([["ToDo", "description", "=", note]]),
		"is_public": 1,
	}
	return factories.make_record("Dashboard Chart", **{**defaults, **values})


def make_report(query: str, **values: Any) -> str:
	"""Create a query report on ToDos, for everyone in Desk."""
	defaults = {
		"report_name": factories.make_unique("Report"),
		"report_type": "Query Report",
		"ref_doctype": "ToDo",
		"is_standard": "No",
		"query": query,
		"roles": [{"role": "Desk User"}],
	}
	return factories.make_record("Report", **{**defaults, **values}).name


def make_metric(source_type: str, source: str | None = None, **values: Any) -> Document:
	"""Create a metric of a card, a chart, a report or a measure."""
	named = {"measure": source} if source_type == "Measure" else {"source": source}
	defaults = {
		"metric_name": make_unique_name("metric"),
		"label": "Things",
		"source_type": source_type,
		**named,
	}
	return factories.make_record("Orchestrator Metric", **{**defaults, **values})


def make_shared_metric(note: str) -> Document:
	"""Create a metric that counts the ToDos of a note as Administrator, shared with the support team."""
	card = make_card(note).name
	shared = {"permission_mode": "Shared", "compute_as": "Administrator", "shared_role": "Support Team"}
	return make_metric("Number Card", card, **shared)


def make_random_metric(seconds: float = 0, **values: Any) -> Document:
	"""Create a metric with a new number for each computation, which takes the given time."""
	report = make_report(RANDOM.format(seconds=seconds))
	return make_metric("Report", report, aggregate="Sum", aggregate_field="number", **values)


def make_dashboard(*metrics: Document, **values: Any) -> str:
	"""Create a dashboard that every Desk user may open, unless `roles` say who."""
	defaults = {
		"dashboard_name": make_unique_name("dashboard"),
		"title": "Things",
		"items": [{"metric": metric.name} for metric in metrics],
		"refresh_minutes": 0,
	}
	return factories.make_record("Orchestrator Dashboard", **{**defaults, **values}).name


def permit_record(user: str, doctype: str, name: str) -> Document:
	"""Restrict the user's records of a DocType to this one and those permitted before."""
	return factories.make_record("User Permission", user=user, allow=doctype, for_value=name)


def get_item(reply: requests.Response, name: str) -> dict[str, Any]:
	"""Return one item of a dashboard's reply."""
	assert reply.status_code == 200, reply.text
	return next(item for item in reply.json()["data"]["items"] if item["name"] == name)


def get_value(reply: requests.Response, name: str) -> Any:
	"""Return the value of one item, asserting that it did not fail."""
	found = get_item(reply, name)
	assert found["error"] is None, found
	return found["value"]


def get_only_metric(dashboard: str) -> Metric:
	"""Return the only metric of a dashboard."""
	plan = layout.get_layout(dashboard)
	assert plan
	return plan.items[0].metric


def rewrite_snapshot(dashboard: str, scope: scopes.Scope, **changes: Any) -> None:
	"""Change the cached value of the dashboard's only metric, as if it had been computed so."""
	metric = get_only_metric(dashboard)
	found = values.get_cached_values([(metric, scope)])[0]
	assert found
	cache = frappe.cache()
	text = frappe.as_json({**asdict(found), **changes})
	cache.setex(cache.make_key(values.build_key(metric, scope)), values.TTL_SECONDS, text)


def make_older(dashboard: str, scope: scopes.Scope, minutes: float, **changes: Any) -> None:
	rewrite_snapshot(dashboard, scope, at=time.time() - minutes * 60, **changes)


def record_history() -> None:
	"""Write history and alerts, as the scheduled job does."""
	frappe.db.rollback()
	jobs.write_notes()


def list_notifications(user: str, metric: str) -> list[str]:
	frappe.db.rollback()
	filters = {"for_user": user, "document_type": "Orchestrator Metric", "document_name": metric}
	return frappe.get_all("Notification Log", filters, pluck="subject", order_by="creation asc")


def make_all_older(dashboard: str, user: str, seconds: float) -> None:
	"""Make the cached values of a dashboard for a user older."""
	frappe.set_user(user)
	scope = scopes.build_caller_scope()
	frappe.set_user("Administrator")
	plan = layout.get_layout(dashboard)
	assert plan
	cache = frappe.cache()
	metrics = [placed.metric for placed in plan.items]
	for metric, found in zip(
		metrics, values.get_cached_values([(metric, scope) for metric in metrics]), strict=True
	):
		assert found
		text = frappe.as_json({**asdict(found), "at": found.at - seconds})
		cache.setex(cache.make_key(values.build_key(metric, scope)), values.TTL_SECONDS, text)
