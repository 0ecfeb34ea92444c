"""The HR endpoints: punches, leave and leave balances, for employees, managers and HR."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator import clock, period
from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.api.schema_types import (
	Bounded,
	Day,
	ListOf,
	OneOf,
	OptionalDay,
	PageLength,
	RowOffset,
	get_max_page_length,
)
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

Latitude = Annotated[float | None, Bounded(-punches.MAX_LATITUDE, punches.MAX_LATITUDE, "number")]
Longitude = Annotated[float | None, Bounded(-punches.MAX_LONGITUDE, punches.MAX_LONGITUDE, "number")]
EmployeeNames = Annotated[str | list | None, ListOf(maximum=get_max_page_length)]
LeaveStatus = Annotated[str | None, OneOf(leave.OPEN, leave.APPROVED, leave.REJECTED, leave.CANCELLED)]


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Checked in"), effect=CREATE)
def check_in(
	employee: str | None = None,
	timestamp: str | None = None,
	location: str | dict | None = None,
	latitude: Latitude = None,
	longitude: Longitude = None,
) -> Punch:
	"""Check an employee in: create an Employee Checkin of type IN.

	The rules of HRMS for shifts and geofences apply. A timestamp slightly ahead of the server's clock counts as now.

	Args:
		employee: Name of the employee. Default: the caller's own employee record.
		timestamp: Time in ISO 8601, in the site's time zone unless it names one. Default: now.
		location: Name of the place, or an object with latitude and longitude.
		latitude: Latitude in degrees. Requires longitude.
		longitude: Longitude in degrees. Requires latitude.

	Returns:
		The check-in that was created.

	Permissions:
		Employees for themselves, within the tolerance of Orchestrator Settings. HR for everybody and any past time.

	Raises:
		PermissionError: 403. The record is not the caller's, or the time is beyond the tolerance.
		DoesNotExistError: 404. The employee is missing or hidden.
		InvalidRequestError: 400. The timestamp or the location is malformed.
		DuplicatePunchConflictError: 409. The employee is checked in already.
		InvalidPunchTimeError: 422. The time is in the future.
		MissingEmployeeError: 422. The caller is not an employee.
		InactiveEmployeeError: 422. The employee was not employed at that time.
		ValidationError: 422. HRMS refuses the check-in.
	"""
	return requests.execute_punch(punches.IN, employee, timestamp, location, latitude, longitude)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Checked out"), effect=CREATE)
def check_out(
	employee: str | None = None,
	timestamp: str | None = None,
	location: str | dict | None = None,
	latitude: Latitude = None,
	longitude: Longitude = None,
) -> Punch:
	"""Check an employee out: create an Employee Checkin of type OUT.

	The rules of HRMS for shifts and geofences apply. A timestamp slightly ahead of the server's clock counts as now.

	Args:
		employee: Name of the employee. Default: the caller's own employee record.
		timestamp: Time in ISO 8601, in the site's time zone unless it names one. Default: now.
		location: Name of the place, or an object with latitude and longitude.
		latitude: Latitude in degrees. Requires longitude.
		longitude: Longitude in degrees. Requires latitude.

	Returns:
		The check-out that was created.

	Permissions:
		Employees for themselves, within the tolerance of Orchestrator Settings. HR for everybody and any past time.

	Raises:
		PermissionError: 403. The record is not the caller's, or the time is beyond the tolerance.
		DoesNotExistError: 404. The employee is missing or hidden.
		InvalidRequestError: 400. The timestamp or the location is malformed.
		DuplicatePunchConflictError: 409. The employee is checked out already.
		InvalidPunchTimeError: 422. The time is in the future.
		MissingEmployeeError: 422. The caller is not an employee.
		InactiveEmployeeError: 422. The employee was not employed at that time.
		ValidationError: 422. HRMS refuses the check-out.
	"""
	return requests.execute_punch(punches.OUT, employee, timestamp, location, latitude, longitude)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Punches fetched"), effect=READ)
def get_day_punches(employee: str | None = None, date: OptionalDay = None) -> WorkingDay:
	"""Return the check-ins and check-outs of a day and the hours worked.

	HRMS's own calculation is used. A pair without a shift belongs to the day of its check-in.

	Args:
		employee: Name of the employee. Default: the caller's own employee record.
		date: Day as YYYY-MM-DD. Default: today.

	Returns:
		The check-ins and check-outs in their order, the first, the last, and the hours worked.

	Permissions:
		Employees for themselves, managers for their reports, HR for everybody.

	Raises:
		PermissionError: 403. The caller may read no check-ins.
		DoesNotExistError: 404. The employee is missing or hidden.
		InvalidRequestError: 400. The date is malformed.
		MissingEmployeeError: 422. The caller is not an employee.
	"""
	frappe.has_permission(EMPLOYEE_CHECKIN, "read", throw=True)
	day = period.parse_date("date", date) if date else clock.get_today()
	return working_day.get_day(employees.get_employee_or_own(employee), day)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Profile fetched"), effect=READ)
def get_my_profile() -> Profile:
	"""Return the caller's own employee record.

	Returns:
		The employee's names, department, manager, leave approver, and whether the caller has reports or an HR role.

	Permissions:
		Every employee.

	Raises:
		PermissionError: 403. The caller may read no employees.
		DoesNotExistError: 404. The caller's user is linked to no employee.
	"""
	frappe.has_permission(EMPLOYEE, "read", throw=True)
	return employees.get_profile()


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Leave applied for"), effect=CREATE)
def apply_leave(
	leave_type: str,
	from_date: Day,
	to_date: Day,
	employee: str | None = None,
	reason: str | None = None,
	half_day: bool = False,
	half_day_date: OptionalDay = None,
) -> LeaveStanding:
	"""Apply for leave.

	The application goes to HRMS's leave approver, who is notified once.

	Args:
		leave_type: Name of the leave type.
		from_date: First day as YYYY-MM-DD.
		to_date: Last day as YYYY-MM-DD.
		employee: Name of the employee. Default: the caller's own employee record.
		reason: Reason for the leave, as text.
		half_day: true: one of the days is a half day. Default: false.
		half_day_date: Date of the half day as YYYY-MM-DD. Default: the day itself, where the leave is a single day.

	Returns:
		The leave application that was created.

	Permissions:
		Employees for themselves, managers for their reports, HR for everybody.

	Raises:
		PermissionError: 403. The caller may not apply for this employee.
		DoesNotExistError: 404. The employee is missing or hidden.
		InvalidRequestError: 400. A date is malformed, or half_day_date is missing.
		OverlapError: 409. The employee has leave on some of the days.
		ConcurrentApplicationConflictError: 409. Another application was made at the same moment.
		InvalidLeaveTypeError: 422. The leave type is unknown.
		InvalidLeaveDatesError: 422. The last day is before the first.
		MissingLeaveAllocationError: 422. No allocation covers the days.
		MissingLeaveApproverError: 422. Nobody can approve the leave.
		InsufficientLeaveBalanceError: 422. The balance does not suffice.
		LeaveDayBlockedError: 422. Leave is blocked on some of the days.
		MissingEmployeeError: 422. The caller is not an employee.
		ValidationError: 422. HRMS refuses the application.
	"""
	frappe.has_permission(LEAVE_APPLICATION, "create", throw=True)
	applicant = employees.get_employee_or_own(employee)
	return leave.create_application(
		applicant, leave.parse_leave_request(leave_type, from_date, to_date, half_day, half_day_date, reason)
	)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leaves fetched"), effect=READ)
def get_leaves(
	employee: str | None = None,
	status: LeaveStatus = None,
	leave_type: str | None = None,
	from_date: OptionalDay = None,
	to_date: OptionalDay = None,
	to_approve: bool = False,
	order_by: str | None = None,
	limit_start: RowOffset = None,
	limit_page_length: PageLength = None,
) -> LeavePage:
	"""Return a page of leave applications and the number on all pages.

	Args:
		employee: Name of the employee. Default: all whose applications the caller may read.
		status: Only applications with this status.
		leave_type: Only applications for this leave type.
		from_date: Only leave that ends on this day, YYYY-MM-DD, or later.
		to_date: Only leave that starts on this day, YYYY-MM-DD, or earlier.
		to_approve: true: only applications that wait for the caller's approval. Default: false.
		order_by: Fields to sort by, each with asc or desc.
		limit_start: Number of applications to skip. Default: 0.
		limit_page_length: Number of applications on a page. Default: 20.

	Returns:
		The applications of the page and the total.

	Permissions:
		Employees see their own, managers those of their reports, HR all.

	Raises:
		PermissionError: 403. The caller may read no leave applications.
		DoesNotExistError: 404. The employee is missing or hidden.
		InvalidRequestError: 400. The status is unknown, a date is malformed, or the page does not exist.
	"""
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
	"""Withdraw an open leave application, or cancel an approved leave.

	HRMS gives the days back.

	Args:
		leave_application: Name of the leave application.
		reason: Reason for the cancellation, for the timeline.

	Returns:
		The leave application as it is now.

	Permissions:
		The applicant, the leave approver and HR. An approved leave requires HRMS's permission to cancel.

	Raises:
		PermissionError: 403. The caller may not cancel it.
		DoesNotExistError: 404. The leave application is missing or hidden.
		LeaveStatusConflictError: 409. The application has been rejected or cancelled already.
	"""
	return leave.cancel_application(leave_application, reason)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Leave approved"), effect=WRITE)
def approve_leave(leave_application: str, note: str | None = None) -> LeaveStanding:
	"""Approve an open leave application.

	HRMS takes the days from the balance and notifies the employee.

	Args:
		leave_application: Name of the leave application.
		note: Remark on the decision, for the timeline.

	Returns:
		The leave application as it is now.

	Permissions:
		The leave approver of the application and HR.

	Raises:
		PermissionError: 403. The caller is neither the leave approver nor HR.
		DoesNotExistError: 404. The leave application is missing or hidden.
		LeaveStatusConflictError: 409. The application has been decided already.
		TimestampMismatchError: 409. The employee's leave was changed at the same moment.
		ValidationError: 422. HRMS refuses the approval.
	"""
	return leave.decide_application(leave_application, leave.APPROVED, note)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Leave rejected"), effect=WRITE)
def reject_leave(leave_application: str, note: str | None = None) -> LeaveStanding:
	"""Reject an open leave application.

	Args:
		leave_application: Name of the leave application.
		note: Remark on the decision, for the timeline.

	Returns:
		The leave application as it is now.

	Permissions:
		The leave approver of the application and HR.

	Raises:
		PermissionError: 403. The caller is neither the leave approver nor HR.
		DoesNotExistError: 404. The leave application is missing or hidden.
		LeaveStatusConflictError: 409. The application has been decided already.
		TimestampMismatchError: 409. The employee's leave was changed at the same moment.
		ValidationError: 422. HRMS refuses the rejection.
	"""
	return leave.decide_application(leave_application, leave.REJECTED, note)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Team on leave fetched"), effect=READ)
def get_team_on_leave(manager: str | None = None, date: OptionalDay = None) -> TeamOnLeave:
	"""Return which reports of a manager have approved leave on a day.

	Args:
		manager: Name of the manager's employee record. Default: the caller's own.
		date: Day as YYYY-MM-DD. Default: today.

	Returns:
		The absences, and the number of active reports, direct or not.

	Permissions:
		Whoever may read leave applications and the manager's employee record.

	Raises:
		PermissionError: 403. The caller may read no leave applications.
		DoesNotExistError: 404. The manager is missing or hidden.
		InvalidRequestError: 400. The date is malformed.
		MissingEmployeeError: 422. The caller is not an employee.
	"""
	frappe.has_permission(LEAVE_APPLICATION, "read", throw=True)
	day = period.parse_date("date", date) if date else clock.get_today()
	return team.get_team_on_leave(employees.get_employee_or_own(manager), day)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leave balance fetched"), effect=READ)
def get_leave_balance(leave_type: str, employee: str | None = None, date: OptionalDay = None) -> Balance:
	"""Return an employee's balance of a leave type on a day.

	The figures come from HRMS's leave ledger; they are 0 without an allocation.

	Args:
		leave_type: Name of the leave type.
		employee: Name of the employee. Default: the caller's own employee record.
		date: Day as YYYY-MM-DD. Default: today.

	Returns:
		Allocated, used, available and pending days.

	Permissions:
		Employees for themselves; managers, leave approvers and HR for others.

	Raises:
		PermissionError: 403. The caller may read no employees.
		DoesNotExistError: 404. The employee is missing or hidden, or the leave type is unknown.
		InvalidRequestError: 400. The date is malformed.
		MissingEmployeeError: 422. The caller is not an employee.
	"""
	whose = requests.get_employee_with_visible_leave(employee)
	day = period.parse_date("date", date) if date else clock.get_today()
	leave_types.check_exists(leave_type, frappe.DoesNotExistError)
	return balances.get_balance(whose, leave_type, day)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Leave balances fetched"), effect=READ)
def get_leave_balances(
	leave_type: str, employees: EmployeeNames = None, date: OptionalDay = None
) -> BalanceSheet:
	"""Return the balances of a leave type for several employees.

	Args:
		leave_type: Name of the leave type.
		employees: Names of employees, as a list, at most as many as a page holds. Default: all active employees whom the caller may read.
		date: Day as YYYY-MM-DD. Default: today.

	Returns:
		A balance per employee, in the order asked for.

	Permissions:
		Whoever may read the employees.

	Raises:
		PermissionError: 403. The caller may read no employees.
		DoesNotExistError: 404. Employees are missing or hidden (the message names them), or the leave type is unknown.
		InvalidRequestError: 400. employees is not a list of names or is too long, or the date is malformed.
	"""
	whose = requests.parse_employees(employees)
	day = period.parse_date("date", date) if date else clock.get_today()
	leave_types.check_exists(leave_type, frappe.DoesNotExistError)
	rows = balances.get_balances(whose, leave_type, day)
	return BalanceSheet(leave_type=leave_type, date=period.to_iso(day), balances=rows)
