"""Burndown and burn-up of one sprint: the rows that they take, and the replies made of the course."""

from collections.abc import Sequence
from datetime import date, datetime

import frappe

from orchestrator.gameplan import clock, forecast, history
from orchestrator.gameplan.course import Course, Mark, chart, ideal
from orchestrator.gameplan.shapes import SprintBurndown, SprintBurnup, SprintForecast
from orchestrator.gameplan.sprint_rules import ACTIVE, CLOSED
from orchestrator.gameplan.task_rows import TaskRow, rows_of_sprint
from orchestrator.gameplan.workdays import WorkCalendar, calendar_for, days_between

PRECISION = 2
START = Mark()


def describe(sprint: frappe._dict) -> SprintBurndown:
	"""The burndown. Three queries: events, tasks, holidays."""
	now = clock.now()
	days = days_between(sprint.start_date, sprint.end_date)
	calendar = calendar_for(sprint.project, sprint.team if sprint.team_type == "Department" else None)
	rows = rows_of_sprint(sprint.name)
	course = course_of(sprint, rows, days, now)
	added, removed = changes_by_day(course.marks)
	working = [calendar.works(day) for day in days]
	return SprintBurndown(
		sprint=sprint.name,
		title=sprint.title,
		state=sprint.state,
		days=labels(days),
		dates=[str(day) for day in days],
		working_days=working,
		ideal_hours=[hours(value) for value in ideal(course.committed, working)],
		actual_hours=padded([mark.remaining for mark in course.marks], days),
		scope_added_by_day=padded(added, days),
		scope_removed_by_day=padded(removed, days),
		committed_hours=hours(course.committed),
		remaining_hours=hours(course.now.remaining),
		burned_hours=hours(course.now.burned),
		scope_added_hours=hours(course.now.added),
		scope_removed_hours=hours(course.now.removed),
		unestimated_tasks=sum(row.is_unestimated for row in rows),
		forecast=forecast_of(sprint, course, days, now.date(), calendar),
	)


def describe_burnup(sprint: frappe._dict) -> SprintBurnup:
	"""The burn-up. Two queries: events and tasks."""
	days = days_between(sprint.start_date, sprint.end_date)
	course = course_of(sprint, rows_of_sprint(sprint.name), days, clock.now())
	return SprintBurnup(
		sprint=sprint.name,
		title=sprint.title,
		state=sprint.state,
		days=labels(days),
		dates=[str(day) for day in days],
		scope_hours=padded([mark.scope for mark in course.marks], days),
		done_hours=padded([mark.done for mark in course.marks], days),
		total_scope_hours=hours(course.now.scope),
		total_done_hours=hours(course.now.done),
	)


def course_of(sprint: frappe._dict, rows: list[TaskRow], days: Sequence[date], now: datetime) -> Course:
	"""The course of a sprint. One that is not started is still being planned; a closed one ends with its closing."""
	until = sprint.closed_at if sprint.state == CLOSED else now
	events = history.events_until(sprint.name, rows, until, closed=sprint.state == CLOSED)
	return chart(events, days, sprint.started_at or until, until)


def forecast_of(
	sprint: frappe._dict, course: Course, days: Sequence[date], today: date, calendar: WorkCalendar
) -> SprintForecast | None:
	"""The forecast of an active sprint whose first day has come, of which anything is estimated."""
	if sprint.state != ACTIVE or today < days[0] or course.now.scope < forecast.NOTHING:
		return None
	first = max(days[0], sprint.started_at.date())
	told = forecast.forecast(course.now.remaining, course.now.burned, first, today, days[-1], calendar)
	finish = course.finished_by(days) or told.finish_date
	return SprintForecast(
		hours_per_day=hours(told.hours_per_day),
		finish_date=str(finish) if finish else None,
		remaining_at_end=hours(told.remaining_at_end),
		on_track=told.remaining_at_end < forecast.NOTHING,
	)


def changes_by_day(marks: Sequence[Mark]) -> tuple[list[float], list[float]]:
	"""The scope added and removed on each day, out of the sums since the start."""
	before = [START, *marks]
	pairs = list(zip(marks, before, strict=False))
	return [m.added - b.added for m, b in pairs], [m.removed - b.removed for m, b in pairs]


def labels(days: Sequence[date]) -> list[str]:
	return [f"Day {number}" for number in range(1, len(days) + 1)]


def padded(values: Sequence[float], days: Sequence[date]) -> list[float | None]:
	"""The values, rounded, and None for the days that have not begun."""
	return [*map(hours, values), *[None] * (len(days) - len(values))]


def hours(value: float) -> float:
	"""Hours as replies have them, without a negative zero."""
	return round(value, PRECISION) + 0.0
