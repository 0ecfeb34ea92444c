"""The endpoints of an employee's own page: today's work, balances, a preview of leave, and who is out."""

from calendar import monthrange
from datetime import date

import frappe
from frappe import _, _lt

from orchestrator import clock, period
from orchestrator.api.endpoint import READ, endpoint
from orchestrator.api.schema_types import Day, OptionalDay
from orchestrator.configuration import get_settings
from orchestrator.doctypes import EMPLOYEE, EMPLOYEE_CHECKIN, LEAVE_APPLICATION
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.hr import (
	current_work,
	employees,
	forecast,
	leave,
	leave_list,
	leave_preview,
	requests,
	team_calendar,
)
from orchestrator.hr.shapes import LeaveForecast, LeavePreview, MyDay, TeamCalendar

MAX_APPLICATIONS = 20
MAX_FORECAST_DAYS = 2 * 366


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Day fetched"), effect=READ)
def get_my_day(projected_to: OptionalDay = None) -> MyDay:
	"""Return what an employee's own page shows: profile, today's work, leave balances and applications.

	Also for users who are not employees: they get the applications that wait for them.

	Args:
		projected_to: Day as YYYY-MM-DD to which balances are projected, at most two years ahead. Default: today.

	Returns:
		The profile, the working day, the balances, the caller's latest applications, and those to decide.

	Permissions:
		Whoever may read leave applications.

	Raises:
		PermissionError: 403. The caller may read no leave applications.
		InvalidRequestError: 400. The date is malformed, in the past or too far ahead.
	"""
	frappe.has_permission(LEAVE_APPLICATION, "read", throw=True)
	until = _parse_projection(projected_to)
	own = employees.get_own_employee() if frappe.has_permission(EMPLOYEE, "read") else None
	may_punch = own and frappe.has_permission(EMPLOYEE_CHECKIN, "read")
	waiting = leave_list.get_page(
		leave_list.build_conditions(None, None, None, None, None, to_approve=True),
		"from_date, name",
		0,
		MAX_APPLICATIONS,
	)
	return MyDay(
		profile=employees.get_profile() if own else None,
		work=current_work.get_current_work(own) if own and may_punch else None,
		leave=forecast.get_forecast(own, clock.get_today(), until) if own else None,
		applications=_list_own_applications(own) if own else [],
		to_approve=waiting["leaves"],
		to_approve_total=waiting["total"],
	)


def _list_own_applications(own: str) -> list[dict]:
	"""Return the caller's latest applications."""
	conditions = leave_list.build_conditions(own, None, None, None, None, to_approve=False)
	return leave_list.get_page(conditions, None, 0, MAX_APPLICATIONS)["leaves"]


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leave forecast fetched"), effect=READ)
def get_leave_forecast(employee: str | None = None, projected_to: OptionalDay = None) -> LeaveForecast:
	"""Return an employee's balances of all leave types, today and projected to a date.

	A projection takes the allocation that applies on the date, adds the leave that HRMS will have allocated as earned
	by then, and subtracts the days that wait for approval.

	Args:
		employee: Name of the employee. Default: the caller's own employee record.
		projected_to: Day as YYYY-MM-DD, at most two years ahead. Default: today.

	Returns:
		A balance per allocated leave type, and the types that need no allocation.

	Permissions:
		Employees for themselves; managers, leave approvers and HR for others.

	Raises:
		PermissionError: 403. The caller may read no employees.
		DoesNotExistError: 404. The employee is missing or hidden.
		InvalidRequestError: 400. The date is malformed, in the past or too far ahead.
		MissingEmployeeError: 422. The caller is not an employee.
	"""
	whose = requests.get_employee_with_visible_leave(employee)
	return forecast.get_forecast(whose, clock.get_today(), _parse_projection(projected_to))


def _parse_projection(text: str | None) -> date:
	"""Return the date of a projection. 400 for a date in the past or too far ahead."""
	today = clock.get_today()
	day = period.parse_date("projected_to", text) if text else today
	if not 0 <= (day - today).days <= MAX_FORECAST_DAYS:
		refuse(
			_("projected_to must be between {0} and {1} days from today.").format(0, MAX_FORECAST_DAYS),
			InvalidRequestError,
		)
	return day


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leave previewed"), effect=READ)
def preview_leave(
	leave_type: str,
	from_date: Day,
	to_date: Day,
	employee: str | None = None,
	half_day: bool = False,
	half_day_date: OptionalDay = None,
) -> LeavePreview:
	"""Return what an application for leave would take, and whether it would be accepted. Nothing is saved.

	Args:
		leave_type: Name of the leave type.
		from_date: First day as YYYY-MM-DD.
		to_date: Last day as YYYY-MM-DD.
		employee: Name of the employee. Default: the caller's own employee record.
		half_day: true: one of the days is a half day. Default: false.
		half_day_date: Date of the half day as YYYY-MM-DD. Default: the day itself, where the leave is a single day.

	Returns:
		The days counted, the holidays left out, the balance before and after, and the reason for a refusal.

	Permissions:
		Employees for themselves, managers for their reports, HR for everybody.

	Raises:
		PermissionError: 403. The caller may not apply for this employee.
		DoesNotExistError: 404. The employee is missing or hidden.
		InvalidRequestError: 400. A date is malformed, or half_day_date is missing.
		InvalidLeaveTypeError: 422. The leave type is unknown.
		InvalidLeaveDatesError: 422. The last day is before the first.
		MissingEmployeeError: 422. The caller is not an employee.
	"""
	frappe.has_permission(LEAVE_APPLICATION, "create", throw=True)
	applicant = employees.get_employee_or_own(employee)
	request = leave.parse_leave_request(leave_type, from_date, to_date, half_day, half_day_date, None)
	return leave_preview.build_preview(applicant, request)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Calendar fetched"), effect=READ)
def get_team_calendar(month: str | None = None) -> TeamCalendar:
	"""Return who is out in a month, and the caller's holidays.

	Leave that the caller may read comes with its type and state. Of other colleagues in the same department, only the name and the days of approved leave are returned, and only if HR Settings show the leave of all department members in the calendar.

	Args:
		month: Month as YYYY-MM. Default: the present month.

	Returns:
		The leave of the month, earliest first, and the holidays.

	Permissions:
		Whoever may read leave applications.

	Raises:
		PermissionError: 403. The caller may read no leave applications.
		InvalidRequestError: 400. The month is malformed.
	"""
	frappe.has_permission(LEAVE_APPLICATION, "read", throw=True)
	first = _parse_month(month)
	last = first.replace(day=monthrange(first.year, first.month)[1])
	limit = get_settings().max_page_length
	absences = team_calendar.list_absences(first, last, limit + 1)
	return TeamCalendar(
		month=first.isoformat()[:7],
		from_date=period.to_iso(first),
		to_date=period.to_iso(last),
		absences=absences[:limit],
		has_more=len(absences) > limit,
		holidays=team_calendar.list_own_holidays(first, last),
	)


def _parse_month(text: str | None) -> date:
	"""Return the first day of a month. 400 for anything but YYYY-MM."""
	if not text:
		return clock.get_today().replace(day=1)
	if len(text.strip()) != len("2025-02"):
		refuse(_("month must be a month, such as 2025-02."), InvalidRequestError)
	return period.parse_date("month", f"{text.strip()}-01")
