"""The working day that is going on: hours so far, and the punch to make next."""

from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import frappe

from orchestrator import clock, period
from orchestrator.hr import worked_hours, working_day
from orchestrator.hr.punches import IN, OUT
from orchestrator.hr.shapes import CurrentWork

# An earlier check-in of another day was left without a check-out: the next punch begins a new day.
MAX_OPEN_HOURS = 16


def get_current_work(employee: str) -> CurrentWork:
	"""Return the day of the open check-in, else today, counted up to now by the rules of the shift."""
	zone = ZoneInfo(period.get_time_zone())
	now = clock.get_now_to_second()
	rows = working_day.list_neighbouring_punches(employee, now.date())
	punches = worked_hours.sort_punches([row for row in rows if row.time <= now], zone)
	opened = _find_open_check_in(punches)
	is_forgotten = opened is not None and _is_forgotten(opened, now, zone)
	current = None if is_forgotten else opened
	day = worked_hours.assign_days(punches, zone)[-1] if current else now.date()
	built = working_day.build_day(employee, day, punches)
	return CurrentWork(
		day=built,
		hours_so_far=_count_hours_to(now, employee, day, punches) if current else built["worked_hours"],
		next_punch=OUT if current else IN,
		checked_in_since=period.to_iso(current.time, "auto") if current else None,
		needs_location=bool(frappe.db.get_single_value("HR Settings", "allow_geolocation_tracking")),
		forgotten_in=period.to_iso(opened.time, "auto") if opened and is_forgotten else None,
	)


def _find_open_check_in(punches: list[frappe._dict]) -> frappe._dict | None:
	"""Return the last punch if it is a check-in."""
	return punches[-1] if punches and punches[-1].log_type == IN else None


def _is_forgotten(opened: frappe._dict, now: datetime, zone: tzinfo) -> bool:
	"""Return True for a check-in of an earlier day that is too old to belong to the present shift."""
	is_today = opened.time.date() == now.date()
	length = now.replace(tzinfo=zone).timestamp() - opened.time.replace(tzinfo=zone).timestamp()
	return not is_today and timedelta(seconds=length) > timedelta(hours=MAX_OPEN_HOURS)


def _count_hours_to(now: datetime, employee: str, day: date, punches: list[frappe._dict]) -> float:
	"""Return the hours of the day as if the employee checked out now."""
	leaving = frappe._dict(punches[-1], log_type=OUT, time=now)
	return working_day.build_day(employee, day, [*punches, leaving])["worked_hours"]
