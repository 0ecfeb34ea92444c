"""Forecast of a sprint's end at its pace so far. Plain values only."""

from datetime import date, timedelta
from typing import NamedTuple

from orchestrator.gameplan.workdays import WorkCalendar, list_days

# A forecast beyond this counts as never.
MAX_SEARCH_DAYS = timedelta(days=366)
EMPTY_FORECAST = 0.005  # hours


class Forecast(NamedTuple):
	"""Hours burned per working day so far; the time at which nothing remains at that pace (None: never); the
	hours that remain at the sprint's end.
	"""

	hours_per_day: float
	finish_date: date | None
	remaining_at_end: float


def compute_forecast(
	remaining: float, burned: float, first: date, today: date, end: date, calendar: WorkCalendar
) -> Forecast:
	"""Return the forecast on `today`, which counts as a day worked; `first` is the first day worked."""
	worked = sum(map(calendar.is_workday, list_days(first, today)))
	pace = burned / worked if worked else 0.0
	working_days_left = sum(map(calendar.is_workday, list_days(today + timedelta(days=1), end)))
	return Forecast(
		hours_per_day=pace,
		finish_date=_find_finish_day(remaining, pace, today, calendar),
		remaining_at_end=max(remaining - pace * working_days_left, 0.0),
	)


def _find_finish_day(remaining: float, pace: float, today: date, calendar: WorkCalendar) -> date | None:
	"""Return the day at whose end nothing remains."""
	if remaining < EMPTY_FORECAST:
		return today
	if pace <= 0:
		return None
	for day in list_days(today + timedelta(days=1), today + MAX_SEARCH_DAYS):
		remaining -= pace if calendar.is_workday(day) else 0.0
		if remaining < EMPTY_FORECAST:
			return day
	return None
