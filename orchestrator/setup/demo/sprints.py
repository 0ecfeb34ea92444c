"""The demo's sprints, with their history."""

from datetime import datetime, time
from typing import Any

import frappe
from frappe.utils import add_days

from orchestrator.gameplan import events
from orchestrator.gameplan.series import compute_series
from orchestrator.gameplan.task_state import Event
from orchestrator.setup.demo import data
from orchestrator.setup.demo.maker import DemoMaker, insert_record


def create_sprint(maker: DemoMaker, row: data.Sprint) -> None:
	"""Create a sprint with a history: write its events as the hooks would have written them on those days."""
	sprint = insert_record(
		"Sprint",
		title=row.title,
		project=maker.names["Project", row.project],
		start_date=add_days(maker.today, row.starts),
		end_date=add_days(maker.today, row.ends),
		goal=row.goal,
		members=[{"user": maker.names["User", key], "capacity_hours": hours} for key, hours in row.members],
	).name
	tasks = {happening.task: maker.names["Task", happening.task] for happening in row.history}
	frappe.db.set_value(
		"Task", {"name": ("in", list(tasks.values()))}, "sprint", sprint, update_modified=False
	)
	history = [_build_event(maker, happening) for happening in row.history]
	events.insert_events(events.EventRow(sprint, event) for event in history)
	frappe.db.set_value("Sprint", sprint, _compute_figures(maker, row, history), update_modified=False)


def _build_event(maker: DemoMaker, row: data.SprintEvent) -> Event:
	at = datetime.combine(add_days(maker.today, row.day), time(14))
	return Event(at, "Task", maker.names["Task", row.task], row.kind, row.hours, row.progress, True)


def _compute_figures(maker: DemoMaker, row: data.Sprint, history: list[Event]) -> dict[str, Any]:
	"""Return the figures that starting and closing the sprint would have saved."""
	started = datetime.combine(add_days(maker.today, row.starts), time(9))
	values = {"state": row.state, "started_at": started, "committed_hours": row.committed}
	if row.state != "Closed":
		return values
	closed = datetime.combine(add_days(maker.today, row.ends), time(17))
	now = compute_series(history, [], started, closed).now
	finished = sum(event.kind == "Completed" for event in history)
	figures = {
		"completed_hours": now.burned,
		"unfinished_hours": now.remaining,
		"completed_tasks": finished,
	}
	return {**values, **figures, "closed_at": closed}
