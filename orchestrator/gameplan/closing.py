"""Close a sprint: save its figures and move its unfinished tasks."""

from datetime import datetime
from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator import clock, period
from orchestrator.api.records import get_writable
from orchestrator.doctypes import GP_TASK, SPRINT
from orchestrator.exceptions import refuse
from orchestrator.gameplan import events, history, sprints
from orchestrator.gameplan.burndown import round_hours
from orchestrator.gameplan.events import EventRow
from orchestrator.gameplan.series import compute_series
from orchestrator.gameplan.shapes import MovedTask, SprintClosing
from orchestrator.gameplan.sprint_rules import (
	ACTIVE,
	CLOSED,
	OWNER_FIELDS,
	SprintStateConflictError,
	get_locked_state,
)
from orchestrator.gameplan.task_rows import DOCTYPES, FIELD, TaskRow, list_rows_by_name, list_sprint_rows
from orchestrator.gameplan.task_state import JOINED, LEFT, OUT, Event

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.sprint.sprint import Sprint

BACKLOG = "backlog"


class InvalidNextSprintError(frappe.ValidationError):
	"""Unfinished tasks cannot move to this sprint. 422."""


def close_sprint(name: str, next_sprint: str | None) -> SprintClosing:
	"""Close an active sprint. Its unfinished tasks go to `next_sprint`, or to the backlog."""
	doc = sprints.lock_sprint(name)
	if doc.state != ACTIVE:
		refuse(
			_("{0} is {1}; only an active sprint can be closed.").format(doc.name, _(doc.state)),
			SprintStateConflictError,
		)
	target = _get_target_sprint(doc, next_sprint)
	rows = list_sprint_rows(doc.name, lock=True)
	now = clock.get_now()
	unfinished = sorted((row for row in rows if row.is_unfinished), key=lambda row: (row.doctype, row.name))
	_save_figures(doc, rows, now)
	_move_tasks(unfinished, doc.name, target, now)
	return SprintClosing(
		sprint=doc.name,
		state=doc.state,
		closed_at=period.to_iso(now),
		committed_hours=round_hours(doc.committed_hours),
		completed_hours=round_hours(doc.completed_hours),
		unfinished_hours=round_hours(doc.unfinished_hours),
		completed_tasks=doc.completed_tasks,
		unfinished=[_build_moved_task(row, target) for row in unfinished],
	)


def _get_target_sprint(doc: "Sprint", next_sprint: str | None) -> str | None:
	"""Return the sprint for unfinished tasks, None for the backlog. 404 if the caller may not read it, 403 if
	they may not write it, 422 if it cannot take the tasks.
	"""
	if not next_sprint or next_sprint == BACKLOG:
		return None
	target = get_writable(frappe.get_meta(SPRINT), next_sprint)
	target.state = get_locked_state(target.name)
	same_owner = all((target.get(name) or None) == (doc.get(name) or None) for name in OWNER_FIELDS)
	if target.name == doc.name or target.state == CLOSED or not same_owner:
		refuse(
			_(
				"The unfinished tasks cannot be moved to {0}. Choose an open sprint of the same project or team."
			).format(next_sprint),
			InvalidNextSprintError,
		)
	return target.name


def _save_figures(doc: "Sprint", rows: list[TaskRow], now: datetime) -> None:
	"""Save the sprint's figures for its velocity, and record changes that no hook recorded for its burndown."""
	stored = history.get_stored_events(doc.name, now, lock=True)
	missing_events = history.find_unwritten_events(stored, rows, now)
	events.insert_found_events(doc.name, missing_events)
	series = compute_series(stored + missing_events, [], doc.started_at or now, now)
	doc.update(
		{
			"state": CLOSED,
			"closed_at": now,
			"completed_hours": round_hours(series.now.burned),
			"unfinished_hours": round_hours(series.now.remaining),
			"completed_tasks": sum(row.is_done for row in rows),
			"unfinished_tasks": sum(row.is_unfinished for row in rows),
		}
	)
	sprints.save_state_change(doc)


def _move_tasks(rows: list[TaskRow], source: str, target: str | None, closed_at: datetime) -> None:
	"""Move tasks out of a closed sprint, in one statement per kind. This is part of closing, and requires no
	permission on the tasks. Their events are later than the closing, so that the burndown of the closed
	sprint does not drop to zero.
	"""
	for doctype in DOCTYPES:
		names = [int(row.name) if doctype == GP_TASK else row.name for row in rows if row.doctype == doctype]
		if names:
			frappe.db.set_value(doctype, {"name": ("in", names)}, FIELD, target)
			frappe.publish_realtime("list_update", {"doctype": doctype}, doctype=doctype, after_commit=True)
	moved = {
		(row.doctype, row.name): row
		for doctype in DOCTYPES
		for row in list_rows_by_name(doctype, [row.name for row in rows if row.doctype == doctype])
	}
	events.insert_events(
		entry
		for row in rows
		for entry in _build_events(moved[row.doctype, row.name], source, target, closed_at)
	)
	if target:
		events.record_group_changes([target], "")


def _build_events(row: TaskRow, source: str, target: str | None, closed_at: datetime) -> list[EventRow]:
	left, joined = closed_at + history.TICK, closed_at + 2 * history.TICK
	rows = [EventRow(source, Event(left, row.doctype, row.name, LEFT, *OUT), row.status)]
	if target:
		rows.append(EventRow(target, Event(joined, row.doctype, row.name, JOINED, *row.state), row.status))
	return rows


def _build_moved_task(row: TaskRow, target: str | None) -> MovedTask:
	return MovedTask(
		doctype=row.doctype,
		task=row.name,
		title=row.title or "",
		status=row.status or "",
		remaining_hours=round_hours(row.state.remaining),
		moved_to=target or BACKLOG,
	)
