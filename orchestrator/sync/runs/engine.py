"""Execute a run from beginning to end. An error becomes the run's status, without any value of a record."""

from contextlib import suppress

import frappe

from orchestrator import clock, leases
from orchestrator.api import errors as api_errors
from orchestrator.doctypes import KIPU_CONNECTION
from orchestrator.sync import connection
from orchestrator.sync.errors import AccessDeniedError, InvalidAccessIdError, SyncError
from orchestrator.sync.runs import alerts, phases, rollback
from orchestrator.sync.runs.context import ApprovalRequiredError, ProgressCallback, RunContext, roll_back_page
from orchestrator.sync.runs.prefetch import HeartbeatSleep
from orchestrator.sync.runs.run_records import LeaseLostError, Run, RunCancelledError


def execute(run: Run, watch: ProgressCallback | None = None) -> str:
	"""Execute the run. Return its final status; the details are in its row. Never raises errors of the work."""
	failure: Exception | None = None
	try:
		with leases.end_silent_connection():
			return _execute(run, watch)
	except Exception as error:
		failure = (
			error.with_traceback(None)
			if isinstance(error, SyncError | ApprovalRequiredError)
			else _remove_message(error)
		)
	except KeyboardInterrupt:
		_mark_interrupted(run)
		raise
	return _end_run(run, failure)


def _execute(run: Run, watch: ProgressCallback | None) -> str:
	if run.request.sync_type == "rollback":
		rollback.execute_rollback(run)
		return "Completed"
	return _run_phases(run, watch)


def _mark_interrupted(run: Run) -> None:
	"""Mark the run as interrupted at once, on a new connection: the old one may be in the middle of a result."""
	with suppress(Exception):
		frappe.db.close()
		frappe.db.connect()
		run.finish_run("Interrupted")


def _remove_message(error: Exception) -> Exception:
	"""Return the error without its message, which may contain a client's data.

	If the end of the run fails as well, Frappe logs the local variables of these frames.
	"""
	if not isinstance(error, connection.InvalidSettingsError):
		error.args = ()
	return error


def _run_phases(run: Run, watch: ProgressCallback | None) -> str:
	source = connection.get_source(run.request.connection)
	patience = HeartbeatSleep(run.send_heartbeat, leases.get_heartbeat_seconds())
	client, session = connection.open_client(source.name, patience.sleep)
	try:
		work = RunContext(run, source, client, patience, watch)
		for phase in phases.plan_phases(work):
			phase(work)
		_complete_run(work)
		work.publish_progress(force=True)
	finally:
		session.close()
	return "Completed"


def _complete_run(work: RunContext) -> None:
	"""Save the cursor and finish the run, in one transaction."""
	run, source = work.run, work.source
	after = phases.compute_cursor(work)
	if not work.dry_run:
		now = clock.get_now()
		values = {"last_success": now, "tested_at": now, "last_run": run.name, "cursor": after}
		# A success shows that the cause of a pause is gone, but not that the person who paused it agrees.
		if not frappe.db.get_value(KIPU_CONNECTION, source.name, "paused_manually", for_update=True):
			values |= {"status": "Active", "paused_reason": None}
		frappe.db.set_value(KIPU_CONNECTION, source.name, values, update_modified=False)
	run.checkpoint = {}
	run.finish_run("Completed", cursor_after=source.cursor if work.dry_run else after)
	frappe.clear_document_cache(KIPU_CONNECTION, source.name)


def _end_run(run: Run, error: Exception) -> str:
	"""Write the reason to the run's row, on a new connection if the old one is lost."""
	_reconnect()
	try:
		return _apply_ending(run, error)
	except LeaseLostError:
		return "Interrupted"


def _apply_ending(run: Run, error: Exception) -> str:
	if isinstance(error, LeaseLostError):
		return "Interrupted"
	if isinstance(error, RunCancelledError):
		run.finish_run("Cancelled")
		return "Cancelled"
	if isinstance(error, ApprovalRequiredError):
		run.finish_run("Held", held_reason=alerts.describe_hold(error.count, error.limit, error.field))
		alerts.send_approval_request(run)
		return "Held"
	_mark_failed(run, error)
	return "Failed"


def _mark_failed(run: Run, error: Exception) -> None:
	if isinstance(error, SyncError | connection.InvalidSettingsError):
		text = str(error)
	else:
		text = ""
		api_errors.create_error_log(error, "sync", run.name)
	run.finish_run("Failed", error_class=type(error).__name__, error_text=text)
	if isinstance(error, InvalidAccessIdError | AccessDeniedError) and not run.request.dry_run:
		alerts.pause_after_refusal(run, error.explanation)


def _reconnect() -> None:
	"""Roll back, and reconnect if the connection is lost."""
	try:
		roll_back_page()
	except Exception:
		with suppress(Exception):
			frappe.db.close()
		frappe.db.connect()
