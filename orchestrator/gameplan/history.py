"""The history of a sprint: its stored events, and changes of tasks that no event records yet.

Frappe writes some values without running any hook (`frappe.db.set_value`, which ERPNext itself uses when a
project is completed, and plain SQL). A comparison with the events reveals such a change, and the task's own
`modified` dates it. So the burndown is right even before the daily job records the change.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

import frappe

from orchestrator.gameplan.task_rows import DOCTYPES, TaskRow, list_rows_by_name
from orchestrator.gameplan.task_state import DELETED, JOINED, LEFT, OUT, Event, get_event_kind, has_changed

Key = tuple[str, str]
TICK = timedelta(microseconds=1)

STORED = """
	SELECT at, task_doctype, task, kind, estimate, progress, counts, phase FROM `tabSprint Event`
	WHERE sprint = %(sprint)s AND at <= %(until)s ORDER BY at
"""
LATEST = """
	SELECT sprint, at, task_doctype, task, kind, estimate, progress, counts, phase FROM `tabSprint Event`
	WHERE task_doctype = %(doctype)s AND task = %(task)s ORDER BY at DESC LIMIT 1
"""
# A task that came from an earlier sprint began there.
OF_ALL_SPRINTS = """
	SELECT event.sprint, event.at, event.task_doctype, event.task, event.kind, event.estimate, event.progress,
		event.counts, event.phase
	FROM (SELECT DISTINCT task_doctype, task FROM `tabSprint Event` WHERE sprint = %(sprint)s) own
	JOIN `tabSprint Event` event ON event.task_doctype = own.task_doctype AND event.task = own.task
	WHERE event.at <= %(until)s ORDER BY event.at
"""


class SprintTaskEvent(NamedTuple):
	"""An event of a task, and its sprint."""

	sprint: str
	event: Event


def get_stored_events(sprint: str, until: datetime, lock: bool = False) -> list[Event]:
	"""Return the stored events of the sprint up to a time, first to last.

	With `lock`, it also reads what others have committed since the transaction began.
	"""
	query = f"{STORED}{' LOCK IN SHARE MODE' if lock else ''}"
	return [Event(*row) for row in frappe.db.sql(query, {"sprint": sprint, "until": until})]


def get_latest_event(doctype: str, task: str) -> SprintTaskEvent | None:
	"""Return the last stored event of the task, in whichever sprint."""
	rows = frappe.db.sql(LATEST, {"doctype": doctype, "task": task})
	return SprintTaskEvent(rows[0][0], Event(*rows[0][1:])) if rows else None


def list_all_sprints_events(sprint: str, until: datetime) -> list[SprintTaskEvent]:
	"""Return the stored events up to a time, first to last, of every task that was in the sprint; also those
	in other sprints.
	"""
	rows = frappe.db.sql(OF_ALL_SPRINTS, {"sprint": sprint, "until": until})
	return [SprintTaskEvent(row[0], Event(*row[1:])) for row in rows]


def list_events_until(sprint: str, rows: list[TaskRow], until: datetime, closed: bool) -> list[Event]:
	"""Return all events of the sprint up to a time, stored or not. `rows` are its tasks.

	A closed sprint has a complete stored history, because closing records all changes.
	"""
	events = get_stored_events(sprint, until)
	return events if closed else events + find_unwritten_events(events, rows, until)


def find_unwritten_events(events: list[Event], rows: list[TaskRow], now: datetime) -> list[Event]:
	"""Return events of changes in the tasks of a sprint that are not stored."""
	latest: dict[Key, Event] = {(event.doctype, event.task): event for event in events}
	present = {(row.doctype, row.name): row for row in rows}
	missing = [key for key, event in latest.items() if event.is_in and key not in present]
	changes = [
		event for key, row in present.items() if (event := _build_change_events(row, latest.get(key), now))
	]
	return changes + _build_removal_events(missing, latest, now)


def _build_change_events(row: TaskRow, last: Event | None, now: datetime) -> Event | None:
	"""Return the changes of a task in the sprint since its last event, empty if there are none."""
	if last and last.is_in:
		if not has_changed(last.state, row.state):
			return None
		kind = get_event_kind(last.state, row.state)
	else:
		kind = JOINED
	return Event(_get_change_time(row.modified, last, now), row.doctype, row.name, kind, *row.state)


def _build_removal_events(missing: list[Key], latest: dict[Key, Event], now: datetime) -> list[Event]:
	"""Return the events of tasks that left the sprint or were deleted. A deletion is dated when it is found."""
	events = []
	for doctype in DOCTYPES:
		names = [name for of, name in missing if of == doctype]
		rows = {row.name: row for row in list_rows_by_name(doctype, names)}
		for name in names:
			at = _get_change_time(rows[name].modified, latest[doctype, name], now) if name in rows else now
			events.append(Event(at, doctype, name, LEFT if name in rows else DELETED, *OUT))
	return events


def _get_change_time(modified: datetime, last: Event | None, now: datetime) -> datetime:
	"""Return the time of a change that no hook recorded: the task's last modification.

	If that is not after the last event, the time is unknown: return the time at which it was found.
	"""
	if last and modified <= last.at:
		return max(now, last.at + TICK)
	return min(modified, now)
