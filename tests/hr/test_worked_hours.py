"""The hours of a day: of night shifts, over clock changes, and compared with a count minute by minute."""

from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frappe
from frappe.utils import get_system_timezone, now_datetime

from orchestrator.hr import worked_hours
from orchestrator.hr.working_day import ALTERNATING, BY_LOG_TYPE, EVERY_PAIR
from tests.support import factories
from tests.support.client import get_error
from tests.support.hr_factories import Person, count_records, make_hr, make_person, make_punch

CHECK_IN = "orchestrator.hr.check_in"
DAY_PUNCHES = "orchestrator.hr.get_day_punches"
NEW_YORK, BERLIN, LORD_HOWE = (
	ZoneInfo("America/New_York"),
	ZoneInfo("Europe/Berlin"),
	ZoneInfo("Australia/Lord_Howe"),  # half an hour
)
STRICT = (BY_LOG_TYPE, EVERY_PAIR)
# The first day of four around a change of the clocks.
CHANGES = [
	(NEW_YORK, datetime(2026, 3, 6)),
	(NEW_YORK, datetime(2026, 10, 30)),
	(BERLIN, datetime(2026, 3, 27)),
	(BERLIN, datetime(2026, 10, 23)),
	(LORD_HOWE, datetime(2026, 4, 3)),
	(LORD_HOWE, datetime(2026, 10, 2)),
	(timezone.utc, datetime(2026, 1, 1)),
]
reproducible = settings(derandomize=True, deadline=None, max_examples=300)


class Row(NamedTuple):
	"""A punch as it is stored."""

	log_type: str | None
	time: datetime
	shift: str | None = None
	shift_start: datetime | None = None


def build_rows(*punches: str) -> list[Row]:
	"""Return punches from texts like "IN 2026-03-02 22:00"."""
	return [
		Row(direction if direction != "-" else None, datetime.fromisoformat(moment))
		for direction, moment in (punch.split(" ", 1) for punch in punches)
	]


def compute_hours_by_day(punches: list[Row], zone, rules=STRICT) -> dict[date, float]:
	punches = worked_hours.sort_punches(punches, zone)
	by_day = defaultdict(list)
	for row, day in zip(punches, worked_hours.assign_days(punches, zone), strict=True):
		by_day[day].append(row)
	return {day: round(worked_hours.compute_hours(its, rules, zone)[0], 2) for day, its in by_day.items()}


@pytest.mark.parametrize(
	("zone", "punches", "hours"),
	[
		(NEW_YORK, ["IN 2026-03-02 22:00", "OUT 2026-03-03 06:00"], {2: 8.0}),
		(NEW_YORK, ["IN 2026-03-02 23:59:59", "OUT 2026-03-03 00:00"], {2: 0.0}),
		# two nights in a row
		(
			NEW_YORK,
			["IN 2026-03-02 22:00", "OUT 2026-03-03 06:00", "IN 2026-03-03 22:00", "OUT 2026-03-04 06:30"],
			{2: 8.0, 3: 8.5},
		),
		# a break before midnight, and one after: the second pair begins on the next day
		(
			NEW_YORK,
			["IN 2026-03-02 22:00", "OUT 2026-03-02 23:00", "IN 2026-03-02 23:30", "OUT 2026-03-03 02:00"],
			{2: 3.5},
		),
		(
			NEW_YORK,
			["IN 2026-03-02 22:00", "OUT 2026-03-03 02:00", "IN 2026-03-03 02:30", "OUT 2026-03-03 06:00"],
			{2: 4.0, 3: 3.5},
		),
		# a whole day, and one second more
		(NEW_YORK, ["IN 2026-03-02 08:00", "OUT 2026-03-03 08:00"], {2: 24.0}),
		(NEW_YORK, ["IN 2026-03-02 08:00", "OUT 2026-03-03 08:00:01"], {2: 0.0, 3: 0.0}),
		# forgotten punches
		(NEW_YORK, ["IN 2026-03-02 09:00", "IN 2026-03-03 09:00", "OUT 2026-03-03 17:00"], {2: 0.0, 3: 8.0}),
		(NEW_YORK, ["OUT 2026-03-03 06:00"], {3: 0.0}),
		(NEW_YORK, ["IN 2026-03-02 09:00", "IN 2026-03-02 10:00", "OUT 2026-03-02 17:00"], {2: 8.0}),
		(NEW_YORK, ["IN 2026-03-02 09:00", "OUT 2026-03-02 17:00", "OUT 2026-03-02 18:00"], {2: 8.0}),
		# the night the clocks go forward, and the night they go back
		(NEW_YORK, ["IN 2026-03-07 22:00", "OUT 2026-03-08 06:00"], {7: 7.0}),
		(NEW_YORK, ["IN 2026-10-31 22:00", "OUT 2026-11-01 06:00"], {31: 9.0}),
		(NEW_YORK, ["IN 2026-03-08 00:30", "OUT 2026-03-08 08:30"], {8: 7.0}),
		(NEW_YORK, ["IN 2026-11-01 00:30", "OUT 2026-11-01 08:30"], {1: 9.0}),
		(BERLIN, ["IN 2026-03-28 22:00", "OUT 2026-03-29 06:00"], {28: 7.0}),
		(LORD_HOWE, ["IN 2026-04-04 22:00", "OUT 2026-04-05 06:00"], {4: 8.5}),
		# 24 hours by the clock that were 25
		(NEW_YORK, ["IN 2026-10-31 08:00", "OUT 2026-11-01 08:00"], {31: 0.0, 1: 0.0}),
		# three times twenty minutes are an hour
		(
			NEW_YORK,
			[f"{kind} 2026-03-02 {hour}:{minute}" for hour in ("09", "10", "11") for kind, minute in (("IN", "00"), ("OUT", "20"))],
			{2: 1.0},
		),
	],
)  # fmt: skip
def test_a_pair_belongs_to_the_day_of_its_in_and_counts_by_instants(zone, punches, hours):
	found = compute_hours_by_day(build_rows(*punches), zone)
	assert {day.day: value for day, value in found.items()} == hours


def test_without_directions_a_punch_counts_on_its_own_day():
	found = compute_hours_by_day(
		build_rows("- 2026-03-02 09:00", "- 2026-03-02 12:20", "- 2026-03-03 06:00"),
		NEW_YORK,
		(ALTERNATING, EVERY_PAIR),
	)
	assert found == {date(2026, 3, 2): 3.33, date(2026, 3, 3): 0.0}


def test_a_shift_keeps_its_punches_and_leaves_others_alone():
	start = datetime(2026, 3, 2, 22)
	punches = [
		Row("IN", start, "Night", start),
		Row("OUT", datetime(2026, 3, 3, 6), "Night", start),
		Row("IN", datetime(2026, 3, 3, 23)),
		Row("OUT", datetime(2026, 3, 4, 1)),
	]
	assert worked_hours.assign_days(punches, NEW_YORK) == [date(2026, 3, day) for day in (2, 2, 3, 3)]


def count_minute_by_minute(punches: list[tuple[datetime, str]], zone) -> dict[date, int]:
	"""Count every minute of employees who are checked in, for the day on which they checked in."""
	at, minutes, total = dict(punches), 0, defaultdict(int)
	came: date | None = None
	moment, last = min(at), max(at)
	while moment <= last:
		today = moment.astimezone(zone).date()
		if at.get(moment) == "IN" and came != today:
			came, minutes = today, 0
		elif at.get(moment) == "OUT":
			if came and minutes <= 24 * 60:
				total[came] += minutes
			came = None
		moment += timedelta(minutes=1)
		minutes += 1
	return total


@st.composite
def draw_week(draw):
	"""Return punches at instants, of four days around a clock change, none in the hour that comes a second
	time.
	"""
	zone, first = draw(st.sampled_from(CHANGES))
	start = first.replace(tzinfo=zone).astimezone(timezone.utc)
	minutes = draw(st.lists(st.integers(0, 4 * 24 * 60), min_size=1, max_size=14, unique=True))
	instants = [start + timedelta(minutes=each) for each in sorted(minutes)]
	single = [each for each in instants if not each.astimezone(zone).fold]
	kinds = draw(st.lists(st.sampled_from(["IN", "OUT"]), min_size=len(single), max_size=len(single)))
	return zone, list(zip(single, kinds, strict=True))


@reproducible
@given(draw_week())
def test_hours_equal_a_count_minute_by_minute(case):
	zone, punches = case
	if not punches:
		return
	stored = [Row(kind, instant.astimezone(zone).replace(tzinfo=None)) for instant, kind in punches]
	found = compute_hours_by_day(stored, zone)
	counted = count_minute_by_minute(punches, zone)
	assert {day: hours for day, hours in found.items() if hours} == {
		day: round(minutes / 60, 2) for day, minutes in counted.items() if minutes
	}


# On the site


@pytest.fixture
def person(site) -> Person:
	return make_person()


def get_hours(client, employee: str, day: str) -> tuple:
	data = client.get(DAY_PUNCHES, employee=employee, date=day).json()["data"]
	return data["worked_hours"], data["first_in"], data["last_out"], len(data["punches"])


def test_a_night_without_a_shift_type_is_the_day_it_began(api, person):
	make_punch(person.employee, "IN", "2026-03-02 22:00:00")
	make_punch(person.employee, "OUT", "2026-03-03 06:00:00")
	make_punch(person.employee, "IN", "2026-03-03 22:00:00")
	make_punch(person.employee, "OUT", "2026-03-04 06:00:00")
	client = api(person.user)
	assert get_hours(client, person.employee, "2026-03-02") == (
		8.0,
		"2026-03-02T22:00:00",
		"2026-03-03T06:00:00",
		2,
	)
	assert get_hours(client, person.employee, "2026-03-03") == (
		8.0,
		"2026-03-03T22:00:00",
		"2026-03-04T06:00:00",
		2,
	)
	assert get_hours(client, person.employee, "2026-03-04") == (0, None, None, 0)


@pytest.fixture
def eastern(site):
	"""Set the site to a time zone with clock changes."""
	before = get_system_timezone()
	frappe.db.set_single_value("System Settings", "time_zone", "America/New_York")
	frappe.db.commit()
	frappe.clear_cache()
	yield
	frappe.db.set_single_value("System Settings", "time_zone", before)
	frappe.db.commit()
	frappe.clear_cache()


@pytest.mark.parametrize(
	("first", "last", "hours"), [("2026-03-07", "2026-03-08", 7.0), ("2025-11-01", "2025-11-02", 9.0)]
)
@pytest.mark.parametrize("with_shift", [False, True])
def test_a_clock_change_in_the_night_counts(api, person, eastern, with_shift, first, last, hours):
	if with_shift:
		night = factories.make_record(
			"Shift Type",
			__newname=factories.make_unique("Night"),
			start_time="22:00:00",
			end_time="06:00:00",
			determine_check_in_and_check_out=BY_LOG_TYPE,
			working_hours_calculation_based_on="First Check-in and Last Check-out",
		).name
		frappe.db.set_value("Employee", person.employee, "default_shift", night)
		frappe.db.commit()
	make_punch(person.employee, "IN", f"{first} 22:00:00")
	make_punch(person.employee, "OUT", f"{last} 06:00:00")
	client = api(person.user)
	assert get_hours(client, person.employee, first)[0] == hours
	assert get_hours(client, person.employee, last)[0] == 0


# Punches ahead of the clock


def get_site_now() -> datetime:
	return now_datetime().replace(microsecond=0)


@pytest.mark.parametrize("who", ["hr", "self"])
@pytest.mark.parametrize("seconds", [2, 30, 55])
def test_timestamp_slightly_ahead_is_recorded_as_now(api, person, who, seconds):
	caller = make_hr() if who == "hr" else person.user
	before = get_site_now()
	given = before + timedelta(seconds=seconds)
	reply = api(caller).post(CHECK_IN, employee=person.employee, timestamp=given.isoformat())
	assert reply.status_code == 201, reply.text
	stored = frappe.db.get_value("Employee Checkin", reply.json()["data"]["checkin"], "time")
	assert before <= stored <= min(get_site_now(), given)


def test_how_far_ahead_is_a_setting(api, person):
	settings_doc = frappe.get_doc("Orchestrator Settings")
	settings_doc.update({"punch_clock_tolerance_seconds": 0}).save()
	frappe.db.commit()
	try:
		given = get_site_now() + timedelta(seconds=45)
		reply = api(person.user).post(CHECK_IN, timestamp=given.isoformat())
		assert (reply.status_code, reply.json()["exc_type"]) == (422, "InvalidPunchTimeError")
		assert count_records("Employee Checkin", employee=person.employee) == 0
	finally:
		settings_doc.update({"punch_clock_tolerance_seconds": 60}).save()
		frappe.db.commit()


def test_punch_ahead_in_another_zone_is_accepted_and_its_repetition_rejected(api, person):
	instant = datetime.now(timezone.utc) + timedelta(seconds=20)
	client = api(person.user)
	stamp = instant.astimezone(ZoneInfo("Asia/Kolkata")).isoformat(timespec="seconds")
	assert client.post(CHECK_IN, timestamp=stamp).status_code == 201
	assert get_error(client.post(CHECK_IN, timestamp=stamp)) == (409, "DuplicatePunchConflictError")
	assert count_records("Employee Checkin", employee=person.employee) == 1
