"""The times at which a subscription is sent. No site needed.

All times are those of a clock on the site's wall. So a mail leaves once on each of its days: an hour that the clock skips
when summer time begins is over at the next look, and one that it shows twice in autumn is followed by the next day.
"""

import calendar
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from orchestrator.period import DateRange

DAILY, WEEKDAYS, WEEKLY, MONTHLY = FREQUENCIES = ("Daily", "Weekdays", "Weekly", "Monthly")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PREVIOUS_DAY, PREVIOUS_WEEK, PREVIOUS_MONTH = PERIODS = ("Previous Day", "Previous Week", "Previous Month")
SATURDAY = 5


class Schedule(NamedTuple):
	"""The frequency of a subscription. `day_of_week` is of a weekly one, `day_of_month` of a monthly one."""

	frequency: str
	hour: int
	day_of_week: str = DAYS[0]
	day_of_month: int = 1

	def includes(self, day: date) -> bool:
		"""Return True for a day on which the subscription is sent."""
		if self.frequency == WEEKDAYS:
			return day.weekday() < SATURDAY
		if self.frequency == WEEKLY:
			return DAYS[day.weekday()] == self.day_of_week
		if self.frequency == MONTHLY:
			return day.day == min(self.day_of_month, calendar.monthrange(day.year, day.month)[1])
		return True


def compute_next(schedule: Schedule, after: datetime) -> datetime:
	"""Return the first time after `after`."""
	day = after.date()
	while not (schedule.includes(day) and datetime.combine(day, time(schedule.hour)) > after):
		day += timedelta(days=1)
	return datetime.combine(day, time(schedule.hour))


def compute_period(period: str | None, today: date) -> DateRange | None:
	"""Return the days of a period that ended before today, None without a period."""
	if period == PREVIOUS_DAY:
		return DateRange(today - timedelta(days=1), today - timedelta(days=1))
	if period == PREVIOUS_WEEK:
		monday = today - timedelta(days=today.weekday() + 7)
		return DateRange(monday, monday + timedelta(days=6))
	if period == PREVIOUS_MONTH:
		last = today.replace(day=1) - timedelta(days=1)
		return DateRange(last.replace(day=1), last)
	return None
