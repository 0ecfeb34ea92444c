"""Burndown and burn-up of one sprint: the rows that they are computed from, and the replies."""

from collections.abc import Sequence
from datetime import date, datetime

import frappe

from orchestrator import clock
from orchestrator.gameplan import forecast, history
from orchestrator.gameplan.series import BurndownSeries, DailyPoint, compute_ideal_line, compute_series
from orchestrator.gameplan.shapes import SprintBurndown, SprintBurnup, SprintForecast
from orchestrator.gameplan.sprint_rules import ACTIVE, CLOSED
from orchestrator.gameplan.task_rows import TaskRow, list_sprint_rows
from orchestrator.gameplan.workdays import WorkCalendar, get_calendar, list_days

PRECISION = 2
START = DailyPoint()


def build_burndown(sprint: frappe._dict) -> SprintBurndown:
	"""Return the burndown. Three queries: events, tasks, holidays."""
	now = clock.get_now()
	days = list_days(sprint.start_date, sprint.end_date)
	calendar = get_calendar(sprint.project, sprint.team if sprint.team_type == "Department" else None)
	rows = list_sprint_rows(sprint.name)
	series = _compute_sprint_series(sprint, rows, days, now)
	added, removed = _compute_scope_changes(series.points)
	working = [calendar.is_workday(day) for day in days]
	return SprintBurndown(
		sprint=sprint.name,
		title=sprint.title,
		state=sprint.state,
		days=_build_labels(days),
		dates=[str(day) for day in days],
		working_days=working,
		ideal_hours=[round_hours(value) for value in compute_ideal_line(series.committed, working)],
		actual_hours=_pad_values([point.remaining for point in series.points], days),
		scope_added_by_day=_pad_values(added, days),
		scope_removed_by_day=_pad_values(removed, days),
		committed_hours=round_hours(series.committed),
		remaining_hours=round_hours(series.now.remaining),
		burned_hours=round_hours(series.now.burned),
		scope_added_hours=round_hours(series.now.added),
		scope_removed_hours=round_hours(series.now.removed),
		unestimated_tasks=sum(row.is_unestimated for row in rows),
		forecast=_compute_sprint_forecast(sprint, series, days, now.date(), calendar),
	)


def build_burnup(sprint: frappe._dict) -> SprintBurnup:
	"""Return the burn-up. Two queries: events and tasks."""
	days = list_days(sprint.start_date, sprint.end_date)
	series = _compute_sprint_series(sprint, list_sprint_rows(sprint.name), days, clock.get_now())
	return SprintBurnup(
		sprint=sprint.name,
		title=sprint.title,
		state=sprint.state,
		days=_build_labels(days),
		dates=[str(day) for day in days],
		scope_hours=_pad_values([point.scope for point in series.points], days),
		done_hours=_pad_values([point.done for point in series.points], days),
		total_scope_hours=round_hours(series.now.scope),
		total_done_hours=round_hours(series.now.done),
	)


def _compute_sprint_series(
	sprint: frappe._dict, rows: list[TaskRow], days: Sequence[date], now: datetime
) -> BurndownSeries:
	"""Return the series of a sprint.

	A sprint that is not started is still being planned; a closed one ends with its closing.
	"""
	until = sprint.closed_at if sprint.state == CLOSED else now
	events = history.list_events_until(sprint.name, rows, until, closed=sprint.state == CLOSED)
	return compute_series(events, days, sprint.started_at or until, until)


def _compute_sprint_forecast(
	sprint: frappe._dict, series: BurndownSeries, days: Sequence[date], today: date, calendar: WorkCalendar
) -> SprintForecast | None:
	"""Return the forecast of an active sprint that has begun and has estimates, otherwise None."""
	if sprint.state != ACTIVE or today < days[0] or series.now.scope < forecast.EMPTY_FORECAST:
		return None
	first = max(days[0], sprint.started_at.date())
	result = forecast.compute_forecast(
		series.now.remaining, series.now.burned, first, today, days[-1], calendar
	)
	finish = series.find_finish_day(days) or result.finish_date
	return SprintForecast(
		hours_per_day=round_hours(result.hours_per_day),
		finish_date=str(finish) if finish else None,
		remaining_at_end=round_hours(result.remaining_at_end),
		on_track=result.remaining_at_end < forecast.EMPTY_FORECAST,
	)


def _compute_scope_changes(points: Sequence[DailyPoint]) -> tuple[list[float], list[float]]:
	"""Return the scope added and removed on each day, from the sums since the start."""
	before = [START, *points]
	pairs = list(zip(points, before, strict=False))
	return [m.added - b.added for m, b in pairs], [m.removed - b.removed for m, b in pairs]


def _build_labels(days: Sequence[date]) -> list[str]:
	return [f"Day {number}" for number in range(1, len(days) + 1)]


def _pad_values(values: Sequence[float], days: Sequence[date]) -> list[float | None]:
	"""Return the values, rounded, and None for future days."""
	return [*map(round_hours, values), *[None] * (len(days) - len(values))]


def round_hours(value: float) -> float:
	"""Return hours rounded for replies, without a negative zero."""
	return round(value, PRECISION) + 0.0
