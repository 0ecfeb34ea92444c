"""The times at which subscriptions are sent. No site needed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.insights.subscriptions.schedule import Schedule, compute_next, compute_period
from orchestrator.period import DateRange

NOON = datetime(2026, 2, 10, 12)  # a Tuesday


@pytest.mark.parametrize(
	("schedule", "after", "expected"),
	[
		(Schedule("Daily", 7), NOON, datetime(2026, 2, 11, 7)),
		(Schedule("Daily", 13), NOON, datetime(2026, 2, 10, 13)),
		(Schedule("Daily", 12), NOON, datetime(2026, 2, 11, 12)),
		(Schedule("Weekdays", 7), datetime(2026, 2, 13, 12), datetime(2026, 2, 16, 7)),
		(Schedule("Weekly", 7, "Tuesday"), NOON, datetime(2026, 2, 17, 7)),
		(Schedule("Weekly", 0, "Wednesday"), NOON, datetime(2026, 2, 11, 0)),
		(Schedule("Monthly", 7, day_of_month=31), NOON, datetime(2026, 2, 28, 7)),
		(Schedule("Monthly", 7, day_of_month=29), datetime(2028, 2, 28, 8), datetime(2028, 2, 29, 7)),
		(Schedule("Monthly", 7, day_of_month=1), datetime(2026, 12, 1, 7), datetime(2027, 1, 1, 7)),
	],
)
def test_next_time(schedule, after, expected):
	assert compute_next(schedule, after) == expected


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_daily_mail_leaves_once_a_day_across_the_changes_of_the_clock(zone, hour):
	"""Look every half hour of a year, as the scheduler does, with the clock of the site."""
	schedule, sent = Schedule("Daily", hour), []
	moment = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
	wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
	due, begin = compute_next(schedule, wall), wall
	while wall < begin + timedelta(days=364):
		if wall >= due:
			sent.append(wall)
			due = compute_next(schedule, wall)
		moment += timedelta(minutes=30)
		wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
	days = [each.date() for each in sent]
	assert days == sorted(set(days))
	assert len(days) == (days[-1] - days[0]).days + 1
	assert {each.hour for each in sent} <= {hour, (hour + 1) % 24}


@pytest.mark.parametrize(
	("period", "expected"),
	[
		(None, None),
		("", None),
		("Previous Day", DateRange(date(2026, 3, 2), date(2026, 3, 2))),
		("Previous Week", DateRange(date(2026, 2, 23), date(2026, 3, 1))),
		("Previous Month", DateRange(date(2026, 2, 1), date(2026, 2, 28))),
	],
)
def test_period_before_a_mail(period, expected):
	assert compute_period(period, date(2026, 3, 3)) == expected
