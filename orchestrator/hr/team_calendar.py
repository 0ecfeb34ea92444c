"""Who is out: the leave that the caller may read, and the days on which colleagues of the department are away.

HRMS's own setting decides whether colleagues are shown. Of a colleague, the calendar has the name and the days of
approved leave: neither the type of the leave, which may tell of an illness, nor the application.
"""

from datetime import date

import frappe
from erpnext.setup.doctype.employee.employee import get_holiday_list_for_employee

from orchestrator.doctypes import EMPLOYEE, LEAVE_APPLICATION
from orchestrator.hr import employees
from orchestrator.hr.leave import APPROVED, OPEN
from orchestrator.hr.shapes import CalendarAbsence, CalendarHoliday
from orchestrator.period import to_iso

SHOW_DEPARTMENT = "show_leaves_of_all_department_members_in_calendar"
FIELDS = [
	"name",
	"employee",
	"employee_name",
	"leave_type",
	"from_date",
	"to_date",
	"half_day",
	"half_day_date",
	"status",
]


def list_absences(first: date, last: date, limit: int) -> list[CalendarAbsence]:
	"""Return approved and pending leave on the days from `first` to `last`, earliest first, at most `limit`."""
	own = employees.get_own_employee()
	readable = _list_readable_leave(first, last, limit)
	known = {row.name for row in readable}
	others = [row for row in _list_department_leave(own, first, last, limit) if row.name not in known]
	absences = [
		*(_build_absence(row, own) for row in readable),
		*(_build_colleagues_absence(row) for row in others),
	]
	return sorted(absences, key=lambda each: (each["from_date"], each["employee_name"], each["to_date"]))[
		:limit
	]


def _list_readable_leave(first: date, last: date, limit: int) -> list[frappe._dict]:
	"""Return the leave applications that the caller may read."""
	decided = {"docstatus": 1, "status": APPROVED}
	pending = {"docstatus": 0, "status": OPEN}
	days = {"from_date": ("<=", last), "to_date": (">=", first)}
	return [
		row
		for state in (decided, pending)
		for row in frappe.get_list(
			LEAVE_APPLICATION,
			filters={**days, **state},
			fields=FIELDS,
			order_by="from_date, employee_name, name",
			limit_page_length=limit,
		)
	]


def _list_department_leave(own: str | None, first: date, last: date, limit: int) -> list[frappe._dict]:
	"""Return the approved leave of active colleagues in the caller's department, if HR Settings show it."""
	if own is None or not frappe.db.get_single_value("HR Settings", SHOW_DEPARTMENT):
		return []
	me = frappe.db.get_value(EMPLOYEE, own, ["department", "company", "status"], as_dict=True)
	if not me.department or me.status != "Active":
		return []
	leave, employee = frappe.qb.DocType(LEAVE_APPLICATION), frappe.qb.DocType(EMPLOYEE)
	return (
		frappe.qb.from_(leave)
		.join(employee)
		.on(employee.name == leave.employee)
		.select(leave.name, leave.employee_name, leave.from_date, leave.to_date, leave.half_day)
		.select(leave.half_day_date)
		.where((leave.docstatus == 1) & (leave.status == APPROVED))
		.where((leave.from_date <= last) & (leave.to_date >= first))
		.where((employee.department == me.department) & (employee.company == me.company))
		.where(employee.status == "Active")
		.orderby(leave.from_date, leave.employee_name, leave.name)
		.limit(limit)
	).run(as_dict=True)


def _build_absence(row: frappe._dict, own: str | None) -> CalendarAbsence:
	return CalendarAbsence(
		employee=row.employee,
		employee_name=row.employee_name or row.employee,
		from_date=to_iso(row.from_date),
		to_date=to_iso(row.to_date),
		half_day_date=to_iso(row.half_day_date) if row.half_day else None,
		is_own=row.employee == own,
		is_pending=row.status == OPEN,
		leave_application=row.name,
		leave_type=row.get("leave_type"),
	)


def _build_colleagues_absence(row: frappe._dict) -> CalendarAbsence:
	"""Return a colleague's leave without what only the employee, the manager and HR may know."""
	return CalendarAbsence(
		employee=None,
		employee_name=row.employee_name,
		from_date=to_iso(row.from_date),
		to_date=to_iso(row.to_date),
		half_day_date=to_iso(row.half_day_date) if row.half_day else None,
		is_own=False,
		is_pending=False,
		leave_application=None,
		leave_type=None,
	)


def list_own_holidays(first: date, last: date) -> list[CalendarHoliday]:
	"""Return the days of the caller's own holiday list."""
	own = employees.get_own_employee()
	holiday_list = get_holiday_list_for_employee(own, raise_exception=False) if own else None
	if not holiday_list:
		return []
	# get_all: the holidays that apply to the caller
	rows = frappe.get_all(
		"Holiday",
		filters={"parent": holiday_list, "holiday_date": ("between", (first, last))},
		fields=["holiday_date", "description", "weekly_off"],
		order_by="holiday_date",
	)
	return [
		CalendarHoliday(
			date=to_iso(row.holiday_date),
			description=frappe.utils.strip_html(row.description or "").strip(),
			weekly_off=bool(row.weekly_off),
		)
		for row in rows
	]
