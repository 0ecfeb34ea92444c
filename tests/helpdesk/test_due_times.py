"""Due times in working hours, over pauses, weekends, holidays and clock changes, compared with a count by
minutes.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import frappe

from orchestrator.helpdesk import due_times, get_sla_status, measures
from orchestrator.helpdesk.working_time import Calendar, add_working_time, count_working_time
from tests.helpdesk.test_sla import make_issue, move
from tests.support import helpdesk

EXAMPLES = settings(max_examples=50, deadline=None, derandomize=True)
ZONES = (
	"UTC",
	"America/New_York",
	"Europe/Berlin",
	"Asia/Kolkata",
	"Australia/Lord_Howe",
	"America/St_Johns",
)
MINUTE = timedelta(minutes=1)
DAY = 24 * 60
# around the clock changes of 2027 on both hemispheres, and a week without any
STARTS = (
	datetime(2027, 3, 12),
	datetime(2027, 3, 26),
	datetime(2027, 4, 2),
	datetime(2027, 10, 1),
	datetime(2027, 10, 29),
	datetime(2027, 11, 5),
	datetime(2027, 6, 1),
)


@st.composite
def draw_calendar(draw) -> Calendar:
	hours = {}
	for day in draw(st.sets(st.integers(0, 6), min_size=1)):
		opens = draw(st.integers(0, DAY - 2))
		closes = draw(st.integers(opens + 1, DAY - 1))
		hours[day] = (opens * MINUTE, closes * MINUTE)
	zone = draw(st.sampled_from(ZONES))
	first = draw(st.sampled_from(STARTS)).date()
	holidays = draw(st.sets(st.integers(0, 10), max_size=3))
	return Calendar(hours, frozenset(first + timedelta(days=n) for n in holidays), ZoneInfo(zone))


starts = st.builds(
	lambda day, minutes: day + minutes * MINUTE, st.sampled_from(STARTS), st.integers(0, 4 * DAY)
)


def is_working(calendar: Calendar, instant: datetime) -> bool:
	"""Return True if a local time is within working hours."""
	local = instant.astimezone(calendar.zone).replace(tzinfo=None)
	if local.date() in calendar.holidays or local.weekday() not in calendar.hours:
		return False
	opens, closes = calendar.hours[local.weekday()]
	midnight = datetime(local.year, local.month, local.day)
	opens, closes = (
		(midnight + offset).replace(tzinfo=calendar.zone).astimezone(UTC) for offset in (opens, closes)
	)
	return opens <= instant < closes


def count_minutes(calendar: Calendar, start: datetime, end: datetime) -> int:
	instant, last = (moment.replace(tzinfo=calendar.zone).astimezone(UTC) for moment in (start, end))
	minutes = 0
	while instant < last:
		minutes += is_working(calendar, instant)
		instant += MINUTE
	return minutes


def add_minutes(calendar: Calendar, start: datetime, minutes: int) -> datetime:
	instant = start.replace(tzinfo=calendar.zone).astimezone(UTC)
	while minutes:
		minutes -= is_working(calendar, instant)
		instant += MINUTE
	return instant.astimezone(calendar.zone).replace(tzinfo=None)


@EXAMPLES
@given(draw_calendar(), starts, st.integers(0, 3 * DAY))
@example(
	Calendar(
		{day: (timedelta(0), timedelta(hours=23, minutes=59)) for day in range(7)},
		frozenset(),
		ZoneInfo("America/New_York"),
	),
	datetime(2027, 3, 13, 12),
	2 * DAY,
)
def test_working_time_equals_a_count_by_minutes(calendar, start, length):
	end = start + length * MINUTE
	assert count_working_time(calendar, start, end) == 60 * count_minutes(calendar, start, end)


@EXAMPLES
@given(draw_calendar(), starts, st.integers(1, 600))
def test_a_due_time_equals_a_count_by_minutes(calendar, start, minutes):
	assert add_working_time(calendar, start, minutes * 60) == add_minutes(calendar, start, minutes)


@EXAMPLES
@given(
	draw_calendar(),
	starts,
	st.integers(1, 600),
	st.lists(st.tuples(st.integers(1, 400), st.integers(1, 2000)), max_size=3),
)
def test_pauses_move_a_due_time_by_their_working_time(calendar, start, minutes, pauses):
	"""Each pause that begins before the due time adds its working time, as in the hook; compared with a count
	by minutes without the pauses.
	"""
	credit, clock, held = 0.0, start, []
	for run, length in pauses:
		begin, end = clock + run * MINUTE, clock + (run + length) * MINUTE
		due = add_working_time(calendar, start, minutes * 60 + credit)
		if due and begin <= due:
			credit += count_working_time(calendar, begin, end)
			held.append((begin, end))
		clock = end
	due = add_working_time(calendar, start, minutes * 60 + credit)
	assume(due)  # None: with few working hours it comes later than in ten years
	worked = count_minutes(calendar, start, due) - sum(
		count_minutes(calendar, begin, end) for begin, end in held
	)
	assert worked == minutes


def test_without_working_hours_nothing_is_ever_due():
	empty = Calendar({}, frozenset(), ZoneInfo("UTC"))
	assert add_working_time(empty, datetime(2027, 1, 1), 60) is None
	assert count_working_time(empty, datetime(2027, 1, 1), datetime(2027, 2, 1)) == 0


# On ERPNext's Issue. The agreement runs Monday to Friday, 09:00 to 17:00, without 2027-02-03; High resolves in 12 hours.


@pytest.fixture(scope="module")
def agreement(frappe_site) -> str:
	return helpdesk.get_agreement()


@pytest.mark.parametrize(
	("moves", "due"),
	[
		# the pause lies within one day
		([("On Hold", "02-01 11:00"), ("Open", "02-01 12:00")], "02-02 15:00"),
		# overnight: 7 hours of the pause are working hours
		([("On Hold", "02-01 11:00"), ("Open", "02-02 10:00")], "02-04 13:00"),
		# only at night: no working time, nothing is added
		([("On Hold", "02-01 18:00"), ("Open", "02-01 23:00")], "02-02 14:00"),
		# over the holiday alone
		([("On Hold", "02-02 17:00"), ("Open", "02-04 09:00")], "02-02 14:00"),
		# over a weekend, after a first pause
		(
			[
				("On Hold", "02-01 11:00"),
				("Open", "02-01 12:00"),
				("On Hold", "02-01 13:00"),
				("Open", "02-08 10:00"),
			],
			"02-09 12:00",
		),
		# resolved, then opened again: the time between is a pause
		([("Resolved", "02-01 11:00"), ("Open", "02-01 15:00")], "02-04 10:00"),
		# Replied is a pause as well, and changing between pauses continues it
		([("Replied", "02-01 11:00"), ("Open", "02-01 16:00")], "02-04 11:00"),
	],
)
def test_after_a_pause_the_rest_runs_in_working_hours(site, agreement, moves, due):
	issue = make_issue(agreement)
	for status, moment in moves:
		move(issue, status, f"2027-{moment}:00")
	assert get_sla_status(issue=issue.name)["resolution_due"] == f"2027-{due.replace(' ', 'T')}:00"


def test_breached_stays_breached_on_hold_and_after(site, agreement):
	issue = make_issue(agreement)  # due on the 2nd at 14:00
	move(issue, "In Progress", "2027-02-01 12:00:00")
	before = measures.overdue_tickets().value
	move(issue, "On Hold", "2027-02-02 15:00:00")
	data = get_sla_status(issue=issue.name)
	assert (data["resolution_status"], data["resolution_due"]) == ("breached", "2027-02-02T14:00:00")
	assert data["resolution_seconds_left"] is None
	move(issue, "Open", "2027-02-05 10:00:00")
	assert get_sla_status(issue=issue.name)["resolution_due"] == "2027-02-02T14:00:00"
	move(issue, "Resolved", "2027-02-05 11:00:00")
	assert get_sla_status(issue=issue.name)["resolution_status"] == "breached"
	assert measures.overdue_tickets().value == before


def test_put_on_hold_in_time_it_is_paused_however_long(site, agreement):
	issue = make_issue(agreement)
	move(issue, "On Hold", "2027-02-02 14:00:00")
	data = get_sla_status(issue=issue.name)
	assert (data["resolution_status"], data["resolution_due"]) == ("paused", None)
	move(issue, "Open", "2027-02-26 12:00:00")
	assert get_sla_status(issue=issue.name)["resolution_due"] == "2027-02-26T12:00:00"


def test_a_breach_in_the_past_counts_as_overdue_on_hold(site, agreement):
	before = measures.overdue_tickets().value
	issue = make_issue(agreement, since="2026-02-02 10:00:00")
	move(issue, "On Hold", "2026-02-10 10:00:00")
	assert measures.overdue_tickets().value == before + 1


def test_a_reset_clock_has_no_pause(site, agreement):
	issue = make_issue(agreement)
	move(issue, "On Hold", "2027-02-01 11:00:00")
	move(issue, "Open", "2027-02-01 16:00:00")
	issue.reload()
	issue.service_level_agreement_creation = "2027-02-08 10:00:00"
	issue.save()
	frappe.db.commit()
	assert get_sla_status(issue=issue.name)["resolution_due"] == "2027-02-09T14:00:00"


def test_an_upgrade_gives_paused_issues_due_times_in_working_hours(site, agreement):
	issue = make_issue(agreement)
	frappe.db.set_value(
		"Issue",
		issue.name,
		# as ERPNext set them: seven hours by the clock after 14:00
		{"total_hold_time": 7 * 3600, "sla_resolution_by": "2027-02-02 21:00:00", due_times.PAUSE_CREDIT: 0},
	)
	held = make_issue(agreement)
	values = {"on_hold_since": "2027-02-02 15:00:00", "sla_resolution_by": None, "status": "On Hold"}
	frappe.db.set_value("Issue", held.name, values)
	due_times.recount_pauses()
	frappe.db.commit()
	assert get_sla_status(issue=issue.name)["resolution_due"] == "2027-02-02T17:00:00"
	assert get_sla_status(issue=held.name)["resolution_status"] == "breached"


def test_a_holiday_list_is_read_regardless_of_permissions(site, agreement):
	calendar = due_times.get_calendar(frappe.get_cached_doc("Service Level Agreement", agreement))
	assert date(2027, 2, 3) in calendar.holidays
	assert calendar.hours[0] == (timedelta(hours=9), timedelta(hours=17))
