"""The HR endpoints: punches, leave and its balances, for employees, managers and HR."""

import frappe
from frappe import _lt

from orchestrator import clock, period
from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.doctypes import EMPLOYEE, EMPLOYEE_CHECKIN, LEAVE_APPLICATION
from orchestrator.hr import (
	balances,
	employees,
	leave,
	leave_list,
	leave_types,
	punches,
	requests,
	team,
	working_day,
)
from orchestrator.hr.shapes import (
	Balance,
	BalanceSheet,
	LeavePage,
	LeaveStanding,
	Profile,
	Punch,
	TeamOnLeave,
	WorkingDay,
)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Checked in"), effect=CREATE)
def check_in(
	employee: str | None = None,
	timestamp: str | None = None,
	location: str | dict | None = None,
	latitude: float | None = None,
	longitude: float | None = None,
) -> Punch:
	"""Punch in: an Employee Checkin IN of `employee`, by default the caller, at `timestamp`, by default now.

	`timestamp` is ISO 8601, in the site's time zone where it names none; `location` a name, or an object with
	latitude and longitude. A timestamp a little ahead of the server's clock counts as now. HRMS's shifts and geofence apply. One's own record, within the tolerance of
	Orchestrator Settings; HR any record and any past time. Raises PermissionError (403), DoesNotExistError (404),
	InvalidRequestError (400), DuplicatePunchConflictError (409), InvalidPunchTimeError, MissingEmployeeError and whatever HRMS refuses (422)."""
	return requests.execute_punch(punches.IN, employee, timestamp, location, latitude, longitude)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Checked out"), effect=CREATE)
def check_out(
	employee: str | None = None,
	timestamp: str | None = None,
	location: str | dict | None = None,
	latitude: float | None = None,
	longitude: float | None = None,
) -> Punch:
	"""Punch out: an Employee Checkin OUT. Parameters, callers and refusals as `check_in`."""
	return requests.execute_punch(punches.OUT, employee, timestamp, location, latitude, longitude)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Punches fetched"), effect=READ)
def get_day_punches(employee: str | None = None, date: str | None = None) -> WorkingDay:
	"""The punches of `date`, by default today, and the hours worked, by HRMS's own calculation over instants. A pair without a
	shift belongs to the day of its IN.

	Of `employee`, by default the caller; of others for managers and HR. Raises PermissionError (403),
	DoesNotExistError (404), InvalidRequestError (400), MissingEmployeeError (422)."""
	frappe.has_permission(EMPLOYEE_CHECKIN, "read", throw=True)
	day = period.parse_date("date", date) if date else clock.get_today()
	return working_day.get_day(employees.get_employee_or_own(employee), day)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Profile fetched"), effect=READ)
def get_my_profile() -> Profile:
	"""The caller as an employee. Raises PermissionError (403) where the caller may read no employees,
	DoesNotExistError (404) where the caller's user is linked to none."""
	frappe.has_permission(EMPLOYEE, "read", throw=True)
	return employees.get_profile()


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Leave applied for"), effect=CREATE)
def apply_leave(
	leave_type: str,
	from_date: str,
	to_date: str,
	employee: str | None = None,
	reason: str | None = None,
	half_day: bool = False,
	half_day_date: str | None = None,
) -> LeaveStanding:
	"""Apply for leave from `from_date` to `to_date`, both included, for `employee`, by default the caller.

	With `half_day`, `half_day_date` is a half one; it may be left out of a single day. The application goes to
	HRMS's leave approver, who is told once. One's own, that of one's reports, and all for HR. Raises
	PermissionError (403), DoesNotExistError (404), InvalidRequestError (400), OverlapError (409), and as 422 InvalidLeaveTypeError,
	InvalidLeaveDatesError, MissingLeaveAllocationError, MissingLeaveApproverError, InsufficientLeaveBalanceError, LeaveDayBlockedError and whatever else
	HRMS refuses."""
	frappe.has_permission(LEAVE_APPLICATION, "create", throw=True)
	applicant = employees.get_employee_or_own(employee)
	return leave.create_application(
		applicant, leave.parse_leave_request(leave_type, from_date, to_date, half_day, half_day_date, reason)
	)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leaves fetched"), effect=READ)
def get_leaves(
	employee: str | None = None,
	status: str | None = None,
	leave_type: str | None = None,
	from_date: str | None = None,
	to_date: str | None = None,
	to_approve: bool = False,
	order_by: str | None = None,
	limit_start: str | int | None = None,
	limit_page_length: str | int | None = None,
) -> LeavePage:
	"""A page of the leave applications that the caller may read: one's own, those of one's reports, all for HR.

	Only of `employee`, of a status, of a leave type, of leave that touches the days from `from_date` to `to_date`;
	with `to_approve` those that wait for the caller. Raises PermissionError (403), DoesNotExistError (404),
	InvalidRequestError (400)."""
	frappe.has_permission(LEAVE_APPLICATION, "read", throw=True)
	whose = requests.get_employee_with_visible_leave(employee) if employee else None
	first, last = (
		requests.parse_optional_date("from_date", from_date),
		requests.parse_optional_date("to_date", to_date),
	)
	conditions = leave_list.build_conditions(whose, status, leave_type, first, last, to_approve)
	return leave_list.get_page(conditions, order_by, limit_start, limit_page_length)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Leave cancelled"), effect=WRITE)
def cancel_leave(leave_application: str, reason: str | None = None) -> LeaveStanding:
	"""Withdraw a leave application that is still open, or cancel an approved leave. HRMS gives the days back.

	One's own open ones; an approved one with HRMS's right to cancel, which HR has. Raises
	DoesNotExistError (404), PermissionError (403), LeaveStatusConflictError (409) for one that is rejected or cancelled."""
	return leave.cancel_application(leave_application, reason)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Leave approved"), effect=WRITE)
def approve_leave(leave_application: str, note: str | None = None) -> LeaveStanding:
	"""Approve an open leave application: HRMS takes the days from the balance and tells the employee. `note` goes to
	the timeline. For its leave approver and HR.

	Raises DoesNotExistError (404), PermissionError (403), LeaveStatusConflictError (409), and whatever HRMS refuses (422)."""
	return leave.decide_application(leave_application, leave.APPROVED, note)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Leave rejected"), effect=WRITE)
def reject_leave(leave_application: str, note: str | None = None) -> LeaveStanding:
	"""Reject an open leave application. Callers and refusals as `approve_leave`."""
	return leave.decide_application(leave_application, leave.REJECTED, note)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Team on leave fetched"), effect=READ)
def get_team_on_leave(manager: str | None = None, date: str | None = None) -> TeamOnLeave:
	"""Who of the reports of `manager`, by default the caller, has approved leave on `date`, by default today.

	Raises PermissionError (403), DoesNotExistError (404) for a manager whom the caller may not read, InvalidRequestError (400),
	MissingEmployeeError (422)."""
	frappe.has_permission(LEAVE_APPLICATION, "read", throw=True)
	day = period.parse_date("date", date) if date else clock.get_today()
	return team.get_team_on_leave(employees.get_employee_or_own(manager), day)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leave balance fetched"), effect=READ)
def get_leave_balance(leave_type: str, employee: str | None = None, date: str | None = None) -> Balance:
	"""The balance of a leave type on `date`, by default today, from HRMS's leave ledger; zeros where nothing is
	allocated. Of `employee`, by default the caller; of others for managers, their leave approver and HR.

	Raises PermissionError (403), DoesNotExistError (404) for an employee or a leave type, InvalidRequestError (400),
	MissingEmployeeError (422)."""
	whose = requests.get_employee_with_visible_leave(employee)
	day = period.parse_date("date", date) if date else clock.get_today()
	leave_types.check_exists(leave_type, frappe.DoesNotExistError)
	return balances.get_balance(whose, leave_type, day)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leave balances fetched"), effect=READ)
def get_leave_balances(
	leave_type: str, employees: str | list | None = None, date: str | None = None
) -> BalanceSheet:
	"""The same of several employees at once: a list of names, or without one every active employee whom the caller
	may read. Up to as many as a page holds.

	Raises PermissionError (403), DoesNotExistError (404) naming those whom the caller may not read, InvalidRequestError (400)."""
	whose = requests.parse_employees(employees)
	day = period.parse_date("date", date) if date else clock.get_today()
	leave_types.check_exists(leave_type, frappe.DoesNotExistError)
	rows = balances.get_balances(whose, leave_type, day)
	return BalanceSheet(leave_type=leave_type, date=period.to_iso(day), balances=rows)
