"""Move a task to another phase, into a sprint, or to the backlog."""

from typing import TYPE_CHECKING, Any

import frappe
from frappe import _

from orchestrator import clock
from orchestrator.api.record_changes import save_changes
from orchestrator.api.records import get_writable, raise_not_found
from orchestrator.doctypes import GP_TASK, TASK
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.gameplan import phases, sprints
from orchestrator.gameplan.burndown import round_hours
from orchestrator.gameplan.destinations import BACKLOG
from orchestrator.gameplan.shapes import TaskMove
from orchestrator.gameplan.sprint_rules import get_locked_state
from orchestrator.gameplan.task_rows import DOCTYPES, FIELD, TaskRow, has_sprints, list_rows_by_name

if TYPE_CHECKING:
	from frappe.model.document import Document


class InvalidPhaseError(frappe.ValidationError):
	"""The kind of task has no status for this phase. 422."""


class TaskMovedConflictError(ConflictError):
	"""The task is no longer where the caller saw it. 409."""


def check_request(doctype: str, sprint: str | None, column: str | None, from_column: str | None) -> None:
	"""Refuse (400) values that are not in their sets, and a move to nowhere; 501 without Gameplan."""
	for name, value, values in (
		("doctype", doctype, DOCTYPES),
		("column", column, phases.PHASES),
		("from_column", from_column, phases.PHASES),
	):
		if value and value not in values:
			refuse(_("{0} must be one of {1}.").format(name, ", ".join(values)), InvalidRequestError)
	if not (sprint or column):
		refuse(_("Send the sprint or the column to which the task moves."), InvalidRequestError)


def move_task(
	doctype: str,
	name: str,
	sprint: str | None,
	column: str | None,
	from_sprint: str | None,
	from_column: str | None,
) -> TaskMove:
	"""Move the task. An unchanged one is not saved."""
	doc = _lock_task(doctype, name, sprint)
	row = list_rows_by_name(doctype, [str(doc.name)])[0]
	_check_origin(row, from_sprint, from_column)
	changes = {**_build_sprint_change(row, sprint), **_build_phase_change(row, column)}
	if changes:
		save_changes(doc.meta, doc, doc.name, changes)
		row = list_rows_by_name(doctype, [str(doc.name)])[0]
	return TaskMove(
		doctype=doctype,
		task=row.name,
		sprint=row.sprint or None,
		column=row.phase,
		status=row.status or "",
		progress=round_hours(row.state.progress),
		remaining_hours=round_hours(row.state.remaining),
	)


def _lock_task(doctype: str, name: str, sprint: str | None) -> "Document":
	"""Return the task, locked, for a caller who may write it and read the sprint.

	The sprint is locked first, as closing it does. 409 if the task was changed since this request began: what
	else it reads is older than the lock.
	"""
	if not has_sprints(doctype) or (doctype == GP_TASK and not name.isdigit()):
		frappe.has_permission(doctype, "write", throw=True)
		raise_not_found(doctype, name)
	seen = get_writable(frappe.get_meta(doctype), name)
	if sprint and sprint != BACKLOG:
		get_locked_state(sprints.get_sprint(sprint).name)
	doc = frappe.get_doc(doctype, seen.name, for_update=True)
	if doc.modified != seen.modified:
		_raise_moved(doc.name)
	return doc


def _check_origin(row: TaskRow, from_sprint: str | None, from_column: str | None) -> None:
	"""Refuse (409) a task that is elsewhere than the caller saw it."""
	if from_column and from_column != row.phase:
		_raise_moved(row.name)
	if from_sprint and from_sprint != (row.sprint or BACKLOG):
		_raise_moved(row.name)


def _raise_moved(name: str) -> None:
	refuse(
		_("{0} has been changed by someone else in the meantime. Read it again and repeat the move.").format(
			name
		),
		TaskMovedConflictError,
	)


def _build_sprint_change(row: TaskRow, sprint: str | None) -> dict[str, Any]:
	if not sprint:
		return {}
	target = None if sprint == BACKLOG else sprint
	return {} if target == (row.sprint or None) else {FIELD: target}


def _build_phase_change(row: TaskRow, column: str | None) -> dict[str, Any]:
	"""Return the status of the new phase. GP Task also has a mark of its completion."""
	if not column or column == row.phase:
		return {}
	status = phases.STATUSES[row.doctype].get(column)
	if status is None:
		refuse(_("A {0} has no status for a review.").format(_(row.doctype)), InvalidPhaseError)
	if row.doctype == TASK:
		return {"status": status}
	is_done = column == phases.DONE
	return {
		"status": status,
		"is_completed": int(is_done),
		"completed_at": clock.get_now() if is_done else None,
		"completed_by": frappe.session.user if is_done else None,
	}
