"""When a sprint will be done at the pace it has had so far. Plain values only."""

from datetime import date, timedelta
from typing import NamedTuple

from orchestrator.gameplan.workdays import WorkCalendar, days_between

# Who needs longer than that will not get there at this pace.
LONGEST_SEARCH = timedelta(days=366)
NOTHING = 0.005  # of an hour


class Forecast(NamedTuple):
	"""Hours burned per day worked so far, when nothing will remain at that pace (None: never), what will remain at the
	sprint's end."""

	hours_per_day: float
	finish_date: date | None
	remaining_at_end: float


def forecast(
	remaining: float, burned: float, first: date, today: date, end: date, calendar: WorkCalendar
) -> Forecast:
	"""The forecast on `today`, which counts among the days worked so far; `first` is the first of those."""
	worked = sum(map(calendar.works, days_between(first, today)))
	pace = burned / worked if worked else 0.0
	left = sum(map(calendar.works, days_between(today + timedelta(days=1), end)))
	return Forecast(
		hours_per_day=pace,
		finish_date=finish(remaining, pace, today, calendar),
		remaining_at_end=max(remaining - pace * left, 0.0),
	)


def finish(remaining: float, pace: float, today: date, calendar: WorkCalendar) -> date | None:
	"""The day at whose end nothing remains."""
	if remaining < NOTHING:
		return today
	if pace <= 0:
		return None
	for day in days_between(today + timedelta(days=1), today + LONGEST_SEARCH):
		remaining -= pace if calendar.works(day) else 0.0
		if remaining < NOTHING:
			return day
	return None
