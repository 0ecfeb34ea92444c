"""Actions on existing runs: cancel, approve, roll back; and on failed records: retry, discard."""

import json
from collections.abc import Collection
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_fullname

from orchestrator import clock
from orchestrator.api.parameters import parse_json
from orchestrator.doctypes import (
	CLIENT,
	CLIENT_STAY,
	KIPU_CONNECTION,
	SYNC_CHANGE,
	SYNC_ISSUE,
	SYNC_RUN,
	SYNC_STATE,
)
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.sync.actions import history, run_requests
from orchestrator.sync.runs import engine, issues, run_queue
from orchestrator.sync.runs.context import ProgressCallback
from orchestrator.sync.runs.run_records import RunRequest
from orchestrator.sync.shapes import RollbackPreview, RunStanding

MAX_ISSUES = 500
# More records than this are rolled back by a job.
MAX_INLINE_ROLLBACK = 200
FINISHED_STATUSES = ("Completed", "Held", "Failed", "Cancelled", "Interrupted")


def cancel_run(name: str) -> RunStanding:
	"""Cancel a run: at once if no process works on it, otherwise before its next page. 409 if it has ended."""
	status = frappe.db.get_value(SYNC_RUN, _check_run_exists(name), "status", for_update=True)
	if status in ("Queued", "Held"):
		values = {"status": "Cancelled", "finished_at": clock.get_now(), "lease_token": None}
	elif status == "Running":
		values = {"cancel_requested": 1}
	else:
		refuse(
			_("Run {0} has ended ({1}), so there is nothing to cancel.").format(name, _(status)),
			ConflictError,
		)
	frappe.db.set_value(SYNC_RUN, name, values, update_modified=False)
	return history.get_run(name)


def approve_run(name: str) -> RunStanding:
	"""Approve a held run, which continues in a job. Refuse (409) if it is not held, or another run is active."""
	row = frappe.db.get_value(
		SYNC_RUN, _check_run_exists(name), ["status", "dry_run", "connection"], as_dict=True, for_update=True
	)
	if row.status != "Held" or row.dry_run:
		refuse(_("Run {0} is not waiting for approval.").format(name), ConflictError)
	if live := run_queue.get_live_run(row.connection):
		refuse(
			_("Run {0} of {1} is still running. Wait until it ends.").format(live, row.connection),
			run_queue.RunConflictError,
		)
	run_queue.requeue_approved(name)
	frappe.db.commit()
	run_requests.enqueue_run(name)
	return history.get_run(name)


def roll_back_run(name: str, watch: ProgressCallback | None = None) -> RunStanding:
	"""Roll a run back; a large one in a job, unless called from a terminal. Return the run that does it.

	Refuse (409) if it cannot be rolled back, or another run is active.
	"""
	row = frappe.db.get_value(
		SYNC_RUN,
		_check_run_exists(name),
		["status", "dry_run", "connection", "sync_type", "imported", "updated"],
		as_dict=True,
	)
	if row.status not in FINISHED_STATUSES or row.dry_run or row.sync_type == "rollback":
		refuse(_("Run {0} cannot be rolled back: it is {1}.").format(name, _(row.status)), ConflictError)
	order = RunRequest(row.connection, "rollback", trigger="Command" if watch else run_requests.get_trigger())
	checkpoint = _find_interrupted_rollback(order, name) or {"target": name}
	if watch is None and row.imported + row.updated > MAX_INLINE_ROLLBACK:
		queued = run_queue.queue_run(order, checkpoint)
		run_requests.enqueue_run(queued)
		return history.get_run(queued)
	run = run_queue.begin_run(order, checkpoint)
	engine.execute(run, watch)
	return history.get_run(run.name)


def preview_rollback(name: str) -> RollbackPreview:
	"""Return the numbers of records that a rollback of the run would delete and restore."""
	created = {
		doctype: frappe.db.count(
			SYNC_STATE, {"created_by_run": _check_run_exists(name), "reference_doctype": doctype}
		)
		for doctype in (CLIENT, CLIENT_STAY)
	}
	# get_all: users who may run the sync have no permission on these
	changed = len(frappe.get_all(SYNC_CHANGE, {"sync_run": name}, pluck="reference_name", distinct=True))
	return {"run": name, "clients": created[CLIENT], "stays": created[CLIENT_STAY], "changed": changed}


def retry_issues(connection: str, names: Collection[str] | None) -> RunStanding:
	"""Retry failed records, one by one, all of the connection's or the named ones."""
	chosen = _select_issues(connection, names)
	run = run_queue.begin_run(
		RunRequest(connection, "retry", trigger=run_requests.get_trigger()), {"issues": chosen}
	)
	engine.execute(run)
	return history.get_run(run.name)


def discard_issues(names: Collection[str]) -> int:
	"""Discard issues. Return how many were open."""
	rows = _get_issue_rows(names)
	opened = [row.name for row in rows if row.status == "Open"]
	for name in opened:
		issues.close_issue(name, "Discarded")
	return len(opened)


def parse_names(issues: str | list[str]) -> list[str]:
	"""Return the names, also from JSON text, in which Desk sends lists.

	InvalidRequestError (400) for anything else.
	"""
	names = parse_json("issues", issues)
	if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
		refuse(_("issues must be a list of names."), InvalidRequestError)
	return names


def pause_connection(connection: str) -> None:
	"""Pause the schedule of a connection until somebody resumes it. Refuse (409) if it is paused already."""
	status = frappe.db.get_value(KIPU_CONNECTION, connection, "status", for_update=True)
	if not status:
		refuse(_("Kipu Connection {0} not found.").format(connection), frappe.DoesNotExistError)
	if status == "Paused":
		refuse(_("Connection {0} is paused already.").format(connection), ConflictError)
	reason = _("Paused by {0}.").format(get_fullname(frappe.session.user))
	_set_status(connection, status="Paused", paused_reason=reason, paused_manually=1)


def resume_connection(connection: str) -> None:
	"""Resume the schedule of a paused connection."""
	if not frappe.db.exists(KIPU_CONNECTION, connection):
		refuse(_("Kipu Connection {0} not found.").format(connection), frappe.DoesNotExistError)
	_set_status(connection, status="Active", paused_reason=None, paused_manually=0)


def _set_status(connection: str, **values: str | int | None) -> None:
	frappe.db.set_value(KIPU_CONNECTION, connection, values, update_modified=False)
	frappe.clear_document_cache(KIPU_CONNECTION, connection)


def _find_interrupted_rollback(order: RunRequest, target: str) -> dict[str, Any] | None:
	"""Return the checkpoint of an interrupted rollback of the same run."""
	filters = {
		"connection": order.connection,
		"sync_type": "rollback",
		"status": ("in", run_queue.RESUMABLE_STATUSES),
	}
	last = frappe.db.get_value(SYNC_RUN, filters, "checkpoint", order_by="creation desc")
	checkpoint = json.loads(last or "{}")
	return checkpoint if checkpoint.get("target") == target else None


def _select_issues(connection: str, names: Collection[str] | None) -> list[str]:
	if names:
		rows = [row for row in _get_issue_rows(names) if row.connection == connection]
	else:
		filters = {"connection": connection, "kind": "Record", "status": "Open"}
		# get_all: users who may run the sync may run all of it
		rows = frappe.get_all(
			SYNC_ISSUE, filters=filters, fields=["name", "status"], limit=MAX_ISSUES, order_by="creation"
		)
	opened = [row.name for row in rows if row.status == "Open"]
	if not opened:
		refuse(_("There is no open issue to retry."), ConflictError)
	return opened


def _get_issue_rows(names: Collection[str]) -> list[frappe._dict]:
	if not 1 <= len(names) <= MAX_ISSUES:
		refuse(_("Send between 1 and {0} issues.").format(MAX_ISSUES), InvalidRequestError)
	rows = frappe.get_all(
		SYNC_ISSUE, filters={"name": ("in", list(names))}, fields=["name", "status", "kind", "connection"]
	)
	if missing := set(names) - {row.name for row in rows}:
		refuse(_("Sync Issue {0} not found.").format(", ".join(sorted(missing))), frappe.DoesNotExistError)
	return rows


def _check_run_exists(name: str) -> str:
	if not frappe.db.exists(SYNC_RUN, name):
		refuse(_("Sync Run {0} not found.").format(name), frappe.DoesNotExistError)
	return name
