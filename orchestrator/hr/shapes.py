"""Types of the replies of the HR endpoints. Timestamps and dates are ISO 8601, in the site's time zone."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf


class Punch(TypedDict):
	"""A check-in or check-out. `location` is the name given with it, `shift` the shift that it belongs to."""

	checkin: str
	employee: str
	log_type: Annotated[str, OneOf("IN", "OUT")]
	time: str
	time_zone: str
	location: str | None
	latitude: float | None
	longitude: float | None
	shift: str | None


class WorkingDay(TypedDict):
	"""The punches of a day in their order, and the hours worked by the rules of their shifts."""

	employee: str
	date: str
	time_zone: str
	worked_hours: float
	first_in: str | None
	last_out: str | None
	punches: list[Punch]


class Profile(TypedDict):
	"""The caller as an employee."""

	employee: str
	employee_name: str
	user: str
	status: str
	company: str
	department: str | None
	designation: str | None
	date_of_joining: str | None
	reports_to: str | None
	reports_to_name: str | None
	leave_approver: str | None
	holiday_list: str | None
	has_reports: bool
	is_hr: bool


class LeaveStanding(TypedDict):
	"""A leave application. `total_leave_days` leaves out holidays, unless the leave type counts them."""

	leave_application: str
	employee: str
	employee_name: str
	leave_type: str
	from_date: str
	to_date: str
	half_day: bool
	half_day_date: str | None
	total_leave_days: float
	status: str
	leave_approver: str | None
	reason: str | None


class LeavePage(TypedDict):
	"""A page of leave applications, and the number of applications on all pages."""

	leaves: list[dict[str, Any]]
	total: int


class Balance(TypedDict):
	"""Days of a leave type in the allocation period that contains a date. `used` is approved leave, past and
	future; `pending` waits for approval and is not part of `used` or `balance`.
	"""

	leave_type: str
	allocated: float
	used: float
	balance: float
	pending: float


class EmployeeBalance(Balance):
	"""The balance of one of several employees."""

	employee: str


class BalanceSheet(TypedDict):
	"""The balances of several employees on a date, in the requested order."""

	leave_type: str
	date: str
	balances: list[EmployeeBalance]


class Absence(TypedDict):
	"""An employee's approved leave."""

	employee: str
	employee_name: str
	leave_application: str
	leave_type: str
	from_date: str
	to_date: str
	half_day: bool


class TeamOnLeave(TypedDict):
	"""The reports of a manager, direct or not, who are on leave on a date. `team` counts the active reports."""

	manager: str
	date: str
	team: int
	on_leave: list[Absence]


class CurrentWork(TypedDict):
	"""The working day that is going on. `hours_so_far` includes the time since `checked_in_since`; `next_punch` is
	the punch to make next; `forgotten_in` is a check-in that was left without a check-out. `needs_location`: HR Settings
	require coordinates with each punch.
	"""

	day: WorkingDay
	hours_so_far: float
	next_punch: Annotated[str, OneOf("IN", "OUT")]
	checked_in_since: str | None
	forgotten_in: str | None
	needs_location: bool


class LeaveOutlook(Balance):
	"""The balance of a leave type today, and what is expected to be left on a later date.

	`projected` is the balance on that date, in the allocation that then applies, with leave `earned` until then and
	without days that wait for approval. `expires_on` is the last day of today's allocation.
	"""

	earned: float
	projected: float
	expires_on: str | None


class LeaveForecast(TypedDict):
	"""The balances of all leave types that are allocated to an employee, and the types that need no allocation."""

	employee: str
	date: str
	projected_to: str
	balances: list[LeaveOutlook]
	without_allocation: list[str]


class LeavePreview(TypedDict):
	"""What an application for leave would take. `balance_after` is without days that wait for approval, and None for
	leave without pay. `problem` says why HRMS would refuse the application, None if it would not.
	"""

	leave_type: str
	from_date: str
	to_date: str
	days: float
	holidays: float
	balance: float
	pending: float
	balance_after: float | None
	leave_approver: str | None
	problem: str | None


class MyDay(TypedDict):
	"""An employee's own page. Without an employee record, `profile`, `work` and `leave` are None."""

	profile: Profile | None
	work: CurrentWork | None
	leave: LeaveForecast | None
	applications: list[dict[str, Any]]
	to_approve: list[dict[str, Any]]
	to_approve_total: int


class CalendarAbsence(TypedDict):
	"""Leave in a calendar. What the caller may not read is None: of a colleague in the same department, only the name
	and the days are shown.
	"""

	employee: str | None
	employee_name: str
	from_date: str
	to_date: str
	half_day_date: str | None
	is_own: bool
	is_pending: bool
	leave_application: str | None
	leave_type: str | None


class CalendarHoliday(TypedDict):
	"""A day of the caller's holiday list."""

	date: str
	description: str
	weekly_off: bool


class TeamCalendar(TypedDict):
	"""Who is out in a month, and the caller's holidays. `has_more`: there is more leave than a page holds."""

	month: str
	from_date: str
	to_date: str
	absences: list[CalendarAbsence]
	has_more: bool
	holidays: list[CalendarHoliday]


class FeedState(TypedDict):
	"""Whether the caller has a calendar feed, and since when its present address is valid."""

	enabled: bool
	renewed_on: str | None


class IssuedFeed(FeedState):
	"""A calendar feed with its address, which is shown once."""

	address: str
