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
