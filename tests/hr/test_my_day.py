"""An employee's own page: work so far, balances and their projection, previews of leave, and the team calendar."""

from datetime import datetime, timedelta

import pytest

import frappe
from frappe.utils import add_days, add_months, get_first_day, get_last_day, getdate, now_datetime

from tests.support import factories
from tests.support.client import get_data, get_error
from tests.support.hr_factories import (
	Person,
	count_records,
	make_allocation,
	make_hr,
	make_leave,
	make_leave_type,
	make_person,
	make_punch,
)

MY_DAY, FORECAST = "orchestrator.hr.my_day.get_my_day", "orchestrator.hr.my_day.get_leave_forecast"
PREVIEW, CALENDAR = "orchestrator.hr.my_day.preview_leave", "orchestrator.hr.my_day.get_team_calendar"
CHECK_IN, CHECK_OUT = "orchestrator.hr.check_in", "orchestrator.hr.check_out"
APPLY = "orchestrator.hr.apply_leave"
SHOW_DEPARTMENT = "show_leaves_of_all_department_members_in_calendar"
# 2027-03-05 is a Friday.
FRIDAY, SATURDAY, MONDAY, WEDNESDAY = "2027-03-05", "2027-03-06", "2027-03-08", "2027-03-10"


@pytest.fixture(scope="module")
def leave_type(frappe_site) -> str:
	frappe.set_user("Administrator")
	return make_leave_type()


@pytest.fixture(scope="module")
def approver(frappe_site) -> Person:
	frappe.set_user("Administrator")
	return make_person("Leave Approver")


@pytest.fixture
def person(site, approver, leave_type) -> Person:
	person = make_person(leave_approver=approver.user)
	make_allocation(person.employee, leave_type)
	return person


@pytest.fixture
def no_employee(site) -> str:
	"""Return a user of HR without an employee record. HRMS takes the role Employee from users who have none."""
	return make_hr()


@pytest.fixture
def department_shown(site):
	"""Let HRMS show the leave of all members of a department in the calendar, as HR may choose."""
	frappe.db.set_single_value("HR Settings", SHOW_DEPARTMENT, 1)
	frappe.db.commit()
	yield
	frappe.db.set_single_value("HR Settings", SHOW_DEPARTMENT, 0)
	frappe.db.commit()


def make_department() -> str:
	return factories.make_record(
		"Department", department_name=factories.make_unique("Ward"), company=factories.get_company()
	).name


def get_work(api, user: str) -> dict:
	return get_data(api(user).get(MY_DAY))["work"]


def at(moment: datetime) -> str:
	return moment.replace(microsecond=0).isoformat(sep=" ")


# Work


def test_next_punch_and_hours_follow_the_punches(api, person):
	before = get_work(api, person.user)
	assert (before["next_punch"], before["hours_so_far"], before["checked_in_since"]) == ("IN", 0.0, None)
	now = now_datetime()
	minutes = min(90, now.hour * 60 + now.minute)  # within this day
	started = now - timedelta(minutes=minutes)
	make_punch(person.employee, "IN", at(started))
	during = get_work(api, person.user)
	assert (during["next_punch"], during["checked_in_since"]) == ("OUT", at(started).replace(" ", "T"))
	hours = minutes / 60  # half a minute may pass between the two clocks
	assert during["hours_so_far"] in (round(hours, 2), round(hours + 0.01, 2))
	assert during["day"]["worked_hours"] == 0.0
	punched = get_data(api(person.user).post(CHECK_OUT), 201)
	after = get_work(api, person.user)
	assert (after["next_punch"], after["checked_in_since"]) == ("IN", None)
	assert [punch["log_type"] for punch in after["day"]["punches"]] == ["IN", "OUT"]
	assert after["hours_so_far"] == after["day"]["worked_hours"]
	assert after["day"]["last_out"] == punched["time"]


def test_work_over_midnight_belongs_to_the_day_of_its_check_in(api, person):
	now = now_datetime()
	started = datetime.combine(now.date(), datetime.min.time()) - timedelta(hours=1)
	if now - started > timedelta(hours=15):
		pytest.skip("later than 14:00: the check-in of yesterday evening counts as forgotten")
	make_punch(person.employee, "IN", at(started))
	work = get_work(api, person.user)
	assert (work["next_punch"], work["day"]["date"]) == ("OUT", str(started.date()))
	assert work["hours_so_far"] == pytest.approx((now - started).total_seconds() / 3600, abs=0.1)


def test_check_in_of_an_earlier_day_counts_as_forgotten(api, person):
	started = now_datetime() - timedelta(hours=23)
	if started.date() == now_datetime().date():
		pytest.skip("the last hour of the day")
	make_punch(person.employee, "IN", at(started))
	work = get_work(api, person.user)
	assert (work["next_punch"], work["checked_in_since"]) == ("IN", None)
	assert work["forgotten_in"] == at(started).replace(" ", "T")
	assert (work["hours_so_far"], work["day"]["date"]) == (0.0, str(now_datetime().date()))


# Everything at once


def test_my_day_of_an_employee(api, person, approver, leave_type):
	own = make_leave(person.employee, leave_type, FRIDAY, MONDAY, leave_approver=approver.user)
	data = get_data(api(person.user).get(MY_DAY))
	assert data["profile"]["employee"] == person.employee
	assert [row["leave_application"] for row in data["applications"]] == [own.name]
	assert (data["to_approve"], data["to_approve_total"]) == ([], 0)
	assert data["leave"]["balances"] == [
		{
			"leave_type": leave_type,
			"allocated": 20.0,
			"used": 0.0,
			"balance": 20.0,
			"pending": 2.0,
			"earned": 0.0,
			"projected": 18.0,
			"expires_on": "2027-12-31",
		}
	]
	decided = get_data(api(approver.user).get(MY_DAY))
	assert own.name in [row["leave_application"] for row in decided["to_approve"]]
	assert {row["leave_approver"] for row in decided["to_approve"]} == {approver.user}


def test_my_day_without_an_employee_record(api, no_employee):
	data = get_data(api(no_employee).get(MY_DAY))
	assert data == {
		"profile": None,
		"work": None,
		"leave": None,
		"applications": [],
		"to_approve": [],
		"to_approve_total": 0,
	}


def test_hr_without_an_employee_record_gets_only_what_waits_for_them(api, person, approver, leave_type):
	make_leave(person.employee, leave_type, FRIDAY, FRIDAY, leave_approver=approver.user)
	data = get_data(api(make_hr()).get(MY_DAY))
	assert (data["profile"], data["applications"], data["to_approve"]) == (None, [], [])


def test_inactive_employee_may_look_and_not_punch_or_apply(api, person, leave_type):
	frappe.db.set_value("Employee", person.employee, "status", "Inactive")
	frappe.db.commit()
	frappe.clear_document_cache("Employee", person.employee)
	assert get_data(api(person.user).get(MY_DAY))["profile"]["status"] == "Inactive"
	assert get_error(api(person.user).post(CHECK_IN))[0] == 422
	preview = get_data(api(person.user).get(PREVIEW, leave_type=leave_type, from_date=FRIDAY, to_date=FRIDAY))
	assert "active" in preview["problem"].lower()
	assert count_records("Employee Checkin", employee=person.employee) == 0


# Refusals


@pytest.mark.parametrize(
	("method", "values"),
	[
		(MY_DAY, {}),
		(FORECAST, {}),
		(CALENDAR, {}),
		(PREVIEW, {"leave_type": "x", "from_date": FRIDAY, "to_date": FRIDAY}),
	],
)
def test_guests_and_users_without_a_role_are_refused(api, guest, method, values):
	assert get_error(guest.get(method, **values)) == (401, "AuthenticationError")
	assert get_error(api(factories.make_user().name).get(method, **values)) == (403, "PermissionError")


@pytest.mark.parametrize(
	("method", "values"),
	[(FORECAST, {}), (PREVIEW, {"leave_type": "Annual Leave", "from_date": FRIDAY, "to_date": FRIDAY})],
)
def test_user_without_an_employee_record_must_name_one(api, no_employee, method, values):
	assert get_error(api(no_employee).get(method, **values)) == (422, "MissingEmployeeError")


def test_other_employees_are_hidden(api, person, leave_type):
	other = make_person().employee
	values = {"employee": other, "leave_type": leave_type, "from_date": FRIDAY, "to_date": FRIDAY}
	assert get_error(api(person.user).get(PREVIEW, **values)) == (404, "DoesNotExistError")
	assert get_error(api(person.user).get(FORECAST, employee=other)) == (404, "DoesNotExistError")
	assert get_error(api(person.user).get(FORECAST, employee="HR-EMP-0")) == (404, "DoesNotExistError")


@pytest.mark.parametrize(
	("method", "values"),
	[
		(MY_DAY, {"projected_to": "tomorrow"}),
		(FORECAST, {"projected_to": "2020-01-01"}),
		(FORECAST, {"projected_to": "2099-01-01"}),
		(CALENDAR, {"month": "2027-13"}),
		(CALENDAR, {"month": "March"}),
		(CALENDAR, {"month": "2027-3"}),
		(CALENDAR, {"day": "2027-03-01"}),
		(PREVIEW, {"leave_type": "x", "from_date": FRIDAY, "to_date": "then"}),
	],
)
def test_malformed_parameters(api, person, method, values):
	assert get_error(api(person.user).get(method, **values)) == (400, "InvalidRequestError")


# Projection


def test_projection_takes_the_allocation_of_its_date(api, approver, leave_type):
	"""Twelve days until the end of the month and nine after it, of which two are taken and one waits."""
	person = make_person(leave_approver=approver.user)
	end = get_last_day(getdate())
	make_allocation(person.employee, leave_type, 12, from_date=add_months(end, -6), to_date=end)
	make_allocation(person.employee, leave_type, 9, from_date=add_days(end, 1), to_date=add_days(end, 365))
	first = next(day for n in range(10, 20) if getdate(day := add_days(end, n)).weekday() == 0)
	make_leave(
		person.employee, leave_type, first, add_days(first, 1), "Approved", leave_approver=approver.user
	)
	make_leave(
		person.employee, leave_type, add_days(first, 2), add_days(first, 2), leave_approver=approver.user
	)
	(row,) = get_data(api(person.user).get(FORECAST, projected_to=str(add_days(end, 60))))["balances"]
	assert (row["balance"], row["projected"], row["expires_on"]) == (12.0, 6.0, str(end))
	(row,) = get_data(api(person.user).get(FORECAST, projected_to=str(end)))["balances"]
	assert (row["balance"], row["projected"]) == (12.0, 12.0)
	(row,) = get_data(api(person.user).get(FORECAST, projected_to=str(add_days(end, 400))))["balances"]
	assert (row["balance"], row["projected"]) == (12.0, 0.0)


def test_projection_adds_leave_that_will_be_earned(api, approver):
	"""A policy of 24 days a year, two on the first day of each month: after three more months, six days more."""
	person = make_person(leave_approver=approver.user)
	earned_type = make_leave_type(
		is_earned_leave=1, earned_leave_frequency="Monthly", allocate_on_day="First Day", rounding=""
	)
	allocation = make_allocation_by_policy(person.employee, earned_type, 24)
	before = get_data(api(person.user).get(FORECAST))["balances"][0]["balance"]
	until = add_days(add_months(get_first_day(getdate()), 3), 1)
	(row,) = get_data(api(person.user).get(FORECAST, projected_to=str(until)))["balances"]
	assert (row["earned"], row["projected"]) == (6.0, before + 6.0)
	late = add_days(allocation.to_date, 0)
	(row,) = get_data(api(person.user).get(FORECAST, projected_to=str(late)))["balances"]
	assert row["projected"] <= 24.0  # the policy's days a year are the limit


def make_allocation_by_policy(employee: str, leave_type: str, annual: float):
	"""Assign a leave policy from the start of this month on, for a year."""
	policy = frappe.get_doc(
		{
			"doctype": "Leave Policy",
			"title": factories.make_unique("Policy"),
			"leave_policy_details": [{"leave_type": leave_type, "annual_allocation": annual}],
		}
	).insert()
	policy.submit()
	first = get_first_day(getdate())
	assignment = frappe.get_doc(
		{
			"doctype": "Leave Policy Assignment",
			"employee": employee,
			"leave_policy": policy.name,
			"effective_from": first,
			"effective_to": add_days(add_months(first, 12), -1),
		}
	).insert()
	assignment.submit()
	frappe.db.commit()
	name = frappe.db.get_value("Leave Allocation", {"employee": employee, "leave_type": leave_type})
	return frappe.get_doc("Leave Allocation", name)


def test_types_without_allocation_are_offered(api, person, leave_type):
	unpaid = make_leave_type(is_lwp=1)
	data = get_data(api(person.user).get(FORECAST))
	assert unpaid in data["without_allocation"]
	assert leave_type not in data["without_allocation"]


# Preview


@pytest.mark.parametrize(
	("values", "days", "holidays", "after"),
	[
		({"from_date": FRIDAY, "to_date": MONDAY}, 2.0, 2.0, 18.0),
		({"from_date": MONDAY, "to_date": WEDNESDAY}, 3.0, 0.0, 17.0),
		({"from_date": MONDAY, "to_date": MONDAY, "half_day": 1}, 0.5, 0.0, 19.5),
		({"from_date": FRIDAY, "to_date": MONDAY, "half_day": 1, "half_day_date": MONDAY}, 1.5, 2.0, 18.5),
	],
)
def test_preview_equals_what_the_application_takes(api, person, leave_type, values, days, holidays, after):
	caller = api(person.user)
	preview = get_data(caller.get(PREVIEW, leave_type=leave_type, **values))
	assert (preview["days"], preview["holidays"], preview["balance_after"]) == (days, holidays, after)
	assert (preview["balance"], preview["pending"], preview["problem"]) == (20.0, 0.0, None)
	assert count_records("Leave Application", employee=person.employee) == 0
	body = {name: bool(value) if name == "half_day" else value for name, value in values.items()}
	applied = get_data(caller.post(APPLY, leave_type=leave_type, **body), 201)
	assert applied["total_leave_days"] == days
	again = get_data(caller.get(FORECAST))["balances"][0]
	assert again["projected"] == after


@pytest.mark.parametrize(
	("values", "error"),
	[
		({"from_date": MONDAY, "to_date": "2027-04-30"}, "InsufficientLeaveBalanceError"),
		({"from_date": "2029-03-05", "to_date": "2029-03-05"}, "MissingLeaveAllocationError"),
		({"from_date": SATURDAY, "to_date": SATURDAY}, "ValidationError"),
	],
)
def test_preview_tells_why_the_application_would_be_refused(api, person, leave_type, values, error):
	caller = api(person.user)
	preview = get_data(caller.get(PREVIEW, leave_type=leave_type, **values))
	refused = caller.post(APPLY, leave_type=leave_type, **values)
	assert get_error(refused) == (422, error)
	assert refused.json()["exc"] == f"{error}: {preview['problem']}"
	assert count_records("Leave Application", employee=person.employee) == 0


def test_preview_tells_of_an_overlap(api, person, leave_type):
	taken = make_leave(person.employee, leave_type, MONDAY, MONDAY)
	preview = get_data(api(person.user).get(PREVIEW, leave_type=leave_type, from_date=MONDAY, to_date=MONDAY))
	assert taken.name in preview["problem"]
	assert (preview["pending"], preview["balance_after"]) == (1.0, 18.0)


def test_leave_without_pay_has_no_balance(api, person):
	unpaid = make_leave_type(is_lwp=1)
	preview = get_data(api(person.user).get(PREVIEW, leave_type=unpaid, from_date=MONDAY, to_date=MONDAY))
	assert (preview["days"], preview["balance_after"], preview["problem"]) == (1.0, None, None)


@pytest.mark.parametrize(
	("values", "error"),
	[
		({"leave_type": "No such leave", "from_date": MONDAY, "to_date": MONDAY}, "InvalidLeaveTypeError"),
		({"from_date": WEDNESDAY, "to_date": MONDAY}, "InvalidLeaveDatesError"),
	],
)
def test_preview_refuses_what_is_no_request(api, person, leave_type, values, error):
	assert get_error(api(person.user).get(PREVIEW, **{"leave_type": leave_type, **values})) == (422, error)


# The calendar


def get_absences(api, user: str, month: str = "2027-03") -> list[dict]:
	return get_data(api(user).get(CALENDAR, month=month))["absences"]


def test_calendar_has_own_leave_with_its_type_and_the_holidays(api, person, leave_type):
	own = make_leave(person.employee, leave_type, FRIDAY, MONDAY, half_day=1, half_day_date=MONDAY)
	data = get_data(api(person.user).get(CALENDAR, month="2027-03"))
	assert (data["from_date"], data["to_date"], data["has_more"]) == ("2027-03-01", "2027-03-31", False)
	assert data["absences"] == [
		{
			"employee": person.employee,
			"employee_name": frappe.db.get_value("Employee", person.employee, "employee_name"),
			"from_date": FRIDAY,
			"to_date": MONDAY,
			"half_day_date": MONDAY,
			"is_own": True,
			"is_pending": True,
			"leave_application": own.name,
			"leave_type": leave_type,
		}
	]
	assert [day["date"] for day in data["holidays"]][:3] == [SATURDAY, "2027-03-07", "2027-03-13"]
	assert get_data(api(person.user).get(CALENDAR, month="2027-04"))["absences"] == []


def make_colleagues(leave_type: str) -> tuple[Person, Person, str]:
	"""Create two members of a department, and an approved leave of the second."""
	department = make_department()
	me, other = make_person(department=department), make_person(department=department)
	make_allocation(other.employee, leave_type)
	leave = make_leave(other.employee, leave_type, MONDAY, WEDNESDAY, "Approved", description="Surgery")
	return me, other, leave.name


def test_colleagues_are_hidden_unless_hr_shows_the_department(api, leave_type):
	me, _other, _leave = make_colleagues(leave_type)
	assert get_absences(api, me.user) == []


def test_calendar_shows_colleagues_without_type_and_reason(api, department_shown, leave_type):
	me, other, leave = make_colleagues(leave_type)
	make_leave(other.employee, leave_type, "2027-03-15", "2027-03-15")  # waits for a decision
	make_leave(other.employee, leave_type, "2027-03-16", "2027-03-16", "Rejected")
	reply = api(me.user).get(CALENDAR, month="2027-03")
	assert get_data(reply)["absences"] == [
		{
			"employee": None,
			"employee_name": frappe.db.get_value("Employee", other.employee, "employee_name"),
			"from_date": MONDAY,
			"to_date": WEDNESDAY,
			"half_day_date": None,
			"is_own": False,
			"is_pending": False,
			"leave_application": None,
			"leave_type": None,
		}
	]
	hidden = (leave, leave_type, other.employee, "Surgery")
	assert [word for word in hidden if word in reply.text] == []


def test_calendar_leaves_out_other_departments_and_inactive_people(api, department_shown, leave_type):
	me, other, _leave = make_colleagues(leave_type)
	make_colleagues(leave_type)
	assert len(get_absences(api, me.user)) == 1
	frappe.db.set_value("Employee", other.employee, "status", "Inactive")
	frappe.db.commit()
	assert get_absences(api, me.user) == []
	frappe.db.set_value("Employee", other.employee, "status", "Active")
	frappe.db.set_value("Employee", me.employee, "status", "Inactive")
	frappe.db.commit()
	assert get_absences(api, me.user) == []


def test_managers_and_hr_see_the_types(api, leave_type, approver):
	manager = make_person()
	report = make_person(reports_to=manager.employee)
	make_allocation(report.employee, leave_type)
	leave = make_leave(report.employee, leave_type, MONDAY, MONDAY, "Approved").name
	seen = [row for user in (manager.user, make_hr()) for row in get_absences(api, user)]
	found = [row for row in seen if row["leave_application"] == leave]
	assert [(row["leave_type"], row["is_own"]) for row in found] == [(leave_type, False)] * 2
	assert get_absences(api, make_person().user) == []
