"""Closes a sprint: what came of it is kept, what is unfinished moves on."""

from datetime import datetime
from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.api.generic import writable
from orchestrator.gameplan import clock, events, history, sprints
from orchestrator.gameplan.burndown import hours
from orchestrator.gameplan.course import chart
from orchestrator.gameplan.events import Entry
from orchestrator.gameplan.shapes import MovedTask, SprintClosing
from orchestrator.gameplan.sprint_rules import (
	ACTIVE,
	CLOSED,
	DOCTYPE,
	OWNER_FIELDS,
	SprintStateConflictError,
	locked_state,
)
from orchestrator.gameplan.standing import JOINED, LEFT, OUT, Event
from orchestrator.gameplan.task_rows import DOCTYPES, FIELD, GP_TASK, TaskRow, rows_named, rows_of_sprint

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.sprint.sprint import Sprint

BACKLOG = "backlog"


class InvalidNextSprintError(frappe.ValidationError):
	"""Unfinished tasks cannot move to this sprint. 422."""


def close(name: str, next_sprint: str | None) -> SprintClosing:
	"""Close an active sprint. Its unfinished tasks go to `next_sprint`, or to the backlog."""
	doc = sprints.locked(name)
	if doc.state != ACTIVE:
		frappe.throw(
			_("{0} is {1}; only an active sprint can be closed.").format(doc.name, _(doc.state)),
			SprintStateConflictError,
		)
	target = read_target(doc, next_sprint)
	rows = rows_of_sprint(doc.name, lock=True)
	now = clock.now()
	unfinished = sorted((row for row in rows if row.is_unfinished), key=lambda row: (row.doctype, row.name))
	keep_figures(doc, rows, now)
	move(unfinished, doc.name, target, now)
	return SprintClosing(
		sprint=doc.name,
		state=doc.state,
		closed_at=now.isoformat(timespec="seconds"),
		committed_hours=hours(doc.committed_hours),
		completed_hours=hours(doc.completed_hours),
		unfinished_hours=hours(doc.unfinished_hours),
		completed_tasks=doc.completed_tasks,
		unfinished=[told(row, target) for row in unfinished],
	)


def read_target(doc: "Sprint", next_sprint: str | None) -> str | None:
	"""The sprint for what is unfinished, None for the backlog. 404 for one the caller may not see, 403 where not
	write, 422 for one that cannot take the tasks."""
	if not next_sprint or next_sprint == BACKLOG:
		return None
	target = writable(frappe.get_meta(DOCTYPE), next_sprint)
	target.state = locked_state(target.name)
	same_owner = all((target.get(name) or None) == (doc.get(name) or None) for name in OWNER_FIELDS)
	if target.name == doc.name or target.state == CLOSED or not same_owner:
		frappe.throw(
			_(
				"The unfinished tasks cannot be moved to {0}. Choose an open sprint of the same project or team."
			).format(next_sprint),
			InvalidNextSprintError,
		)
	return target.name


def keep_figures(doc: "Sprint", rows: list[TaskRow], now: datetime) -> None:
	"""Write down what came of the sprint, for its velocity, and what no hook saw, for its burndown."""
	stored = history.stored_events(doc.name, now, lock=True)
	found = history.unwritten_events(stored, rows, now)
	events.write_found(doc.name, found)
	course = chart(stored + found, [], doc.started_at or now, now)
	doc.update(
		{
			"state": CLOSED,
			"closed_at": now,
			"completed_hours": hours(course.now.burned),
			"unfinished_hours": hours(course.now.remaining),
			"completed_tasks": sum(row.is_done for row in rows),
			"unfinished_tasks": sum(row.is_unfinished for row in rows),
		}
	)
	sprints.save_moved(doc)


def move(rows: list[TaskRow], source: str, target: str | None, closed_at: datetime) -> None:
	"""Move tasks out of a closed sprint, all in one statement per kind: it is part of closing, and needs no right on the
	tasks. Their events are later than the closing, so that the closed sprint's line does not fall to nothing."""
	for doctype in DOCTYPES:
		names = [int(row.name) if doctype == GP_TASK else row.name for row in rows if row.doctype == doctype]
		if names:
			frappe.db.set_value(doctype, {"name": ("in", names)}, FIELD, target)
			frappe.publish_realtime("list_update", {"doctype": doctype}, doctype=doctype, after_commit=True)
	moved = {
		(row.doctype, row.name): row
		for doctype in DOCTYPES
		for row in rows_named(doctype, [row.name for row in rows if row.doctype == doctype])
	}
	events.write(
		entry for row in rows for entry in entries(moved[row.doctype, row.name], source, target, closed_at)
	)
	if target:
		events.record_groups([target], "")


def entries(row: TaskRow, source: str, target: str | None, closed_at: datetime) -> list[Entry]:
	left, joined = closed_at + history.TICK, closed_at + 2 * history.TICK
	found = [Entry(source, Event(left, row.doctype, row.name, LEFT, *OUT), row.status)]
	if target:
		found.append(Entry(target, Event(joined, row.doctype, row.name, JOINED, *row.standing), row.status))
	return found


def told(row: TaskRow, target: str | None) -> MovedTask:
	return MovedTask(
		doctype=row.doctype,
		task=row.name,
		title=row.title or "",
		status=row.status or "",
		remaining_hours=hours(row.standing.remaining),
		moved_to=target or BACKLOG,
	)
