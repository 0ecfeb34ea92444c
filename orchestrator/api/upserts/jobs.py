"""The job of an upsert: queued, handed over to a further job when its time is up, and resumed after a lost worker.

The Bulk Operation has the number of the job that carries it out. Each transaction locks the operation and
compares the number, so that a job that was given up too early writes nothing more.
"""

import time
from typing import Final

from rq.job import JobStatus
from rq.timeouts import BaseTimeoutException

import frappe
from frappe import _
from frappe.core.doctype.file.exceptions import MaxFileSizeReachedError
from frappe.utils import add_to_date
from frappe.utils.background_jobs import get_job_status

from orchestrator import clock, leases
from orchestrator.access import key_jobs
from orchestrator.access.key_scope import get_scope
from orchestrator.api import errors
from orchestrator.api.background import QUEUE, UNFINISHED_STATUSES
from orchestrator.api.bulk.jobs import OPERATIONS, UPSERT
from orchestrator.api.lost_connection import DatabaseUnavailableError, translate_lost_connection
from orchestrator.api.shapes import QueuedUpsert, RecordFailure
from orchestrator.api.upserts import chunks, results
from orchestrator.api.upserts.chunk_writer import REDIS_OUTAGES
from orchestrator.api.upserts.chunks import SerializedRecords
from orchestrator.api.upserts.requests import UpsertRequest
from orchestrator.api.upserts.runs import (
	OperationTakenOverError,
	UpsertRun,
	UpsertStoppedError,
	lock_operation,
	write_records,
)
from orchestrator.doctypes import BULK_OPERATION

# Well below the time limit of the queue. Then a further job goes on, after those that wait.
MAX_JOB_SECONDS: Final = 10 * 60
# A transaction takes seconds. After this time without one, the worker is lost.
STALE_MINUTES: Final = 5
MAX_RESUMES_WITHOUT_PROGRESS: Final = 3


def enqueue_upsert(request: UpsertRequest, records: SerializedRecords) -> QueuedUpsert:
	"""Store the call with its records, and start its job after the commit."""
	scope = get_scope()
	operation = frappe.get_doc(
		{
			"doctype": BULK_OPERATION,
			"operation": UPSERT,
			"reference_doctype": request.doctype,
			"status": "Queued",
			"atomic": 0,
			"requested_by": frappe.session.user,
			"request": request.to_json(),
			"api_key": scope.key if scope else None,
			"job_number": 1,
			"total": records.total,
			"last_activity_at": leases.get_now(),
		}
	).insert(ignore_permissions=True)  # users have no permission to write operations
	chunks.insert_chunks(operation.name, records.chunks)
	_enqueue_job(operation.name, 1)
	return {"operation": operation.name, "status": operation.status, "total": records.total}


def _enqueue_job(operation: str, job_number: int) -> None:
	frappe.enqueue(
		run_upsert_job,
		queue=QUEUE,
		job_id=_build_job_id(operation, job_number),
		enqueue_after_commit=True,
		operation=operation,
		job_number=job_number,
	)


def _build_job_id(operation: str, job_number: int) -> str:
	return OPERATIONS.build_job_id(f"{operation}-{job_number}")


def run_upsert_job(operation: str, job_number: int) -> None:
	"""Carry out an upsert as the user who sent it, until it ends or the time is up."""
	run = _start_run(operation, job_number)
	if run is None:
		return
	try:
		with leases.end_silent_connection():
			_carry_out(run)
	except OperationTakenOverError:
		frappe.db.rollback()
	except Exception as error:
		_log_error(error, run.operation)


def _log_error(raised: Exception, operation: str) -> None:
	"""Log an error because of which an operation cannot be ended now. It is resumed later.

	Frappe would log it with the values of local variables, which contain records.
	"""
	error = translate_lost_connection(raised)
	if isinstance(error, DatabaseUnavailableError):
		return
	frappe.db.rollback()
	errors.create_error_log(error, "upsert", operation)
	frappe.db.commit()


def _carry_out(run: UpsertRun) -> None:
	end = time.monotonic() + MAX_JOB_SECONDS
	try:
		is_done = write_records(run, lambda: time.monotonic() > end)
	except OperationTakenOverError:
		raise
	except BaseTimeoutException:
		frappe.db.rollback()
		_start_next_job(run)
	except Exception as error:
		_fail_run(run, error)
	else:
		_finish_run(run, "Completed") if is_done else _start_next_job(run)


def _start_run(operation: str, job_number: int) -> UpsertRun | None:
	"""Mark the operation as running, and act as the user who asked for it, within the scope of the API key.

	Returns:
		The run. None if the operation has ended, or a later job carries it out.
	"""
	record = frappe.get_doc(BULK_OPERATION, operation, for_update=True)
	if record.status not in UNFINISHED_STATUSES or record.job_number != job_number:
		frappe.db.rollback()
		return None
	now = leases.get_now()
	values = {"status": "Running", "started_at": record.started_at or now, "last_activity_at": now}
	record.db_set(values, commit=True)
	frappe.set_user(record.requested_by)
	if record.api_key:
		key_jobs.limit_to_key(record.api_key)
	request = UpsertRequest.from_json(record.request)
	frappe.local.lang = request.lang
	return UpsertRun(operation, job_number, request)


def _start_next_job(run: UpsertRun) -> None:
	"""Let a further job go on with the rest."""
	lock_operation(run.operation, run.job_number)
	frappe.db.set_value(BULK_OPERATION, run.operation, "job_number", run.job_number + 1)
	_enqueue_job(run.operation, run.job_number + 1)
	frappe.db.commit()


def _fail_run(run: UpsertRun, raised: Exception) -> None:
	"""End the operation with an error that concerns it as a whole. Without MariaDB or Redis, it is resumed later instead."""
	error = translate_lost_connection(raised)
	if isinstance(error, DatabaseUnavailableError):
		return
	frappe.db.rollback()
	if isinstance(error, REDIS_OUTAGES):
		return
	if isinstance(error, UpsertStoppedError):
		text = _("The record on line {0} failed, so no further ones were written.").format(error.line)
		_finish_run(run, "Failed", {"type": "BulkOperationError", "text": text})
		return
	if errors.get_status(error) == errors.UNEXPECTED_STATUS:
		errors.create_error_log(error, "upsert", run.operation)
	failure = errors.build_error_reply(error, run.operation)
	_finish_run(run, "Failed", {"type": failure.type, "text": failure.text})


def _finish_run(run: UpsertRun, status: str, error: RecordFailure | None = None) -> None:
	"""Store the result file, and delete the records that were sent."""
	lock_operation(run.operation, run.job_number)
	outcomes = list(chunks.iterate_outcomes(run.operation))
	file = None
	try:
		file = results.create_result_file(run.operation, outcomes, run.request.format) if outcomes else None
	except MaxFileSizeReachedError:
		text = _("The result file is larger than the site allows, so there is none.")
		error = error or {"type": "MaxFileSizeReachedError", "text": text}
	values = {
		"status": status,
		"finished_at": clock.get_now(),
		"result_file": file,
		"results": frappe.as_json(error, indent=None) if error else None,
	}
	frappe.db.set_value(BULK_OPERATION, run.operation, values)
	chunks.delete_chunks(run.operation)
	frappe.db.commit()


def resume_dead_operations() -> None:
	"""Run every five minutes: let a further job carry out the upserts whose job is lost."""
	filters = {
		"operation": UPSERT,
		"status": ("in", UNFINISHED_STATUSES),
		"last_activity_at": ("<", add_to_date(leases.get_now(), minutes=-STALE_MINUTES)),
	}
	# No permissions: a clean-up acts for all users
	for row in frappe.get_all(BULK_OPERATION, filters=filters, fields=["name", "job_number"]):
		if get_job_status(_build_job_id(row.name, row.job_number)) == JobStatus.QUEUED:
			continue
		try:
			_resume_operation(row.name, row.job_number)
		except Exception as error:
			_log_error(error, row.name)


def _resume_operation(operation: str, job_number: int) -> None:
	record = frappe.get_doc(BULK_OPERATION, operation, for_update=True)
	if record.status not in UNFINISHED_STATUSES or record.job_number != job_number:
		frappe.db.rollback()
		return
	resumes = record.resumed_without_progress + 1
	values = {"status": "Running", "last_activity_at": leases.get_now(), "job_number": job_number + 1}
	record.db_set({**values, "resumed_without_progress": resumes})
	if resumes <= MAX_RESUMES_WITHOUT_PROGRESS:
		_enqueue_job(operation, job_number + 1)
		frappe.db.commit()
		return
	frappe.db.commit()
	_give_up(
		UpsertRun(operation, job_number + 1, UpsertRequest.from_json(record.request)), record.requested_by
	)


def _give_up(run: UpsertRun, requested_by: str) -> None:
	"""End an operation whose job is lost again and again."""
	text = _(
		"The background job stopped several times without writing a record. Send the records that are not in the result file again, fewer at a time."
	)
	user = frappe.session.user
	frappe.set_user(requested_by)  # whom the result file belongs to
	try:
		_finish_run(run, "Failed", {"type": "WorkerLost", "text": text})
	finally:
		frappe.set_user(user)
