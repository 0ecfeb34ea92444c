"""What the HR endpoints return. Moments and days are ISO 8601; moments are in the site's time zone."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf


class Punch(TypedDict):
	"""One check-in or check-out. `location` is the name given with it, `shift` the shift it falls in."""

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
	"""The punches of a day, in their order, and the hours worked by the rules of their shifts."""

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
	"""A page of leave applications, and how many there are on all pages together."""

	leaves: list[dict[str, Any]]
	total: int


class Balance(TypedDict):
	"""Days of a leave type in the allocation period that a day falls in. `used` is approved, past and to come;
	`pending` waits for approval and is not part of `used` or `balance`.
	"""

	leave_type: str
	allocated: float
	used: float
	balance: float
	pending: float


class EmployeeBalance(Balance):
	"""The same, of one of several employees."""

	employee: str


class BalanceSheet(TypedDict):
	"""The balances of several employees on a day, in the order asked for."""

	leave_type: str
	date: str
	balances: list[EmployeeBalance]


class Absence(TypedDict):
	"""Someone's approved leave."""

	employee: str
	employee_name: str
	leave_application: str
	leave_type: str
	from_date: str
	to_date: str
	half_day: bool


class TeamOnLeave(TypedDict):
	"""Who of a manager's reports, direct or not, is on leave on a day. `team` is how many active reports there are."""

	manager: str
	date: str
	team: int
	on_leave: list[Absence]
