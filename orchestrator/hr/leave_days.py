"""The share of a day that an employee's leave takes: never more than one day, whatever applications overlap."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import frappe
from frappe import _
from frappe.utils import getdate

from orchestrator.doctypes import LEAVE_TYPE
from orchestrator.exceptions import refuse
from orchestrator.hr import employees

if TYPE_CHECKING:
	from hrms.hr.doctype.leave_application.leave_application import LeaveApplication

COUNTING_STATUSES = ("Open", "Approved")
FULL_DAY, HALF_DAY = 1.0, 0.5

IsHoliday = Callable[[str, date], bool]


class LeavePeriod(NamedTuple):
	"""The days of one leave application. `half_day_date` is the half day among them, if there is one."""

	name: str
	leave_type: str
	from_date: date
	to_date: date
	half_day_date: date | None

	def get_share(self, day: date) -> float:
		"""Return the share of the day that the leave takes, as if it were a working day."""
		if not self.from_date <= day <= self.to_date:
			return 0.0
		return HALF_DAY if day == self.half_day_date else FULL_DAY


class Excess(NamedTuple):
	"""A day with more than one day of leave, and an application that already has part of it."""

	day: date
	other: LeavePeriod


def find_excess(own: LeavePeriod, others: Iterable[LeavePeriod], is_holiday: IsHoliday) -> Excess | None:
	"""Return the first day on which `own` and the others together take more than one day, or None.

	Args:
		own: The leave applied for.
		others: The other leave of the employee that counts.
		is_holiday: Whether a leave type takes nothing of a day, because it is a holiday.
	"""
	overlapping = [each for each in others if each.from_date <= own.to_date and each.to_date >= own.from_date]
	if not overlapping:
		return None
	for number in range((own.to_date - own.from_date).days + 1):
		day = own.from_date + timedelta(days=number)
		on_day = [each for each in overlapping if each.get_share(day)]
		if not on_day or own.get_share(day) + sum(each.get_share(day) for each in on_day) <= FULL_DAY:
			continue
		counted = [each for each in (own, *on_day) if not is_holiday(each.leave_type, day)]
		if sum(each.get_share(day) for each in counted) > FULL_DAY:
			return Excess(day, on_day[0])
	return None


def validate(doc: "LeaveApplication", _method: str | None = None) -> None:
	"""Handle the hook validate of Leave Application: refuse more than one day of leave on a day.

	HRMS treats an application without a half day as one whose half day is today. Raises OverlapError (409).
	"""
	if doc.docstatus == 2 or doc.status not in COUNTING_STATUSES:
		return
	if not (doc.employee and doc.from_date and doc.to_date):
		return  # HRMS reports what is missing
	from hrms.hr.doctype.leave_application.leave_application import OverlapError

	employees.lock_employee(doc.employee)
	half_day_date = getdate(doc.half_day_date) if doc.half_day and doc.half_day_date else None
	own = LeavePeriod(
		doc.name or "", doc.leave_type, getdate(doc.from_date), getdate(doc.to_date), half_day_date
	)
	excess = find_excess(own, _list_other_periods(doc), _build_holiday_check(doc.employee))
	if excess:
		refuse(
			_("{0} already has leave on {1}: {2}. The leave on one day cannot exceed one day.").format(
				doc.employee, excess.day, excess.other.name
			),
			OverlapError,
		)


def _list_other_periods(doc: "LeaveApplication") -> list[LeavePeriod]:
	"""Return the employee's other applications on those days, as committed now."""
	rows = frappe.db.sql(
		"""
		SELECT name, leave_type, from_date, to_date, IF(half_day, half_day_date, NULL) FROM `tabLeave Application`
		WHERE employee = %(employee)s AND docstatus < 2 AND status IN %(statuses)s
			AND to_date >= %(from_date)s AND from_date <= %(to_date)s AND name != %(name)s
		ORDER BY from_date, name FOR UPDATE
		""",
		{
			"employee": doc.employee,
			"statuses": COUNTING_STATUSES,
			"from_date": doc.from_date,
			"to_date": doc.to_date,
			"name": doc.name or "",
		},
	)
	return [LeavePeriod(*row) for row in rows]


def _build_holiday_check(employee: str) -> IsHoliday:
	"""Return a function that says if a day takes no leave of a type, by the employee's holiday list."""
	from hrms.hr.doctype.leave_application.leave_application import get_holidays

	def is_holiday(leave_type: str, day: date) -> bool:
		if frappe.get_cached_value(LEAVE_TYPE, leave_type, "include_holiday"):
			return False
		return bool(get_holidays(employee, day, day))

	return is_holiday
