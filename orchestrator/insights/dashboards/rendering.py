"""Render a dashboard for its reader: the value of each item comes from the cache or is computed, slow ones by
a job.
"""

import re
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, cast

import frappe
from frappe import _
from frappe.utils import cint

from orchestrator import period
from orchestrator.api.parameters import parse_json
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.insights.dashboards import jobs, layout, values
from orchestrator.insights.dashboards.layout import DashboardItem, DashboardLayout
from orchestrator.insights.dashboards.permitted_values import PermittedValue, get_permitted_values
from orchestrator.insights.dashboards.scopes import Scope
from orchestrator.insights.dashboards.values import QUICK_SECONDS, Value
from orchestrator.insights.metrics.dashboard_filters import DashboardFilters
from orchestrator.insights.metrics.metrics import Metric
from orchestrator.insights.shapes import Dashboard, Filters, Item, RecordList
from orchestrator.measure_queries import PRECISION

# Time budget of one request; the rest goes to a job.
BUDGET_SECONDS = 10.0
# Items that took longer last time go to a job at once.
SLOW_SECONDS = 3.0
PERIOD_OF_LABEL = re.compile(r"\s*\([^()]*\)$")


def get_dashboard(plan: DashboardLayout) -> Dashboard:
	"""Return the dashboard with the available values.

	Items that were never computed for the caller are computed now, as are due items that are quick. Due items
	that are slow are returned as they are, `stale`.
	"""
	permitted = get_permitted_values(plan.items)
	due = [
		placed
		for placed, scope, value in permitted
		if scope and (value is None or _is_due_and_quick(value, placed))
	]
	return _compute_within_budget(plan, permitted, due)


def refresh_items(plan: DashboardLayout, chosen: Sequence[DashboardItem]) -> Dashboard:
	"""Return the selected items, computed again, and notify open Desk pages."""
	asked_at, permitted = time.time(), get_permitted_values(chosen)
	quick = [placed for placed, scope, value in permitted if scope and not _is_slow(value)]
	shown = _compute_within_budget(plan, permitted, quick, queue_the_rest=True)
	jobs.enqueue_record()
	ready = [placed.metric for placed in chosen if placed.metric.name not in shown["queued"]]
	jobs.publish_refresh(plan, ready, asked_at)
	return shown


def compute_dashboard(plan: DashboardLayout) -> Dashboard:
	"""Return the dashboard with all values computed now, however long it takes. For jobs."""
	items = []
	for placed, scope, value in get_permitted_values(plan.items):
		newer = values.compute_once(placed.metric, scope, value) or value if scope else None
		items.append(_build_item(plan.filters, placed, scope, newer, is_queued=False))
	return _build_dashboard(plan, items, [])


def _is_due_and_quick(value: Value, placed: DashboardItem) -> bool:
	return values.is_due(value, placed.metric) and value.seconds <= QUICK_SECONDS


def _is_slow(value: Value | None) -> bool:
	return value is not None and value.seconds > SLOW_SECONDS


def select_items(plan: DashboardLayout, items: Any) -> list[DashboardItem]:
	"""Return the named items, all without names.

	Raises InvalidRequestError (400) if it is not a list of names, DoesNotExistError (404) for a name that is
	not on the dashboard.
	"""
	names = _parse_items(items)
	if not names:
		return list(plan.items)
	known = {placed.metric.name for placed in plan.items}
	if unknown := [name for name in names if name not in known]:
		refuse(
			_("Dashboard {0} has no metric {1}.").format(plan.name, ", ".join(unknown)),
			frappe.DoesNotExistError,
		)
	return [placed for placed in plan.items if placed.metric.name in names]


def _parse_items(items: Any) -> list[str]:
	text = items.strip() if isinstance(items, str) else None
	parsed = [text] if text and not text.startswith(("[", "{", '"')) else parse_json("items", items)
	if parsed is None:
		return []
	if not isinstance(parsed, list) or not all(isinstance(name, str) for name in parsed):
		refuse(_("items must be a list of the names of this dashboard's metrics."), InvalidRequestError)
	return parsed


def _compute_within_budget(
	plan: DashboardLayout,
	permitted: list[PermittedValue],
	due: Sequence[DashboardItem],
	queue_the_rest: bool = False,
) -> Dashboard:
	"""Compute the due items within the time budget, queue the others, and notify pages."""
	deadline = time.monotonic() + BUDGET_SECONDS
	queued: list[str] = []
	items: list[Item] = []
	for placed, scope, value in permitted:
		is_due = placed in due
		if scope and is_due and time.monotonic() < deadline:
			value = values.compute_once(placed.metric, scope, value) or value
		elif scope and (is_due or queue_the_rest):
			queued.append(placed.metric.name)
		items.append(_build_item(plan.filters, placed, scope, value, placed.metric.name in queued))
	if queued:
		jobs.enqueue_refresh(plan, queued)
	return _build_dashboard(plan, items, queued)


def _build_dashboard(plan: DashboardLayout, items: list[Item], queued: list[str]) -> Dashboard:
	times = [item["refreshed_at"] for item in items if item["refreshed_at"]]
	return Dashboard(
		dashboard=plan.name,
		doctype=plan.doctype,
		title=_(plan.title),
		refreshed_at=min(times) if times else None,
		filters=cast(Filters, plan.filters.to_dict()),
		available_filters=layout.list_available_filters(plan),
		items=items,
		queued=queued,
	)


def _build_item(
	filters: DashboardFilters,
	placed: DashboardItem,
	scope: Scope | None,
	value: Value | None,
	is_queued: bool,
) -> Item:
	"""Return an item of the reply."""
	metric = placed.metric
	previous = value.previous if value else None
	change = _compute_change(value)
	return Item(
		name=metric.name,
		label=_render_label(metric),
		kind=value.kind if value else metric.kind,
		value=value.value if value else None,
		previous=previous,
		change=change,
		change_percent=round(change / abs(previous) * 100, 2) if change is not None and previous else None,
		unit=metric.unit or (value.unit if value else None),
		direction=metric.direction,
		width=placed.width,
		display=placed.display,
		refreshed_at=period.to_iso(period.to_site_time(datetime.fromtimestamp(value.at, timezone.utc)))
		if value
		else None,
		stale=is_queued or bool(scope and (value is None or values.is_due(value, metric))),
		records=_list_readable_records(value, is_shared=bool(metric.compute_as)),
		applied_filters=list(metric.dashboard_filters.names),
		ignored_filters=[name for name in filters.names if name not in metric.dashboard_filters.names],
		error=value.error if value else (None if scope else build_refusal(metric)),  # type: ignore[typeddict-item]
	)


def _render_label(metric: Metric) -> str:
	"""Return the label; for another period, without the one that it ends with in parentheses."""
	label = _(metric.label)
	return PERIOD_OF_LABEL.sub("", label) if metric.dashboard_filters.dates else label


def _list_readable_records(value: Value | None, is_shared: bool) -> list[RecordList] | None:
	"""Return the records behind a value, of DocTypes that the caller may read. A shared value may count others' records:
	it gives no names of them.
	"""
	found = (value.records if value else None) or []
	readable = [
		records
		for records in found
		if frappe.has_permission(records["doctype"], "read") and not (is_shared and _has_names(records))
	]
	return cast(list[RecordList], readable) or None


def _has_names(records: dict[str, Any]) -> bool:
	return any(field == "name" for field, *_condition in records["filters"])


def _compute_change(value: Value | None) -> float | None:
	"""Return the change of the number since the previous value."""
	if value is None or value.kind != "number" or value.value is None or value.previous is None:
		return None
	return round(value.value - value.previous, PRECISION)


def build_refusal(metric: Metric) -> dict[str, str]:
	text = _("This figure is shared with the role {0}, which you do not have.").format(metric.shared_role)
	return {"type": frappe.PermissionError.__name__, "message": text}


def parse_days(days: Any, default: int, at_most: int) -> int:
	"""Return a number of days. 400 for any other value."""
	found = cint(days) if days not in (None, "") else default
	if not 1 <= found <= at_most:
		refuse(_("days must be a whole number from 1 to {0}.").format(at_most), InvalidRequestError)
	return found
