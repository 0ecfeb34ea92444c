"""Bulk calls in the background. A Bulk Operation holds the call and its results, the job only its name.

Data and results are committed together: an operation whose worker was killed has changed nothing.
"""

import json
from typing import Any, cast

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_to_date

from orchestrator import clock, leases
from orchestrator.access.key_scope import get_scope
from orchestrator.api import errors
from orchestrator.api.background import QUEUE, BackgroundRecords
from orchestrator.api.bulk import runs
from orchestrator.api.bulk.requests import BulkRequest
from orchestrator.api.records import raise_not_found
from orchestrator.api.shapes import OperationProgress, QueuedOperation, RecordFailure
from orchestrator.doctypes import BULK_OPERATION
from orchestrator.exceptions import ConflictError

OPERATIONS = BackgroundRecords(BULK_OPERATION, "bulk", max_attempts=2)
RETENTION_DAYS = 30
UPSERT = "Upsert"


def enqueue_bulk(request: BulkRequest) -> QueuedOperation:
	"""Store the call and start its job after the commit. Errors that concern the whole call are raised now."""
	runs.build_action(request).check()
	operation = frappe.get_doc(
		{
			"doctype": BULK_OPERATION,
			"operation": request.operation,
			"reference_doctype": request.doctype,
			"status": "Queued",
			"atomic": request.atomic,
			"requested_by": frappe.session.user,
			"request": request.to_json(),
			"total": len(request.names),
		}
	).insert(ignore_permissions=True)  # users have no permission to write operations
	_enqueue_job(operation.name)
	return {"operation": operation.name, "status": operation.status}


def _enqueue_job(operation: str, attempts: int = 0) -> None:
	"""Queue the job of an operation after the commit."""
	frappe.enqueue(
		_run_operation_job,
		queue=QUEUE,
		job_id=OPERATIONS.build_job_id(operation, attempts),
		enqueue_after_commit=True,
		operation=operation,
	)


def _run_operation_job(operation: str) -> None:
	"""Run a queued call as the user who sent it."""
	record = OPERATIONS.start(operation, leases.get_now())
	if record is not None:
		with leases.end_silent_connection():
			_execute_operation(record)


def _execute_operation(record: Document) -> None:
	operation, attempt = str(record.name), record.attempts
	request = BulkRequest.from_json(record.request)
	try:
		outcome = runs.execute_bulk(request, progress=lambda done: OPERATIONS.set_progress(operation, done))
		_finish_operation(
			operation, attempt, "Completed", outcome["succeeded"], outcome["failed"], outcome["results"]
		)
	except Exception as error:
		frappe.db.rollback()
		failure = _build_failure(error, operation)
		_finish_operation(operation, attempt, "Failed", 0, len(request.names), failure)
	frappe.db.commit()


def _build_failure(error: Exception, operation: str) -> dict[str, str]:
	"""Return the error of an operation that failed as a whole; log an unexpected one under the operation's name."""
	if errors.get_status(error) == errors.UNEXPECTED_STATUS:
		errors.create_error_log(error, "bulk", operation)
	failure = errors.build_error_reply(error, operation)
	return {"type": failure.type, "text": failure.text}


def _finish_operation(
	operation: str, attempt: int, status: str, done: int, failed: int, results: Any
) -> None:
	"""Store the results. Raises ConflictError if the operation was given up or taken over meanwhile: its work must
	be rolled back.
	"""
	if not OPERATIONS.is_running(operation, attempt):
		raise ConflictError(operation)
	frappe.db.set_value(
		BULK_OPERATION,
		operation,
		{
			"status": status,
			"done": done,
			"failed": failed,
			"finished_at": clock.get_now(),
			"results": frappe.as_json(results, indent=None),
		},
	)


def serialize_operation(operation: str) -> OperationProgress:
	"""Return the state of an operation, for the user who requested it and for System Managers. 404 for
	everybody else.
	"""
	record = frappe.db.get_value(BULK_OPERATION, operation, "*", as_dict=True)
	is_own = record and record.requested_by == frappe.session.user
	scope = get_scope()
	is_hidden = record and scope and not scope.allows(record.reference_doctype)
	if not record or is_hidden or not (is_own or "System Manager" in frappe.get_roles()):
		raise_not_found(BULK_OPERATION, operation)
	kept = json.loads(record.results) if record.results else None
	progress: OperationProgress = {
		"operation": record.name,
		"type": record.operation,
		"doctype": record.reference_doctype,
		"status": record.status,
		"atomic": bool(record.atomic),
		"total": record.total,
		"done": OPERATIONS.get_progress(operation) if _is_progress_cached(record) else record.done,
		"failed": record.failed,
		"started_at": record.started_at,
		"finished_at": record.finished_at,
		"results": kept if isinstance(kept, list) else None,
		"error": cast(RecordFailure, kept) if isinstance(kept, dict) else None,
	}
	return {**progress, **_serialize_upsert(record, is_own)} if record.operation == UPSERT else progress  # type: ignore[typeddict-item]


def _serialize_upsert(record: frappe._dict, is_own: bool) -> dict[str, Any]:
	"""Return what an upsert has beside other operations. Nobody else could open its result file."""
	url = (
		frappe.db.get_value("File", record.result_file, "file_url") if is_own and record.result_file else None
	)
	counts = {name: record[name] for name in ("created", "updated", "unchanged")}
	return {**counts, "result_file": url}


def _is_progress_cached(record: frappe._dict) -> bool:
	"""Return True while the progress is in Redis only. An upsert commits its own with the records."""
	return record.status == "Running" and record.operation != UPSERT


def recover_lost_operations() -> None:
	"""Run every five minutes: repeat operations whose worker is lost, which changed nothing. Those that have lost two are
	marked as Failed.
	"""
	others = {"operation": ("!=", UPSERT)}  # upserts resume by themselves
	OPERATIONS.recover_dead(_recover_operation, filters=others)


def _recover_operation(operation: str) -> None:
	attempts = OPERATIONS.requeue(operation)
	if attempts is None:
		mark_failed(operation)
	else:
		_enqueue_job(operation, attempts)


def mark_failed(operation: str) -> None:
	"""Mark an operation as Failed, unless it has just ended."""
	if not OPERATIONS.is_unfinished(operation):
		return
	text = _("The background job stopped before it finished. Nothing was changed; send the request again.")
	frappe.db.set_value(
		BULK_OPERATION,
		operation,
		{
			"status": "Failed",
			"finished_at": clock.get_now(),
			"results": frappe.as_json({"type": "WorkerLost", "text": text}, indent=None),
		},
	)
	frappe.db.commit()  # each in a transaction of its own, which releases its lock


def delete_old_operations() -> None:
	"""Run daily: delete operations older than the retention, with the result files of upserts."""
	filters = {
		"status": ("in", ("Completed", "Failed")),
		"creation": ("<", add_to_date(clock.get_now(), days=-RETENTION_DAYS)),
	}
	# No permissions: a clean-up acts for all users
	for file in frappe.get_all(
		BULK_OPERATION, {**filters, "result_file": ("is", "set")}, pluck="result_file"
	):
		frappe.delete_doc("File", file, ignore_permissions=True, ignore_missing=True, delete_permanently=True)
	frappe.db.delete(BULK_OPERATION, filters)
