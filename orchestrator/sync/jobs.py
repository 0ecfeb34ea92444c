"""Scheduled jobs: queued runs, scheduled runs, and their cleanup. Job arguments are names only."""

from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import add_to_date, get_datetime

from orchestrator import clock
from orchestrator.doctypes import KIPU_CONNECTION, SYNC_CHANGE, SYNC_ISSUE, SYNC_RUN
from orchestrator.sync.actions import run_requests
from orchestrator.sync.actions.staleness import list_stale_connections
from orchestrator.sync.runs import alerts, engine, run_queue, run_records
from orchestrator.sync.runs.run_queue import RunConflictError
from orchestrator.sync.runs.run_records import RunRequest
from orchestrator.sync.wizard import background_test

# Tolerance of the schedule, which runs every five minutes: a run may have begun a little late.
SCHEDULE_TOLERANCE = timedelta(seconds=90)
NIGHTLY_INTERVAL, WEEKLY_INTERVAL = timedelta(hours=12), timedelta(days=3)
CHANGE_RETENTION_DAYS = 30
RUN_RETENTION_DAYS = 180
SCHEDULED_SYNC_TYPES = {"enabled": 1, "schedule_enabled": 1, "status": "Active"}


def run_queued(run: str) -> None:
	"""Run as a job: execute a queued run."""
	if claimed := run_queue.claim_queued_run(run):
		engine.execute(claimed)


def run_connection_test(connection: str, test: str) -> None:
	"""Run as a job: execute a queued test of a connection."""
	background_test.run_test(connection, test)


def start_due_runs() -> None:
	"""Run every five minutes: start an incremental run of each connection whose interval has passed."""
	for row in frappe.get_all(
		KIPU_CONNECTION, filters=SCHEDULED_SYNC_TYPES, fields=["name", "interval_minutes"]
	):
		since = clock.get_now() - timedelta(minutes=row.interval_minutes) + SCHEDULE_TOLERANCE
		if not _has_run_since(row.name, since, ("incremental", "full")):
			_enqueue_run(row.name, "incremental")


def start_census() -> None:
	"""Run at night, several times in case another run is active: read the census and the vault."""
	for name in frappe.get_all(KIPU_CONNECTION, filters=SCHEDULED_SYNC_TYPES, pluck="name"):
		if not _has_run_since(name, clock.get_now() - NIGHTLY_INTERVAL, ("census", "full")):
			_enqueue_run(name, "census")


def start_reconcile() -> None:
	"""Run one night a week, several times in case another run is active: read everything and correct
	differences.
	"""
	for name in frappe.get_all(KIPU_CONNECTION, filters=SCHEDULED_SYNC_TYPES, pluck="name"):
		if not _has_run_since(name, clock.get_now() - WEEKLY_INTERVAL, ("full",)):
			_enqueue_run(name, "full")


def _enqueue_run(connection: str, sync_type: str) -> None:
	"""Enqueue a run, unless another is active or waits for approval.

	An error of one connection does not affect others.
	"""
	if frappe.db.exists(SYNC_RUN, {"connection": connection, "status": "Held", "dry_run": 0}):
		return
	try:
		run_requests.enqueue_request(RunRequest(connection, sync_type, trigger="Schedule"))
	except RunConflictError:
		frappe.db.rollback()


def give_up_dead_runs() -> None:
	"""Run every five minutes: mark runs whose process is gone as Interrupted.

	The next run continues from there.
	"""
	connections = frappe.get_all(
		SYNC_RUN, filters={"status": ("in", run_records.LIVE_STATUSES)}, pluck="connection", distinct=True
	)
	for connection in connections:
		run_queue.interrupt_dead_runs(connection)
		frappe.db.commit()


def notify_stale_connections() -> None:
	"""Run hourly: notify once if a connection has had no success for too long."""
	for row in list_stale_connections():
		if not _was_notified_since(row.name, get_datetime(row.last_success or row.creation)):
			text = _("Kipu connection {0}: no sync has succeeded for {1} hours")
			alerts.send_notification(text.format(row.name, row.stale_after_hours), KIPU_CONNECTION, row.name)


def delete_old_records() -> None:
	"""Run daily: delete old records. A run older than the first limit cannot be rolled back."""
	before = add_to_date(clock.get_now(), days=-CHANGE_RETENTION_DAYS)
	frappe.db.delete(SYNC_CHANGE, {"creation": ("<", before)})
	before = add_to_date(clock.get_now(), days=-RUN_RETENTION_DAYS)
	over = ("not in", (*run_records.LIVE_STATUSES, "Held"))
	frappe.db.delete(SYNC_RUN, {"creation": ("<", before), "status": over})
	frappe.db.delete(SYNC_ISSUE, {"modified": ("<", before), "status": "Resolved"})


def _has_run_since(connection: str, since: datetime, sync_types: tuple[str, ...]) -> bool:
	"""Return True if a run of one of these types started since then, whatever its result."""
	filters = {
		"connection": connection,
		"dry_run": 0,
		"sync_type": ("in", sync_types),
		"creation": (">", since),
	}
	return bool(frappe.db.exists(SYNC_RUN, filters))


def _was_notified_since(connection: str, since: datetime) -> bool:
	filters = {"document_type": KIPU_CONNECTION, "document_name": connection, "creation": (">", since)}
	return bool(frappe.db.exists("Notification Log", filters))
