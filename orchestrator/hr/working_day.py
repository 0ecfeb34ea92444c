"""The punches of a day and the hours worked, by HRMS's own calculation over instants and the rules of the shifts."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import frappe

from orchestrator import period
from orchestrator.doctypes import EMPLOYEE_CHECKIN
from orchestrator.hr import worked_hours
from orchestrator.hr.punches import serialize_punch
from orchestrator.hr.shapes import WorkingDay
from orchestrator.hr.worked_hours import Rules

FIELDS = [
	"name",
	"employee",
	"log_type",
	"time",
	"device_id",
	"latitude",
	"longitude",
	"shift",
	"shift_start",
]
PRECISION = 2
# For punches outside a shift, in the terms of HRMS's shift types
BY_LOG_TYPE = "Strictly based on Log Type in Employee Checkin"
ALTERNATING = "Alternating entries as IN and OUT during the same shift"
EVERY_PAIR = "Every Valid Check-in and Check-out"


def get_day(employee: str, day: date) -> WorkingDay:
	"""Return the employee's punches of `day`, in their order: those of a shift on the day on which it began,
	a pair without a shift on the day of its IN.
	"""
	zone = ZoneInfo(period.get_time_zone())
	around = worked_hours.sort_punches(list_neighbouring_punches(employee, day), zone)
	return build_day(employee, day, around)


def build_day(employee: str, day: date, around: list[frappe._dict]) -> WorkingDay:
	"""Return a day from the punches of its neighbourhood, in the order of their instants."""
	zone = ZoneInfo(period.get_time_zone())
	days = worked_hours.assign_days(around, zone)
	punches = [row for row, its_day in zip(around, days, strict=True) if its_day == day]
	hours, first_in, last_out = _compute_work(punches, zone)
	return WorkingDay(
		employee=employee,
		date=period.to_iso(day),
		time_zone=period.get_time_zone(),
		worked_hours=hours,
		first_in=period.to_iso(first_in, "auto"),
		last_out=period.to_iso(last_out, "auto"),
		punches=[serialize_punch(row) for row in punches],
	)


def list_neighbouring_punches(employee: str, day: date) -> list[frappe._dict]:
	"""Return the punches of the day and of the days before and after, into which a shift may extend."""
	first = datetime.combine(day - timedelta(days=1), time.min)
	return frappe.get_list(
		EMPLOYEE_CHECKIN,
		filters={"employee": employee, "time": ("between", (first, first + timedelta(days=3)))},
		fields=FIELDS,
		order_by="time, creation",
		limit_page_length=0,
	)


def _compute_work(
	punches: list[frappe._dict], zone: tzinfo
) -> tuple[float, datetime | None, datetime | None]:
	"""Return the hours of all shifts together, the first arrival and the last departure."""
	shifts: dict[tuple[str | None, datetime | None], list[frappe._dict]] = {}
	for row in punches:
		shifts.setdefault((row.shift, row.shift_start), []).append(row)
	works = [
		worked_hours.compute_hours(logs, _get_rules(shift, logs), zone)
		for (shift, _start), logs in shifts.items()
	]
	return (
		round(sum(hours for hours, _first, _last in works), PRECISION),
		min((first for _hours, first, _last in works if first), default=None),
		max((last for _hours, _first, last in works if last), default=None),
	)


def _get_rules(shift: str | None, logs: Iterable[frappe._dict]) -> Rules:
	"""Return the counting rules of the shift; without one, every pair counts, by direction if all punches
	have one.
	"""
	if shift:
		return frappe.get_cached_value(
			"Shift Type",
			shift,
			["determine_check_in_and_check_out", "working_hours_calculation_based_on"],
		)
	return (BY_LOG_TYPE if all(log.log_type for log in logs) else ALTERNATING), EVERY_PAIR
