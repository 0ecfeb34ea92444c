"""The state of a connection at a glance: latest runs, lag, open issues and the next run."""

from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import get_datetime

from orchestrator import clock
from orchestrator.doctypes import KIPU_CONNECTION, SYNC_ISSUE, SYNC_RUN
from orchestrator.exceptions import refuse
from orchestrator.period import to_iso
from orchestrator.sync.actions import history
from orchestrator.sync.shapes import ConnectionHealth

MAX_RUNS = 20
FIELDS = ("status", "enabled", "schedule_enabled", "interval_minutes", "last_success")


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
		"minutes_since_success": int((clock.get_now() - last).total_seconds() // 60) if last else None,
		"next_run_at": to_iso(_compute_next_run(name, row)),
		"open_issues": _count_open_issues(name),
		"runs": history.list_runs(MAX_RUNS, 0, name)[::-1],
	}


def _compute_next_run(name: str, row: frappe._dict) -> datetime | None:
	"""Return when the interval since the last run ends, now if it has; None if the schedule does not run the connection."""
	if not (row.enabled and row.schedule_enabled and row.status == "Active"):
		return None
	last = frappe.db.get_value(
		SYNC_RUN,
		{"connection": name, "dry_run": 0, "sync_type": ("in", ("incremental", "full"))},
		"creation",
		order_by="creation desc",
	)
	now = clock.get_now()
	return max(get_datetime(last) + timedelta(minutes=row.interval_minutes), now) if last else now


def _count_open_issues(name: str) -> dict[str, int]:
	"""Return the number of open issues by kind."""
	# get_all: users who may read the connection may read its issues
	kinds = frappe.get_all(SYNC_ISSUE, {"connection": name, "status": "Open"}, pluck="kind", limit=0)
	return {kind: kinds.count(kind) for kind in sorted(set(kinds))}
