"""Parse requests to the sync strictly, and execute them at once or in a job."""

import time
from collections.abc import Collection
from datetime import date, datetime, timedelta, timezone

import frappe
from frappe import _

from orchestrator.api.call import get_current_call
from orchestrator.doctypes import KIPU_CONNECTION
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.period import parse_date
from orchestrator.sync import connection
from orchestrator.sync.actions import history
from orchestrator.sync.connection import InvalidSettingsError, Source
from orchestrator.sync.errors import SyncError, TransientError
from orchestrator.sync.runs import engine, run_queue, run_records
from orchestrator.sync.runs.context import ProgressCallback, get_next_day
from orchestrator.sync.runs.run_queue import RunConflictError
from orchestrator.sync.runs.run_records import RunRequest
from orchestrator.sync.shapes import RunStanding, SyncResult

SYNC_TYPES = ("incremental", "full")
JOB_TIMEOUT_SECONDS = 6 * 60 * 60
# A call with more records runs in a job, as does one whose remote cannot be reached or asks for a longer wait than this.
MAX_SYNC_RECORDS = 1000
MAX_WAIT_SECONDS = 10.0
# A call for several connections starts no further run after this while its caller waits: the rest runs in jobs.
MAX_CALL_SECONDS = 20.0


class _RemoteBusyError(Exception):
	"""The remote asked for a longer wait before the next request."""


def parse_request(sync_type: str, dry_run: bool, since_date: str | None) -> RunRequest:
	"""Return the request without its connection. Raises InvalidRequestError (400) naming the invalid
	parameter.
	"""
	if sync_type not in SYNC_TYPES:
		refuse(
			_("sync_type must be one of {0}, not {1}.").format(", ".join(SYNC_TYPES), sync_type[:40]),
			InvalidRequestError,
		)
	since = parse_date("since_date", since_date) if since_date else None
	if since and not date(2000, 1, 1) <= since <= datetime.now(timezone.utc).date() + timedelta(days=1):
		refuse(_("since_date must be a day between 2000-01-01 and today."), InvalidRequestError)
	kind = "backfill" if since else sync_type
	return RunRequest("", kind, dry_run, since, get_trigger())


def get_trigger() -> str:
	"""Return Desk or API, depending on the client."""
	call = get_current_call()
	return "Desk" if call and call.from_browser else "API"


def list_connections(name: str | None) -> list[str]:
	"""Return the requested connection, or all that are enabled.

	Raises 404 for an unknown one, 422 if there is none.
	"""
	if name:
		if not frappe.db.exists(KIPU_CONNECTION, name):
			refuse(_("Kipu Connection {0} not found.").format(name), frappe.DoesNotExistError)
		if not frappe.db.get_value(KIPU_CONNECTION, name, "enabled"):
			refuse(
				_("Kipu Connection {0} is switched off. Enable it first.").format(name), InvalidSettingsError
			)
		return [name]
	# get_all: users who may start a sync may start all of it
	names = frappe.get_all(KIPU_CONNECTION, filters={"enabled": 1}, pluck="name", order_by="name")
	if not names:
		refuse(_("No Kipu Connection is enabled. Create or enable one first."), InvalidSettingsError)
	return names


def execute_requests(order: RunRequest, names: Collection[str], background: bool | None) -> SyncResult:
	"""Run each connection. One of several that fails does not stop the others."""
	for name in names:
		connection.get_source(name)
		connection.validate_credentials(name)
	several = len(names) > 1
	latest_start = time.monotonic() + MAX_CALL_SECONDS
	standings: list[RunStanding] = []
	for name in names:
		in_job = True if background is None and time.monotonic() > latest_start else background
		standings.append(_execute_request(_limit_to_connection(order, name), in_job, several))
	return _build_result(order, standings)


def _execute_request(order: RunRequest, background: bool | None, several: bool) -> RunStanding:
	"""Run one connection, here or in a job. Of several, a busy one is reported by its active run."""
	try:
		if background is None:
			background = _is_large(order)
		return enqueue_request(order) if background else run_in_process(order)
	except RunConflictError:
		live = run_queue.get_live_run(order.connection)
		if several and live:
			frappe.clear_last_message()
			return history.get_run(live)
		raise


def run_in_process(order: RunRequest, watch: ProgressCallback | None = None) -> RunStanding:
	"""Run in this process and wait for the end."""
	run = run_queue.begin_run(order)
	engine.execute(run, watch)
	return history.get_run(run.name)


def enqueue_request(order: RunRequest) -> RunStanding:
	"""Queue a run and enqueue its job."""
	name = run_queue.queue_run(order)
	enqueue_run(name)
	return history.get_run(name)


def enqueue_run(name: str) -> None:
	"""Enqueue the job of a queued run. Its arguments contain only the run's name."""
	frappe.enqueue(
		"orchestrator.sync.jobs.run_queued",
		queue=run_queue.QUEUE_NAME,
		timeout=JOB_TIMEOUT_SECONDS,
		job_id=run_queue.build_job_id(name),
		run=name,
	)


def _is_large(order: RunRequest) -> bool:
	"""Return True if the run is too long for a caller to wait, by the total on the remote's first page; also
	if the remote is busy or cannot be reached. If the page fails, the run itself will report the reason.
	"""
	source = connection.get_source(order.connection)
	start = _compute_first_day(order, source)
	client, session = connection.open_client(source.name, _wait_briefly, caller_waits=True)
	try:
		page = next(client.list_updated(start, get_next_day(datetime.now(timezone.utc).date())))
	except _RemoteBusyError:
		return True
	except SyncError as error:
		return isinstance(error, TransientError) and (error.status is None or bool(error.retry_after))
	finally:
		session.close()
	return (page.total_records or 0) > MAX_SYNC_RECORDS


def _wait_briefly(seconds: float) -> None:
	if seconds > MAX_WAIT_SECONDS:
		raise _RemoteBusyError
	time.sleep(seconds)


def _compute_first_day(order: RunRequest, source: Source) -> date:
	"""Return the first day that a request reads."""
	if order.since_date or order.sync_type == "full" or not source.cursor:
		return order.since_date or source.history_start
	return source.cursor - timedelta(days=source.overlap_days)


def _build_result(order: RunRequest, standings: list[RunStanding]) -> SyncResult:
	"""Return the counts of all runs in the documented form."""
	only = standings[0] if len(standings) == 1 else None
	return {
		"imported": sum(run["imported"] for run in standings),
		"updated": sum(run["updated"] for run in standings),
		"skipped": sum(run["skipped"] for run in standings),
		"errors": [error for run in standings for error in run["errors"]],
		"sync_duration_seconds": round(sum(run["sync_duration_seconds"] for run in standings), 3),
		"run": only["run"] if only else None,
		"status": history.get_worst_status(standings),
		"background": any(run["status"] in run_records.LIVE_STATUSES for run in standings),
		"dry_run": order.dry_run,
		"sync_type": order.sync_type,
		"cursor_before": only["cursor_before"] if only else None,
		"cursor_after": only["cursor_after"] if only else None,
		"runs": standings,
	}


def _limit_to_connection(order: RunRequest, name: str) -> RunRequest:
	return RunRequest(name, order.sync_type, order.dry_run, order.since_date, order.trigger)
