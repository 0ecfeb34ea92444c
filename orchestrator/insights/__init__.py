"""The insights endpoints: dashboards, their metrics, and what these were."""

import frappe
from frappe import _lt

from orchestrator.api.endpoint import READS, WRITES, endpoint
from orchestrator.insights import board, dashboards, trends
from orchestrator.insights.shapes import Dashboard, History


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Dashboard fetched"), effect=READS)
def get_dashboard(dashboard: str, doctype: str | None = None) -> Dashboard:
	"""A dashboard's items with their values: one of this app's dashboards, a Frappe Dashboard, or an Insights dashboard
	by its name or title; looked for in this order, or as `doctype` says.

	For who may open it. Each figure counts what the caller may read, unless its metric is shared with a role of theirs;
	an item that fails says why and leaves the others alone. Raises DoesNotExistError (404) for a dashboard that is missing
	or hidden, PermissionError (403) where the caller may read no dashboards at all, Conflict (409) for a title that
	several have, BadRequest (400) for another DocType, MissingApp (501) for an Insights dashboard without Insights."""
	return board.show(dashboards.find(dashboard, doctype))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Metrics refreshed"), effect=WRITES)
def refresh_metrics(dashboard: str, items: str | list | None = None, doctype: str | None = None) -> Dashboard:
	"""Compute `items`, names of the dashboard's metrics (all of them without), anew, and answer with them.

	Callers who ask at the same time get one computation. What is slow goes to a job: `queued` names it, and open Desk
	pages are told when it is done. Permissions and errors as get_dashboard has them; DoesNotExistError (404) also for a
	metric that is not on the dashboard, BadRequest (400) for `items` that are no list of names."""
	plan = dashboards.find(dashboard, doctype)
	return board.refresh(plan, board.choose(plan, items))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("History fetched"), effect=READS)
def get_metric_history(
	dashboard: str, metric: str, days: str | int | None = None, doctype: str | None = None
) -> History:
	"""What a number of the dashboard was on each of the last `days` days (30, at most 730) on which it was computed, for
	the caller or, of a shared metric, for everyone.

	Permissions and errors as get_dashboard has them; PermissionError (403) for a shared metric without its role,
	DoesNotExistError (404) for a metric that is not on the dashboard, BadRequest (400) for the days."""
	plan = dashboards.find(dashboard, doctype)
	placed = board.choose(plan, [metric])[0]
	return trends.of(placed, board.read_days(days, trends.DAYS, trends.MAX_DAYS))
