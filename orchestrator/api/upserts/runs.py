"""Carry out an upsert: some records in each transaction, together with their outcomes and the progress."""

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import frappe
from frappe import _

from orchestrator import leases
from orchestrator.api.upserts import chunks
from orchestrator.api.upserts.chunk_writer import ChunkWriter
from orchestrator.api.upserts.outcomes import STATUSES, Outcome
from orchestrator.api.upserts.record_values import UpsertTarget
from orchestrator.api.upserts.requests import UpsertRequest, check_doctype, check_key_field
from orchestrator.doctypes import BULK_OPERATION

MAX_TRIES: Final = 6
FIRST_WAIT_SECONDS: Final = 0.1
# A user who is disabled or loses a role stops the job after this time.
MAX_PERMISSION_AGE_SECONDS: Final = 5
# Another transaction holds what this one needs: it is repeated.
CONTENTION_ERRORS: Final = (frappe.QueryDeadlockError, frappe.QueryTimeoutError)


class OperationTakenOverError(Exception):
	"""The operation has ended, or a later job carries it out. This one must not write any more."""


class UpsertStoppedError(Exception):
	"""A record failed, and the caller wants nothing to be written after it. `line` is that of the record."""

	def __init__(self, line: int) -> None:
		super().__init__(line)
		self.line = line


@dataclass
class UpsertRun:
	"""An upsert that a job carries out as the session's user."""

	operation: str
	job_number: int
	request: UpsertRequest
	logged_errors: set[str] = field(default_factory=set)
	checked_at: float = -math.inf


def write_records(run: UpsertRun, is_time_up: Callable[[], bool]) -> bool:
	"""Write the records that are not written yet.

	Args:
		run: The upsert.
		is_time_up: Asked after each transaction whether the job has to end.

	Returns:
		True at the end, False if records are left because the job has to end.

	Raises:
		OperationTakenOverError: Another job carries out the operation.
		UpsertStoppedError: A record failed, and the caller wants nothing to be written after it.
		PermissionError: The user is disabled, or may no longer create or change records of the DocType.
	"""
	while _write_some_with_retries(run):
		if is_time_up():
			return False
	return True


def _write_some_with_retries(run: UpsertRun) -> bool:
	for attempt in range(MAX_TRIES):
		try:
			return _write_some(run)
		except CONTENTION_ERRORS:
			frappe.db.rollback()
			if attempt == MAX_TRIES - 1:
				raise
			time.sleep(FIRST_WAIT_SECONDS * 2**attempt)
	raise AssertionError


def _write_some(run: UpsertRun) -> bool:
	"""Write some records in a transaction. Return False if there are none left."""
	lock_operation(run.operation, run.job_number)
	_check_user(run)
	chunk = chunks.get_next_chunk(run.operation)
	if chunk is None:
		frappe.db.rollback()
		return False
	meta = check_doctype(run.request.doctype)
	target = UpsertTarget(meta, check_key_field(meta, run.request.key_field))
	writer = ChunkWriter(target, run.operation, run.request.stop_on_error, logged_errors=run.logged_errors)
	writer.write(chunk.list_pending())
	chunk.outcomes.update({outcome.line: outcome for outcome in writer.outcomes})
	chunks.save_chunk(chunk)
	_add_progress(run.operation, writer.outcomes)
	frappe.db.commit()
	failed = [outcome.line for outcome in writer.outcomes if outcome.status == "failed"]
	if failed and run.request.stop_on_error:
		raise UpsertStoppedError(failed[0])
	return True


def _check_user(run: UpsertRun) -> None:
	"""Forget the user's permissions after a while, so that those count that the user has now.

	Raises:
		PermissionError: The user is disabled.
	"""
	if time.monotonic() - run.checked_at < MAX_PERMISSION_AGE_SECONDS:
		return
	run.checked_at = time.monotonic()
	frappe.set_user(frappe.session.user)
	if not frappe.db.get_value("User", frappe.session.user, "enabled"):
		raise frappe.PermissionError(_("The user who sent the records is disabled."))


def lock_operation(operation: str, job_number: int) -> None:
	"""Lock the operation until the transaction ends.

	Raises:
		OperationTakenOverError: Another job carries it out, or it has ended.
	"""
	current = frappe.db.get_value(BULK_OPERATION, operation, ["status", "job_number"], for_update=True)
	if tuple(current or ()) != ("Running", job_number):
		frappe.db.rollback()
		raise OperationTakenOverError(operation)


def _add_progress(operation: str, outcomes: list[Outcome]) -> None:
	counts = Counter(outcome.status for outcome in outcomes)
	table = frappe.qb.DocType(BULK_OPERATION)
	query = frappe.qb.update(table).set(table.done, table.done + len(outcomes))
	for status in STATUSES:
		query = query.set(table[status], table[status] + counts[status])
	query = query.set(table.last_activity_at, leases.get_now()).set(table.resumed_without_progress, 0)
	query.where(table.name == operation).run()
