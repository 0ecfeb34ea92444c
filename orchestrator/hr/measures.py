"""Measures about people: employees and leave that the caller may read."""

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


def new_employees() -> Number:
	"""Return the number of employees who joined within 90 days, and within the 90 days before."""
	return aggregate_trailing_period(EMPLOYEE, "date_of_joining", days=90)


def employees_by_department() -> Series:
	return count_by_value(EMPLOYEE, "department", _("Employees"), "status = 'Active'", IS_ACTIVE)


def leave_by_type() -> Series:
	"""Return the number of approved leave applications of this year by leave type."""
	year = clock.get_today().year
	return count_by_value(
		LEAVE_APPLICATION,
		"leave_type",
		_("Applications"),
		f"{GRANTED} AND YEAR(from_date) = {year}",
		[*IS_GRANTED, ["from_date", "between", [f"{year}-01-01", f"{year}-12-31"]]],
	)


def joined_by_month() -> Series:
	"""Return the number of employees by the month in which they joined, of the last twelve months."""
	return count_by_month(EMPLOYEE, "date_of_joining", _("Employees"))


def coming_leave() -> Table:
	"""Return the approved leave of the next fortnight, earliest first."""
	rows = fetch_all(
		f"""
		SELECT name, employee_name, from_date, to_date, total_leave_days FROM `tabLeave Application`
		WHERE {GRANTED} AND to_date >= %(today)s AND from_date <= %(last)s AND {{readable}}
		ORDER BY from_date, name
		""",  # noqa: S608
		LEAVE_APPLICATION,
		today=clock.get_today(),
		last=add_days(clock.get_today(), FORTNIGHT),
	)
	columns = (
		Column("name", _("Leave Application"), "Link", LEAVE_APPLICATION),
		Column("employee_name", _("Employee")),
		Column("from_date", _("From Date"), "Date"),
		Column("to_date", _("To Date"), "Date"),
		Column("total_leave_days", _("Days"), "Float"),
	)
	today = clock.get_today()
	filters = [
		*IS_GRANTED,
		["to_date", ">=", str(today)],
		["from_date", "<=", str(add_days(today, FORTNIGHT))],
	]
	return build_table(columns, rows)._replace(records=(Records(LEAVE_APPLICATION, filters),))
