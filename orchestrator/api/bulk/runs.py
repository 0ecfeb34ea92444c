"""Run a bulk call record by record, each within a savepoint; all or nothing if it is atomic."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import frappe
from frappe import _

from orchestrator.api import call as calls
from orchestrator.api import errors
from orchestrator.api.bulk.assignments import BulkAssignment
from orchestrator.api.bulk.deletions import BulkDeletion
from orchestrator.api.bulk.requests import BulkRequest, Name
from orchestrator.api.savepoints import WHOLE_CALL_ERRORS, isolate_in_savepoint
from orchestrator.api.shapes import BulkResult, RecordResult
from orchestrator.exceptions import BulkOperationError, refuse

# Records named with their reason when a call fails, so that the reply stays readable.
EXPLAINED_ERRORS = 20

Progress = Callable[[int], None]


class BulkAction(Protocol):
	"""The action of a bulk call on each of its records. Each kind of bulk call implements one."""

	def check(self) -> None:
		"""Raise errors that concern the whole call."""

	def prepare(self, names: list[Name]) -> dict[str, Name]:
		"""Read what all records need, at once. Return those that exist and that the caller may read."""

	def sort_names(self, names: list[Name]) -> list[Name]:
		"""Return the names in the order of processing."""

	def apply(self, name: Name) -> None:
		"""Apply the action to one record."""

	def apply_to_succeeded(self, succeeded: list[Name]) -> None:
		"""Do what is needed once for all records."""


ACTION_BY_OPERATION: dict[str, Callable[[BulkRequest], BulkAction]] = {
	"Assign": BulkAssignment,
	"Delete": BulkDeletion,
}


@dataclass(frozen=True)
class RecordRefusal:
	"""The reason for which one record failed."""

	error: Exception
	failure: errors.ErrorReply


def build_action(request: BulkRequest) -> BulkAction:
	"""Return the action that `request` asks for."""
	return ACTION_BY_OPERATION[request.operation](request)


def execute_bulk(request: BulkRequest, progress: Progress | None = None) -> BulkResult:
	"""Execute a bulk call as the session's user.

	Args:
		request: The call.
		progress: Called with the number of records done so far.

	Raises:
		BulkOperationError: Of an atomic call, records failed with different errors. Where all failed with the same
			error, that is raised instead.
	"""
	work = build_action(request)
	work.check()
	readable = work.prepare(request.names)
	refusals = {
		str(name): _build_refusal(_build_not_found_error(request, name))
		for name in request.names
		if str(name) not in readable
	}
	_raise_if_atomic(request, refusals)
	refusals |= _apply_each(work, list(readable.values()), request.atomic, progress or _skip_progress)
	_raise_if_atomic(request, refusals)
	work.apply_to_succeeded([name for text, name in readable.items() if text not in refusals])
	return _build_reply(request, refusals)


def _apply_each(
	work: BulkAction, names: list[Name], atomic: bool, progress: Progress
) -> dict[str, RecordRefusal]:
	"""Apply the action to each record.

	Records that Frappe refuses are retried as long as others succeed: those may have blocked them, such as
	the members of a group that is deleted with them.
	"""
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
	"""Apply the action to one record. Return the reason of a failure, None on success.

	Raises errors of the whole call, and in an atomic call any unexpected error.
	"""
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


def _skip_progress(_count: int) -> None:
	"""Do nothing with the progress."""


def _build_not_found_error(request: BulkRequest, name: Name) -> Exception:
	"""Return the error for a record that is missing or hidden: the two look alike."""
	return frappe.DoesNotExistError(_("{0} {1} not found.").format(_(request.doctype), name))


def _build_refusal(error: Exception) -> RecordRefusal:
	"""Return the error of one record; log an unexpected one."""
	call = calls.get_current_call()
	reference = call.id if call else frappe.generate_hash(length=16)
	if errors.get_status(error) == errors.UNEXPECTED_STATUS:
		errors.create_error_log(error, "bulk", reference)
	return RecordRefusal(error, errors.build_error_reply(error, reference))


def _raise_if_atomic(request: BulkRequest, refusals: dict[str, RecordRefusal]) -> None:
	"""Raise if records of an atomic call failed: their own error if all have the same, else BulkOperationError."""
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
	"""Return the data of a call that ran."""
	return {
		"doctype": request.doctype,
		"total": len(request.names),
		"succeeded": len(request.names) - len(refusals),
		"failed": len(refusals),
		"results": _build_results(request, refusals),
	}


def _build_results(request: BulkRequest, refusals: dict[str, RecordRefusal]) -> list[RecordResult]:
	"""Return one entry per record, in the requested order."""
	return [_build_result(name, refusals.get(str(name))) for name in request.names]


def _build_result(name: Name, refusal: RecordRefusal | None) -> RecordResult:
	"""Return the result of one record."""
	if refusal is None:
		return {"name": name, "ok": True, "error": None}
	return {"name": name, "ok": False, "error": {"type": refusal.failure.type, "text": refusal.failure.text}}
