"""Background jobs of dashboards: slow refreshes, scheduled refreshes, and the single writer of history and
alerts.
"""

import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import LockError, LockNotOwnedError

import frappe
from frappe.translate import get_user_lang, print_language
from frappe.utils.background_jobs import is_job_enqueued

from orchestrator.access.acting_user import run_as_user
from orchestrator.access.key_scope import get_scope, is_active
from orchestrator.insights.dashboards import alerts, history, layout, scopes, values
from orchestrator.insights.dashboards.layout import ORCHESTRATOR_DASHBOARD, DashboardLayout
from orchestrator.insights.dashboards.permitted_values import get_permitted_values
from orchestrator.insights.dashboards.scopes import ADMINISTRATOR
from orchestrator.insights.metrics.dashboard_filters import NO_FILTERS, DashboardFilters
from orchestrator.insights.metrics.metrics import Metric

EVENT = "orchestrator_metrics"
RECORD_JOB = "orchestrator_metrics_record"
REFRESHED = "orchestrator:dashboards-refreshed"
JOB_TIMEOUT = 1500
LOCKED_SECONDS = 600
READER_DAYS = 7
MAX_READERS = 50


def enqueue_refresh(plan: DashboardLayout, names: list[str]) -> None:
	"""Enqueue a job that computes these items for the caller, unless it is queued already."""
	lang = frappe.local.lang
	scope = get_scope()
	caller = f"{frappe.session.user}:{scope.key}" if scope else frappe.session.user
	job = f"orchestrator_metrics:{plan.doctype}:{plan.name}:{caller}:{lang}:{','.join(sorted(names))}"
	filters = plan.filters.to_dict() if plan.filters.names else None
	arguments = {"doctype": plan.doctype, "dashboard": plan.name, "names": names, "lang": lang}
	_enqueue_once(f"{job}{plan.filters.digest}", _refresh_items, filters=filters, **arguments)


def _enqueue_once(job: str, work: Callable[..., Any], **arguments: Any) -> None:
	"""Enqueue a long job, unless it is queued already."""
	if not is_job_enqueued(job):
		frappe.enqueue(work, queue="long", timeout=JOB_TIMEOUT, job_id=job, deduplicate=True, **arguments)


def _refresh_items(
	doctype: str,
	dashboard: str,
	names: list[str],
	lang: str | None = None,
	filters: dict[str, str | None] | None = None,
) -> None:
	"""Run as a job: compute the items one after the other, as the requesting user and in their language."""
	frappe.local.lang = lang or get_user_lang()
	plan, asked_at = layout.get_dashboard(dashboard, doctype), time.time()
	plan = plan.apply_filters(DashboardFilters.from_dict(filters) if filters else NO_FILTERS)
	for placed, scope, value in get_permitted_values(
		[item for item in plan.items if item.metric.name in names]
	):
		if scope:
			values.compute_once(placed.metric, scope, value)
			publish_refresh(plan, [placed.metric], asked_at, at_once=True)
	enqueue_record()


def publish_refresh(
	plan: DashboardLayout, metrics: list[Metric], asked_at: float, at_once: bool = False
) -> None:
	"""Notify open pages of the dashboard that these items are newer than `asked_at`. The message has no
	values, which others may not see: each page requests those of its reader.
	"""
	if metrics:
		values.mark_outdated(metrics, asked_at)
		frappe.publish_realtime(
			EVENT,
			{"dashboard": plan.name, "items": [metric.name for metric in metrics]},
			doctype=plan.doctype,
			docname=plan.name,
			after_commit=not at_once,
		)


def enqueue_record() -> None:
	"""Enqueue a job that writes history and alerts."""
	if not is_active() and not is_job_enqueued(
		RECORD_JOB
	):  # it would write everybody's with the scope of a key
		frappe.enqueue(
			write_notes, queue="short", job_id=RECORD_JOB, deduplicate=True, enqueue_after_commit=True
		)


def write_notes() -> int:
	"""Run as a scheduled job: save the computed values, and notify of crossed thresholds.

	One run at a time.
	"""
	cache = frappe.cache()
	lock = cache.lock(cache.make_key(f"{RECORD_JOB}:lock"), timeout=LOCKED_SECONDS)
	if not lock.acquire(blocking=False):
		return 0
	try:
		notes = history.claim_notes()
		alerts.send_due_alerts(notes)
		history.upsert_points(notes)
		frappe.db.commit()
		history.delete_claimed_notes()
	finally:
		try:
			lock.release()
		except (LockNotOwnedError, LockError):
			frappe.logger("orchestrator").warning("the record of metrics took longer than its lock")
	return len(notes)


def refresh_due_dashboards() -> list[str]:
	"""Run as a scheduled job: queue each dashboard that is due. Return their names."""
	cache = frappe.cache()
	key, moment, queued = cache.make_key(REFRESHED), time.time(), []
	# get_all: the scheduler acts for all users
	for row in frappe.get_all(
		ORCHESTRATOR_DASHBOARD, {"disabled": 0, "refresh_minutes": (">", 0)}, ["name", "refresh_minutes"]
	):
		last = float(cache.execute_command("HGET", key, row.name) or 0)
		if moment - last < row.refresh_minutes * 60:
			continue
		cache.execute_command("HSET", key, row.name, moment)
		_enqueue_once(f"orchestrator_dashboard:{row.name}", refresh_dashboard, dashboard=row.name)
		queued.append(row.name)
	return queued


def refresh_dashboard(dashboard: str) -> None:
	"""Run as a job: compute the values of each reader of the last week, in their language; shared ones once per
	language.
	"""
	plan, asked_at = layout.get_layout(dashboard), time.time()
	if not plan:
		return
	own = [placed.metric.key for placed in plan.items if not placed.metric.compute_as]
	readers = history.list_readers(own, READER_DAYS, MAX_READERS)
	for lang in sorted({get_user_lang(user) for user in [ADMINISTRATOR, *readers]}):
		with run_as_user(ADMINISTRATOR), print_language(lang):
			_refresh_layout(plan, shared=True)
	for user in readers:
		with run_as_user(user), print_language(get_user_lang(user)):
			_refresh_layout(plan, shared=False)
	write_notes()
	publish_refresh(plan, [placed.metric for placed in plan.items], asked_at, at_once=True)


def _refresh_layout(plan: DashboardLayout, shared: bool) -> None:
	"""Compute the layout's shared items, or those of the session's user."""
	own = None if shared else scopes.build_caller_scope()
	for placed in plan.items:
		metric = placed.metric
		if shared and metric.compute_as:
			scope = scopes.build_shared_scope(metric.compute_as)
		elif own and not metric.compute_as:
			scope = own
		else:
			continue
		values.compute_once(metric, scope, values.get_cached_values([(metric, scope)])[0])
