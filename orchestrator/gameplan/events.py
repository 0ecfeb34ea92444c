"""Record the changes of tasks in sprints.

The hooks compare the stored task with its last event, rather than with the document in memory: earlier
changes without hooks are recorded too, and nothing twice. The daily job records the rest.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import frappe

from orchestrator import clock
from orchestrator.doctypes import SPRINT, SPRINT_EVENT, TASK
from orchestrator.gameplan import history
from orchestrator.gameplan.task_rows import (
	TaskRow,
	find_groups,
	has_sprints,
	list_rows_by_name,
	list_sprint_rows,
)
from orchestrator.gameplan.task_state import Event, TaskChange, list_steps
from orchestrator.rows import insert_rows

if TYPE_CHECKING:
	from frappe.model.document import Document

OPEN_STATES = ("Planned", "Active")
LATEST_COLUMN = "phase"


class EventRow(NamedTuple):
	"""An event to store."""

	sprint: str
	event: Event
	status: str | None = None
	found_later: bool = False


# Hooks


def on_change(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook on_change: runs after every save, and after every db_set of a document.

	A deletion is recorded after it.
	"""
	if not doc.flags.in_delete:
		_record_change(doc.doctype, str(doc.name))


def after_delete(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook after_delete."""
	_record_change(doc.doctype, str(doc.name))


def after_rename(doc: "Document", _method: str | None, old: str, new: str, merge: bool = False) -> None:
	"""Handle the hook after_rename: the events get the task's new name. Of two merged tasks each keeps its
	own events: the merged one is deleted next, and its hours were in the sprint until then.
	"""
	if not merge:
		frappe.db.set_value(
			SPRINT_EVENT, {"task_doctype": doc.doctype, "task": old}, "task", new, update_modified=False
		)


def reconcile_events() -> int:
	"""Run as a daily job: record changes that no hook recorded. Return the number of events."""
	written = 0
	# get_all: a job has no caller
	for sprint in frappe.get_all(SPRINT, {"state": ("in", OPEN_STATES)}, pluck="name", limit=0):
		written += reconcile_sprint(sprint)
		frappe.db.commit()
	return written


# The work


def _record_change(doctype: str, name: str) -> None:
	"""Record the changes of a task since its last event, and of its group tasks."""
	if not _is_ready(doctype):
		return
	row = next(iter(list_rows_by_name(doctype, [name])), None)
	last = history.get_latest_event(doctype, name)
	insert_events(_build_events(doctype, name, last, row, clock.get_now()))
	if doctype == TASK:
		record_group_changes(_list_sprints(last, row), name)


def _list_sprints(last: history.SprintTaskEvent | None, row: TaskRow | None) -> set[str]:
	"""Return the sprints that a task was in and is in."""
	sprints = {last.sprint} if last and last.event.is_in else set()
	return sprints | ({row.sprint} if row and row.sprint else set())


def record_group_changes(sprints: Collection[str], changed: str) -> None:
	"""Record changed hours of the group tasks in these sprints, after a change of the task `changed`."""
	names = [name for name in find_groups(sprints) if name != changed]
	for row in list_rows_by_name(TASK, names):
		insert_events(
			_build_events(TASK, row.name, history.get_latest_event(TASK, row.name), row, clock.get_now())
		)


def _build_events(
	doctype: str, name: str, last: history.SprintTaskEvent | None, row: TaskRow | None, now: datetime
) -> list[EventRow]:
	"""Return the events from the task's last one to its stored state, each later than the one before."""
	before = (last.sprint, last.event.state) if last and last.event.is_in else None
	after = (row.sprint, row.state) if row and row.sprint else None
	at = max(now, last.event.at + history.TICK) if last else now
	return [
		_build_event(doctype, name, step, at + number * history.TICK, row.status if row else None)
		for number, step in enumerate(list_steps(before, after, exists=row is not None))
	]


def _build_event(doctype: str, name: str, step: TaskChange, at: datetime, status: str | None) -> EventRow:
	return EventRow(step.sprint, Event(at, doctype, name, step.kind, *step.state), status)


def reconcile_sprint(sprint: str) -> int:
	"""Record the changes of a sprint's tasks that its events miss."""
	now = clock.get_now()
	missing_events = history.find_unwritten_events(
		history.get_stored_events(sprint, now), list_sprint_rows(sprint), now
	)
	insert_found_events(sprint, missing_events)
	return len(missing_events)


def insert_found_events(sprint: str, events: list[Event]) -> None:
	"""Store events of changes that no hook recorded."""
	insert_events(EventRow(sprint, event, found_later=True) for event in events)


def insert_events(entries: Iterable[EventRow]) -> None:
	"""Store events, in one statement. The list may be empty."""
	insert_rows(
		SPRINT_EVENT,
		(
			{
				"sprint": entry.sprint,
				"at": entry.event.at,
				"task_doctype": entry.event.doctype,
				"task": entry.event.task,
				"kind": entry.event.kind,
				"estimate": entry.event.estimate,
				"progress": entry.event.progress,
				"counts": int(entry.event.counts),
				"phase": entry.event.phase,
				"status": entry.status,
				"found_later": int(entry.found_later),
			}
			for entry in entries
		),
	)


def _is_ready(doctype: str) -> bool:
	"""Return False during installation and update: other apps' patches save tasks before this app's tables
	and columns exist. The daily job records the changes that are missed then.
	"""
	if not has_sprints(doctype):
		return False
	if not (frappe.flags.in_migrate or frappe.flags.in_patch):
		return True
	return bool(frappe.db.table_exists(SPRINT_EVENT)) and frappe.db.has_column(SPRINT_EVENT, LATEST_COLUMN)
