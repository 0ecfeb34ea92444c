"""Cumulative flow and cycle times of one sprint: the rows that they are computed from, and the reply."""

from datetime import date, datetime, timedelta

import frappe

from orchestrator import clock, period
from orchestrator.gameplan import history, phases
from orchestrator.gameplan.flow_series import (
	CycleTime,
	compute_cycle_times,
	compute_percentile,
	count_daily_phases,
)
from orchestrator.gameplan.readable import filter_readable_rows
from orchestrator.gameplan.shapes import CycleTimes, FlowCounts, SprintFlow, TaskCycle
from orchestrator.gameplan.sprint_rules import CLOSED
from orchestrator.gameplan.task_rows import TaskRow, list_sprint_rows
from orchestrator.gameplan.task_state import Event
from orchestrator.gameplan.workdays import list_days

ONE_DAY = timedelta(days=1)
PRECISION = 2


def build_flow(sprint: frappe._dict) -> SprintFlow:
	"""Return the flow. Two queries for events and tasks, one for each kind of task that the caller may read."""
	is_closed = sprint.state == CLOSED
	until = sprint.closed_at if is_closed else clock.get_now()
	rows = list_sprint_rows(sprint.name)
	everything = history.list_all_sprints_events(sprint.name, until)
	events = [event for name, event in everything if name == sprint.name]
	missing = [] if is_closed else history.find_unwritten_events(events, rows, until)
	days = list_days(sprint.start_date, sprint.end_date)
	cycles = compute_cycle_times(
		[*everything, *((sprint.name, event) for event in missing)], sprint.name, until
	)
	return SprintFlow(
		sprint=sprint.name,
		title=sprint.title,
		state=sprint.state,
		dates=[str(day) for day in days],
		tasks_by_phase=_build_counts([*events, *missing], days, until),
		cycle_times=_build_cycle_times(cycles),
		completed=_build_completed(cycles, filter_readable_rows(sprint.name, rows)),
	)


def _build_counts(events: list[Event], days: list[date], until: datetime) -> FlowCounts:
	"""Return the counts by phase, None for future days."""
	counts = count_daily_phases(events, days, until)

	def list_counts(phase: str) -> list[int | None]:
		return [*(day[phase] for day in counts), *[None] * (len(days) - len(counts))]

	return FlowCounts(
		to_do=list_counts(phases.TO_DO),
		in_progress=list_counts(phases.IN_PROGRESS),
		in_review=list_counts(phases.IN_REVIEW),
		done=list_counts(phases.DONE),
		cancelled=list_counts(phases.CANCELLED),
	)


def _build_cycle_times(cycles: list[CycleTime]) -> CycleTimes:
	durations = [duration for cycle in cycles if (duration := cycle.duration) is not None]
	return CycleTimes(
		tasks=len(durations),
		p50_days=_round_days(compute_percentile(durations, 50)),
		p85_days=_round_days(compute_percentile(durations, 85)),
		p95_days=_round_days(compute_percentile(durations, 95)),
		tasks_without_start=len(cycles) - len(durations),
	)


def _build_completed(cycles: list[CycleTime], visible: list[TaskRow]) -> list[TaskCycle]:
	"""Return the tasks with a cycle time that the caller may read."""
	rows = {(row.doctype, row.name): row for row in visible}
	return [
		TaskCycle(
			doctype=cycle.doctype,
			name=cycle.task,
			title=rows[cycle.doctype, cycle.task].title or "",
			started_at=period.to_iso(cycle.started_at) if cycle.started_at else None,
			completed_at=period.to_iso(cycle.completed_at),
			cycle_days=_round_days(cycle.duration),
		)
		for cycle in cycles
		if (cycle.doctype, cycle.task) in rows
	]


def _round_days(duration: timedelta | None) -> float | None:
	return None if duration is None else round(duration / ONE_DAY, PRECISION)
