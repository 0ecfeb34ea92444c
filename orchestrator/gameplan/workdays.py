"""The working days of a sprint: the days that are not in the project's Holiday List."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import frappe

SATURDAY_AND_SUNDAY = frozenset({5, 6})

# The project's list, else that of its company; a team's sprint has that of the department's company, else of the site's.
HOLIDAYS = """
	SELECT holiday.holiday_date, holiday.weekly_off, list.from_date, list.to_date
	FROM `tabHoliday List` list
	JOIN `tabHoliday` holiday ON holiday.parent = list.name AND holiday.parenttype = 'Holiday List'
	WHERE list.name = COALESCE(
		(SELECT NULLIF(holiday_list, '') FROM `tabProject` WHERE name = %(project)s),
		(SELECT NULLIF(default_holiday_list, '') FROM `tabCompany` WHERE name = COALESCE(
			(SELECT company FROM `tabProject` WHERE name = %(project)s),
			(SELECT company FROM `tabDepartment` WHERE name = %(department)s),
			%(company)s
		))
	)
"""


@dataclass(frozen=True)
class WorkCalendar:
	"""Working days. `listed_days` are the days for which the list names each day off, weekends included; on
	other days, and where the list names no weekends, `weekly_off` applies (0 is Monday).
	"""

	holidays: frozenset[date] = frozenset()
	weekly_off: frozenset[int] = SATURDAY_AND_SUNDAY
	listed_days: tuple[date, date] | None = None

	def is_workday(self, day: date) -> bool:
		if day in self.holidays:
			return False
		if self.listed_days and self.listed_days[0] <= day <= self.listed_days[1]:
			return True
		return day.weekday() not in self.weekly_off


def build_calendar(rows: Iterable[tuple[date, int, date, date]]) -> WorkCalendar:
	"""Return the calendar from a Holiday List's rows: day, whether it is a weekly day off, first and last day
	of the list.
	"""
	rows = list(rows)
	weekends = frozenset(day.weekday() for day, weekly, _first, _last in rows if weekly)
	holidays = frozenset(day for day, _weekly, _first, _last in rows)
	if not weekends:
		return WorkCalendar(holidays)
	return WorkCalendar(holidays, weekends, (rows[0][2], rows[0][3]))


def get_calendar(project: str | None, department: str | None) -> WorkCalendar:
	"""Return the calendar of a sprint."""
	values = {
		"project": project,
		"department": department,
		"company": frappe.defaults.get_global_default("company"),
	}
	return build_calendar(frappe.db.sql(HOLIDAYS, values))


def list_days(first: date, last: date) -> list[date]:
	"""Return every day from the first to the last."""
	return [first + timedelta(days=number) for number in range((last - first).days + 1)]
