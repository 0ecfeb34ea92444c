"""Close a sprint: save its figures and move its unfinished tasks."""

from datetime import datetime
from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator import clock, period
from orchestrator.doctypes import GP_TASK
from orchestrator.exceptions import refuse
from orchestrator.gameplan import events, history, sprints
from orchestrator.gameplan.burndown import round_hours
from orchestrator.gameplan.destinations import (
	BACKLOG,
	STAYS,
	Destinations,
	Key,
	build_destinations,
	check_tasks,
)
from orchestrator.gameplan.events import EventRow
from orchestrator.gameplan.readable import filter_readable_rows
from orchestrator.gameplan.series import compute_series
from orchestrator.gameplan.shapes import MovedTask, SprintClosing
from orchestrator.gameplan.sprint_rules import ACTIVE, CLOSED, SprintStateConflictError
from orchestrator.gameplan.task_rows import DOCTYPES, FIELD, TaskRow, list_rows_by_name, list_sprint_rows
from orchestrator.gameplan.task_state import JOINED, LEFT, OUT, Event

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.sprint.sprint import Sprint


def close_sprint(name: str, next_sprint: str | None, by_task: dict[Key, str]) -> SprintClosing:
	"""Close an active sprint. Its unfinished tasks go where `by_task` says, else to `next_sprint`, else to the
	backlog.
	"""
	doc = sprints.lock_sprint(name)
	if doc.state != ACTIVE:
		refuse(
			_("{0} is {1}; only an active sprint can be closed.").format(doc.name, _(doc.state)),
			SprintStateConflictError,
		)
	destinations = build_destinations(doc, next_sprint, by_task)
	rows = list_sprint_rows(doc.name, lock=True)
	unfinished = sorted((row for row in rows if row.is_unfinished), key=lambda row: (row.doctype, row.name))
	visible = filter_readable_rows(doc.name, unfinished)
	check_tasks(doc.name, by_task, visible)
	now = clock.get_now()
	_save_figures(doc, rows, now)
	_move_tasks(unfinished, doc.name, destinations, now)
	return SprintClosing(
		sprint=doc.name,
		state=doc.state,
		closed_at=period.to_iso(now),
		committed_hours=round_hours(doc.committed_hours),
		completed_hours=round_hours(doc.completed_hours),
		unfinished_hours=round_hours(doc.unfinished_hours),
		completed_tasks=doc.completed_tasks,
		unfinished=[_build_moved_task(row, destinations.get_destination(row)) for row in visible],
		hidden_tasks=len(unfinished) - len(visible),
	)


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


def _move_tasks(rows: list[TaskRow], source: str, destinations: Destinations, closed_at: datetime) -> None:
	"""Move tasks out of a closed sprint. This is part of closing, and requires no permission on the tasks."""
	by_destination: dict[str, list[TaskRow]] = {}
	for row in rows:
		by_destination.setdefault(destinations.get_destination(row), []).append(row)
	by_destination.pop(STAYS, None)
	for destination, members in sorted(by_destination.items()):
		_move_group(members, source, None if destination == BACKLOG else destination, closed_at)


def _move_group(rows: list[TaskRow], source: str, target: str | None, closed_at: datetime) -> None:
	"""Move tasks to one destination, in one statement per kind. Their events are later than the closing, so
	that the burndown of the closed sprint does not drop to zero.
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


def _build_moved_task(row: TaskRow, destination: str) -> MovedTask:
	return MovedTask(
		doctype=row.doctype,
		task=row.name,
		title=row.title or "",
		status=row.status or "",
		remaining_hours=round_hours(row.state.remaining),
		moved_to=destination,
	)
