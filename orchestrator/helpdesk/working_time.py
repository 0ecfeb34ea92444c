"""Working time: hours of each weekday without holidays, counted by instants, so that a clock change neither
adds nor loses an hour. Plain functions: no site is needed.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

MAX_DAYS = 3660  # an agreement without working hours would never be due


class Calendar(NamedTuple):
	"""Working hours. `hours` maps weekdays from 0 (Monday) to start and end since midnight."""

	hours: dict[int, tuple[timedelta, timedelta]]
	holidays: frozenset[date]
	zone: ZoneInfo


def add_working_time(calendar: Calendar, start: datetime, seconds: float) -> datetime | None:
	"""Return the local time at which `seconds` of working time have passed since `start`.

	Args:
		calendar: When people work.
		start: A local time of the calendar's zone.
		seconds: Working time, in seconds.

	Returns:
		The moment, None if it does not come within ten years.
	"""
	begin = _to_instant(calendar, start)
	for opens, closes in _iterate_windows(calendar, start.date(), MAX_DAYS):
		available = (closes - max(opens, begin)).total_seconds()
		if available <= 0:
			continue
		if available >= seconds:
			return _to_local(calendar, max(opens, begin) + timedelta(seconds=seconds))
		seconds -= available
	return None


def count_working_time(calendar: Calendar, start: datetime, end: datetime) -> float:
	"""Return the seconds of working time between two local times."""
	begin, finish = _to_instant(calendar, start), _to_instant(calendar, end)
	days = min((end.date() - start.date()).days + 1, MAX_DAYS)
	windows = _iterate_windows(calendar, start.date(), days)
	return sum(
		max((min(closes, finish) - max(opens, begin)).total_seconds(), 0.0) for opens, closes in windows
	)


class WorkingWindows:
	"""The working hours between two dates, prepared for many questions: each is answered by a binary search."""

	def __init__(self, calendar: Calendar, first: date, last: date) -> None:
		self._calendar = calendar
		self._opens: list[datetime] = []
		self._closes: list[datetime] = []
		self._worked_before: list[float] = []  # seconds of all earlier windows
		total = 0.0
		for opens, closes in _iterate_windows(calendar, first, min((last - first).days + 1, MAX_DAYS)):
			self._opens.append(opens)
			self._closes.append(closes)
			self._worked_before.append(total)
			total += max((closes - opens).total_seconds(), 0.0)

	def count(self, start: datetime, end: datetime) -> float:
		"""Return the seconds of working time from one local time to another, negative if that is earlier."""
		return self._count_until(end) - self._count_until(start)

	def is_open(self, moment: datetime) -> bool:
		"""Return True within working hours."""
		instant = _to_instant(self._calendar, moment)
		index = bisect_right(self._opens, instant) - 1
		return index >= 0 and instant < self._closes[index]

	def seconds_to_change(self, moment: datetime) -> float | None:
		"""Return the seconds until work begins or ends, None if neither happens within the dates."""
		instant = _to_instant(self._calendar, moment)
		index = bisect_right(self._opens, instant) - 1
		if index >= 0 and instant < self._closes[index]:
			return (self._closes[index] - instant).total_seconds()
		if index + 1 < len(self._opens):
			return (self._opens[index + 1] - instant).total_seconds()
		return None

	def _count_until(self, moment: datetime) -> float:
		instant = _to_instant(self._calendar, moment)
		index = bisect_right(self._opens, instant) - 1
		if index < 0:
			return 0.0
		worked = (min(instant, self._closes[index]) - self._opens[index]).total_seconds()
		return self._worked_before[index] + max(worked, 0.0)


def _iterate_windows(calendar: Calendar, first: date, days: int) -> Iterator[tuple[datetime, datetime]]:
	"""Yield start and end of the working hours of each of these days, as instants."""
	for number in range(days):
		day = first + timedelta(days=number)
		if day in calendar.holidays or day.weekday() not in calendar.hours:
			continue
		midnight = datetime.combine(day, time())
		opens, closes = (_to_instant(calendar, midnight + offset) for offset in calendar.hours[day.weekday()])
		yield opens, closes


def _to_instant(calendar: Calendar, local: datetime) -> datetime:
	return local.replace(tzinfo=calendar.zone).astimezone(UTC)


def _to_local(calendar: Calendar, instant: datetime) -> datetime:
	return instant.astimezone(calendar.zone).replace(tzinfo=None)
