"""The state of connections at a glance: latest runs, lag, open issues and the next run."""

from collections.abc import Collection
from datetime import datetime, timedelta

from pypika.functions import Count, Max

import frappe
from frappe import _
from frappe.utils import get_datetime

from orchestrator import clock
from orchestrator.doctypes import KIPU_CONNECTION, SYNC_ISSUE, SYNC_RUN
from orchestrator.exceptions import refuse
from orchestrator.period import to_iso
from orchestrator.sync.actions import history
from orchestrator.sync.actions.staleness import list_stale_connections
from orchestrator.sync.runs.run_records import LIVE_STATUSES
from orchestrator.sync.shapes import ConnectionHealth, ConnectionSummary

MAX_RUNS = 20
FIELDS = ("status", "enabled", "schedule_enabled", "interval_minutes", "last_success")
SUMMARY_FIELDS = (*FIELDS, "name", "paused_reason", "tested_at", "cursor")
SCHEDULED_TYPES = ("incremental", "full")


def get_health(name: str) -> ConnectionHealth:
	"""Return the state of a connection. DoesNotExistError (404) if there is none."""
	row = frappe.db.get_value(KIPU_CONNECTION, name, FIELDS, as_dict=True)
	if not row:
		refuse(_("Kipu Connection {0} not found.").format(name), frappe.DoesNotExistError)
	last = get_datetime(row.last_success) if row.last_success else None
	return {
		"connection": name,
		"status": row.status,
		"last_success": to_iso(last),
		"minutes_since_success": _count_minutes_since(last),
		"next_run_at": to_iso(_compute_next_run(row, _find_latest_runs([name]).get(name))),
		"open_issues": _count_open_issues(name),
		"runs": history.list_runs(MAX_RUNS, 0, name)[::-1],
	}


def list_summaries(only: str | None) -> list[ConnectionSummary]:
	"""Return the state of one or all connections that the caller may read, in five queries however many there are."""
	filters = {"name": only} if only else {}
	rows = frappe.get_list(
		KIPU_CONNECTION, filters=filters, fields=list(SUMMARY_FIELDS), order_by="name", limit_page_length=0
	)
	names = [row.name for row in rows]
	if not names:
		return []
	latest, issues, live = _find_latest_runs(names), _count_issues(names), _find_live_runs(names)
	stale = {row.name for row in list_stale_connections()}
	return [
		_build_summary(
			row, latest.get(row.name), issues.get(row.name, 0), live.get(row.name), row.name in stale
		)
		for row in rows
	]


def _build_summary(
	row: frappe._dict, latest: datetime | None, issues: int, live_run: str | None, is_stale: bool
) -> ConnectionSummary:
	last = get_datetime(row.last_success) if row.last_success else None
	return {
		"connection": row.name,
		"enabled": bool(row.enabled),
		"status": row.status,
		"paused_reason": row.paused_reason,
		"schedule_enabled": bool(row.schedule_enabled),
		"interval_minutes": row.interval_minutes,
		"is_set_up": bool(row.last_success),
		"last_success": to_iso(last),
		"minutes_since_success": _count_minutes_since(last),
		"is_stale": is_stale,
		"synced_up_to": str(row.cursor) if row.cursor else None,
		"next_run_at": to_iso(_compute_next_run(row, latest)),
		"open_issues": issues,
		"live_run": live_run,
	}


def _count_minutes_since(moment: datetime | None) -> int | None:
	return int((clock.get_now() - moment).total_seconds() // 60) if moment else None


def _find_latest_runs(names: Collection[str]) -> dict[str, datetime]:
	"""Return when the latest run of those that the schedule counts was requested, by connection."""
	run = frappe.qb.DocType(SYNC_RUN)
	query = (
		frappe.qb.from_(run)
		.select(run.connection, Max(run.creation))
		.where(run.connection.isin(list(names)) & (run.dry_run == 0) & run.sync_type.isin(SCHEDULED_TYPES))
		.groupby(run.connection)
	)
	return {name: get_datetime(moment) for name, moment in query.run()}


def _find_live_runs(names: Collection[str]) -> dict[str, str]:
	filters = {"connection": ("in", list(names)), "status": ("in", LIVE_STATUSES)}
	# get_all: users who may read the connections may read their runs
	rows = frappe.get_all(SYNC_RUN, filters=filters, fields=["connection", "name"], limit=0)
	return {row.connection: row.name for row in rows}


def _count_issues(names: Collection[str]) -> dict[str, int]:
	issue = frappe.qb.DocType(SYNC_ISSUE)
	query = (
		frappe.qb.from_(issue)
		.select(issue.connection, Count(issue.name))
		.where(issue.connection.isin(list(names)) & (issue.status == "Open"))
		.groupby(issue.connection)
	)
	return dict(query.run())


def _compute_next_run(row: frappe._dict, last: datetime | None) -> datetime | None:
	"""Return when the interval since the last run ends, now if it has; None if the schedule does not run the connection."""
	if not (row.enabled and row.schedule_enabled and row.status == "Active"):
		return None
	now = clock.get_now()
	return max(last + timedelta(minutes=row.interval_minutes), now) if last else now


def _count_open_issues(name: str) -> dict[str, int]:
	"""Return the number of open issues by kind."""
	# get_all: users who may read the connection may read its issues
	kinds = frappe.get_all(SYNC_ISSUE, {"connection": name, "status": "Open"}, pluck="kind", limit=0)
	return {kind: kinds.count(kind) for kind in sorted(set(kinds))}
