"""Measures about people: employees and leave that the caller may read."""

from datetime import date

from frappe import _
from frappe.utils import add_days

from orchestrator import clock
from orchestrator.doctypes import EMPLOYEE, EMPLOYEE_CHECKIN, LEAVE_APPLICATION
from orchestrator.measure_queries import (
	Column,
	Filter,
	Number,
	Records,
	Series,
	Table,
	aggregate_trailing_period,
	build_table,
	count_by_month,
	count_by_value,
	count_records,
	fetch_all,
	fetch_one,
)
from orchestrator.period import DateRange

FORTNIGHT = 14
GRANTED = "docstatus = 1 AND status = 'Approved'"
IS_GRANTED: list[Filter] = [["docstatus", "=", 1], ["status", "=", "Approved"]]
IS_ACTIVE: list[Filter] = [["status", "=", "Active"]]


def headcount() -> Number:
	"""Return the number of active employees."""
	return count_records(EMPLOYEE, "status = 'Active'", IS_ACTIVE)


def on_leave_today() -> Number:
	"""Return the number of employees with approved leave today."""
	(count,) = fetch_one(
		f"""SELECT COUNT(DISTINCT employee) FROM `tabLeave Application`
			WHERE {GRANTED} AND %(today)s BETWEEN from_date AND to_date AND {{readable}}""",  # noqa: S608
		LEAVE_APPLICATION,
		today=clock.get_today(),
	)
	today = str(clock.get_today())
	filters = [*IS_GRANTED, ["from_date", "<=", today], ["to_date", ">=", today]]
	return Number(count, records=(Records(LEAVE_APPLICATION, filters),))


def leave_to_decide() -> Number:
	"""Return the number of leave applications that wait for a decision."""
	return count_records(
		LEAVE_APPLICATION,
		"docstatus = 0 AND status = 'Open'",
		[["docstatus", "=", 0], ["status", "=", "Open"]],
	)


def checked_in_today() -> Number:
	"""Return the number of employees with a punch today."""
	(count,) = fetch_one(
		"""SELECT COUNT(DISTINCT employee) FROM `tabEmployee Checkin`
			WHERE time >= %(today)s AND time < %(end)s AND {readable}""",
		EMPLOYEE_CHECKIN,
		today=clock.get_today(),
		end=add_days(clock.get_today(), 1),
	)
	today = str(clock.get_today())
	return Number(count, records=(Records(EMPLOYEE_CHECKIN, [["time", "between", [today, today]]]),))


def new_employees(dates: DateRange | None = None) -> Number:
	"""Return the number of employees who joined within 90 days, and within the 90 days before."""
	return aggregate_trailing_period(EMPLOYEE, "date_of_joining", days=90, dates=dates)


def employees_by_department() -> Series:
	return count_by_value(EMPLOYEE, "department", _("Employees"), "status = 'Active'", IS_ACTIVE)


def leave_by_type(dates: DateRange | None = None) -> Series:
	"""Return the number of approved leave applications that begin this year, by leave type."""
	year = clock.get_today().year
	first, last = dates or DateRange(date(year, 1, 1), date(year, 12, 31))
	return count_by_value(
		LEAVE_APPLICATION,
		"leave_type",
		_("Applications"),
		f"{GRANTED} AND from_date BETWEEN '{first}' AND '{last}'",
		[*IS_GRANTED, ["from_date", "between", [str(first), str(last)]]],
	)


def joined_by_month(dates: DateRange | None = None) -> Series:
	"""Return the number of employees by the month in which they joined, of the last twelve months."""
	return count_by_month(EMPLOYEE, "date_of_joining", _("Employees"), dates=dates)


def coming_leave(dates: DateRange | None = None) -> Table:
	"""Return the approved leave of the next fortnight, earliest first."""
	today = clock.get_today()
	first, last = dates or DateRange(today, add_days(today, FORTNIGHT))
	rows = fetch_all(
		f"""
		SELECT name, employee_name, from_date, to_date, total_leave_days FROM `tabLeave Application`
		WHERE {GRANTED} AND to_date >= %(first)s AND from_date <= %(last)s AND {{readable}}
		ORDER BY from_date, name
		""",  # noqa: S608
		LEAVE_APPLICATION,
		first=first,
		last=last,
	)
	columns = (
		Column("name", _("Leave Application"), "Link", LEAVE_APPLICATION),
		Column("employee_name", _("Employee")),
		Column("from_date", _("From Date"), "Date"),
		Column("to_date", _("To Date"), "Date"),
		Column("total_leave_days", _("Days"), "Float"),
	)
	filters = [*IS_GRANTED, ["to_date", ">=", str(first)], ["from_date", "<=", str(last)]]
	return build_table(columns, rows)._replace(records=(Records(LEAVE_APPLICATION, filters),))
