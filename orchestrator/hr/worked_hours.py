"""The hours worked between punches, counted by instants. Plain values only: a clock change neither adds nor
loses an hour.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Any

import frappe
from hrms.hr.doctype.employee_checkin.employee_checkin import calculate_working_hours

IN, OUT = "IN", "OUT"
# After a longer interval, a punch was forgotten.
MAX_PAIR_HOURS = 24
# HRMS rounds each pair to hundredths of an hour, 36 seconds. On a clock that runs 36 times faster, these are seconds.
CLOCK_FACTOR = 36
START_OF_CLOCK = datetime(2000, 1, 1)

Rules = tuple[str, str]
# A punch as a row of Employee Checkin: log_type, time (in the site's time zone, without one), shift, shift_start.
PunchRow = Any


def _to_instant(moment: datetime, zone: tzinfo) -> datetime:
	"""Return the instant of a local time. In the hour that a clock change repeats, it is the first of the
	two.
	"""
	return moment.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)


def sort_punches(punches: Sequence[PunchRow], zone: tzinfo) -> list[PunchRow]:
	"""Return the punches in the order of their instants."""
	return sorted(punches, key=lambda row: _to_instant(row.time, zone))


def assign_days(punches: Sequence[PunchRow], zone: tzinfo) -> list[date]:
	"""Return the day to which each punch belongs.

	A punch of a shift belongs to the day on which the shift began. Without a shift, a pair of IN and OUT belongs to the day
	of its IN: the first OUT after midnight goes with the IN that is still open, if that was not too long ago.

	Args:
		punches: Punches in the order of their instants.
		zone: The site's time zone.
	"""
	days = []
	opened: PunchRow | None = None
	for row in punches:
		if row.shift_start:
			days.append(row.shift_start.date())
			continue
		day = row.time.date()
		if row.log_type == OUT and opened is not None and _is_pair(opened, row, zone):
			day = opened.time.date()
		days.append(day)
		if row.log_type != IN:
			opened = None
		elif opened is None or opened.time.date() != day:
			opened = row
	return days


def _is_pair(opened: PunchRow, row: PunchRow, zone: tzinfo) -> bool:
	length = _to_instant(row.time, zone) - _to_instant(opened.time, zone)
	return length <= timedelta(hours=MAX_PAIR_HOURS)


def compute_hours(
	punches: Sequence[PunchRow], rules: Rules, zone: tzinfo
) -> tuple[float, datetime | None, datetime | None]:
	"""Return the hours worked, not rounded, with the first arrival and the last departure in local time.

	Args:
		punches: Punches of one shift, or of none, in the order of their instants.
		rules: How HRMS is to count them: which punch is an IN and which pairs count.
		zone: The site's time zone.
	"""
	logs = []
	times: dict[datetime | None, datetime | None] = {None: None}
	for row in punches:
		at = (
			START_OF_CLOCK + (_to_instant(row.time, zone) - _to_instant(punches[0].time, zone)) * CLOCK_FACTOR
		)
		logs.append(frappe._dict(log_type=row.log_type, time=at))
		times[at] = row.time
	hours, first_in, last_out = calculate_working_hours(logs, *rules)
	return hours / CLOCK_FACTOR, times[first_in], times[last_out]
