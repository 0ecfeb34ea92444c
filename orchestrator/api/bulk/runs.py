"""A bulk call at work: record by record, each within a savepoint, all or nothing unless asked otherwise."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from rq.timeouts import BaseTimeoutException

import frappe
from frappe import _
from frappe.utils import CallbackManager

from orchestrator.api import call as calls
from orchestrator.api import errors
from orchestrator.api.bulk.assignments import BulkAssignment
from orchestrator.api.bulk.deletions import BulkDeletion
from orchestrator.api.bulk.requests import BulkRequest, Name
from orchestrator.api.shapes import BulkResult, RecordResult
from orchestrator.exceptions import BulkOperationError, refuse

SAVEPOINT = "orchestrator_bulk"
# So many records are named with their reason when a call fails, so that the reply stays readable.
EXPLAINED_ERRORS = 20
# Errors that end the whole call: in a deadlock the database has given up the transaction, savepoints and all; a
# job's time is over for all its records.
WHOLE_CALL_ERRORS = (frappe.QueryDeadlockError, BaseTimeoutException)

Progress = Callable[[int], None]


class BulkAction(Protocol):
	"""What is done to the records of a call. Each kind of bulk call is one."""

	def check(self) -> None:
		"""Raise what forbids the whole call."""

	def prepare(self, names: list[Name]) -> dict[str, Name]:
		"""Read what all records need, in one pass. Returns those that exist and that the caller may read."""

	def sort_names(self, names: list[Name]) -> list[Name]:
		"""The order to work in."""

	def apply(self, name: Name) -> None:
		"""Do it to one record."""

	def apply_to_succeeded(self, succeeded: list[Name]) -> None:
		"""What is done once for all."""


ACTION_BY_OPERATION: dict[str, Callable[[BulkRequest], BulkAction]] = {
	"Assign": BulkAssignment,
	"Delete": BulkDeletion,
}


@dataclass(frozen=True)
class RecordRefusal:
	"""Why one record failed."""

	error: Exception
	failure: errors.ErrorReply


def build_action(request: BulkRequest) -> BulkAction:
	"""The work that `request` asks for."""
	return ACTION_BY_OPERATION[request.operation](request)


def execute_bulk(request: BulkRequest, progress: Progress | None = None) -> BulkResult:
	"""Carry out a bulk call as the session's user.

	`progress` is told how many records were worked on. Returns the reply's data. Raises what concerns the whole
	call; with `atomic`, the error of the records where all failed alike, else BulkOperationError."""
	work = build_action(request)
	work.check()
	readable = work.prepare(request.names)
	refusals = {
		str(name): _build_refusal(_build_not_found_error(request, name))
		for name in request.names
		if str(name) not in readable
	}
	_raise_if_atomic(request, refusals)
	refusals |= _apply_each(work, list(readable.values()), request.atomic, progress or _ignore_progress)
	_raise_if_atomic(request, refusals)
	work.apply_to_succeeded([name for text, name in readable.items() if text not in refusals])
	return _build_reply(request, refusals)


def _apply_each(
	work: BulkAction, names: list[Name], atomic: bool, progress: Progress
) -> dict[str, RecordRefusal]:
	"""Do the work to each record. Those that Frappe refuses get another try as long as others of the call went:
	they may have been in the way, as the members of a group that is deleted with them."""
	refusals: dict[str, RecordRefusal] = {}
	pending = work.sort_names(names)
	while pending:
		tried = len(pending)
		blocked = []
		for count, name in enumerate(pending, len(names) - tried + 1):
			if refusal := _apply_one(work, name, atomic):
				refusals[str(name)] = refusal
				if isinstance(refusal.error, frappe.ValidationError):
					blocked.append(name)
			else:
				refusals.pop(str(name), None)
			progress(count)
		pending = blocked if len(blocked) < tried else []
	return refusals


def _apply_one(work: BulkAction, name: Name, atomic: bool) -> RecordRefusal | None:
	"""Do the work to one record. Returns why it failed, None where it did not. Raises what concerns more than the
	record, and in an all-or-nothing call any error that nobody foresaw."""
	try:
		with isolate_in_savepoint():
			work.apply(name)
	except WHOLE_CALL_ERRORS:
		raise
	except Exception as error:
		if atomic and errors.get_status(error) == errors.UNEXPECTED_STATUS:
			raise
		return _build_refusal(error)
	return None


@contextlib.contextmanager
def isolate_in_savepoint() -> Iterator[None]:
	"""A savepoint which on failure takes back, beside the data, what waits for the commit: jobs and webhooks of a
	record that was not changed after all. Messages meant for the screen stay within it."""
	local = frappe.local
	messages, local.message_log = local.message_log, []
	outer, frappe.db.after_commit = frappe.db.after_commit, CallbackManager()
	webhooks = len(getattr(local, "_webhook_queue", None) or ())
	had_realtime_log = hasattr(local, "_realtime_log")
	frappe.db.savepoint(SAVEPOINT)
	try:
		yield
	except WHOLE_CALL_ERRORS:
		raise
	except Exception as error:
		if text := errors.get_logged_text():
			error.args = (text,)
		frappe.db.rollback(save_point=SAVEPOINT)
		if getattr(local, "_webhook_queue", None):
			del local._webhook_queue[webhooks:]
		if not had_realtime_log and hasattr(local, "_realtime_log"):
			del local._realtime_log  # what would have sent it was registered within the savepoint
		raise
	else:
		frappe.db.release_savepoint(SAVEPOINT)
		outer.add(frappe.db.after_commit.run)
	finally:
		frappe.db.after_commit = outer
		local.message_log = messages


def _ignore_progress(_count: int) -> None:
	"""The progress of a call that nobody watches."""


def _build_not_found_error(request: BulkRequest, name: Name) -> Exception:
	"""The error for a record that is missing or hidden: the two look alike."""
	return frappe.DoesNotExistError(_("{0} {1} not found.").format(_(request.doctype), name))


def _build_refusal(error: Exception) -> RecordRefusal:
	"""What is told of one record's error; one that nobody foresaw is logged."""
	call = calls.get_current_call()
	reference = call.id if call else frappe.generate_hash(length=16)
	if errors.get_status(error) == errors.UNEXPECTED_STATUS:
		errors.create_error_log(error, "bulk", reference)
	return RecordRefusal(error, errors.build_error_reply(error, reference))


def _raise_if_atomic(request: BulkRequest, refusals: dict[str, RecordRefusal]) -> None:
	"""In an all-or-nothing call, raise for the records that failed: their own error where all have the same."""
	if not request.atomic or not refusals:
		return
	kinds = {type(refusal.error): refusal.error for refusal in refusals.values()}
	reasons = [
		f"{name} ({refusal.failure.text})" for name, refusal in list(refusals.items())[:EXPLAINED_ERRORS]
	]
	if (more := len(refusals) - len(reasons)) > 0:
		reasons.append(_("and {0} more").format(more))
	text = _("{0} of {1} records failed, so nothing was changed: {2}. Leave them out or send atomic: false.")
	refuse(
		text.format(len(refusals), len(request.names), "; ".join(reasons)),
		next(iter(kinds.values())) if len(kinds) == 1 else BulkOperationError,
	)


def _build_reply(request: BulkRequest, refusals: dict[str, RecordRefusal]) -> BulkResult:
	"""The data of a call that ran."""
	return {
		"doctype": request.doctype,
		"total": len(request.names),
		"succeeded": len(request.names) - len(refusals),
		"failed": len(refusals),
		"results": _build_results(request, refusals),
	}


def _build_results(request: BulkRequest, refusals: dict[str, RecordRefusal]) -> list[RecordResult]:
	"""One entry per record, in the order asked for."""
	return [_build_result(name, refusals.get(str(name))) for name in request.names]


def _build_result(name: Name, refusal: RecordRefusal | None) -> RecordResult:
	"""What became of one record."""
	if refusal is None:
		return {"name": name, "ok": True, "error": None}
	return {"name": name, "ok": False, "error": {"type": refusal.failure.type, "text": refusal.failure.text}}
