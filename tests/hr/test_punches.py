"""Checking in and out: for oneself, by HR, time and place, and no duplicates."""

from datetime import datetime, timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest

import frappe
from frappe.utils import get_system_timezone, now_datetime

from tests.support import factories
from tests.support.client import get_error
from tests.support.hr_factories import Person, count_records, make_hr, make_person, make_punch

CHECK_IN, CHECK_OUT = "orchestrator.hr.check_in", "orchestrator.hr.check_out"


@pytest.fixture
def person(site) -> Person:
	return make_person()


@pytest.fixture
def geofence(site):
	"""Switch on geolocation in HR Settings, and restore the setting afterwards."""
	frappe.db.set_single_value("HR Settings", "allow_geolocation_tracking", 1)
	frappe.db.commit()
	yield
	frappe.db.set_single_value("HR Settings", "allow_geolocation_tracking", 0)
	frappe.db.commit()


def get_site_now() -> datetime:
	return now_datetime().replace(microsecond=0)


def test_an_employee_checks_in_for_themselves_now(api, person):
	before = get_site_now()
	reply = api(person.user).post(CHECK_IN, location="reception")
	assert reply.status_code == 201, reply.text
	body = reply.json()
	data = body["data"]
	stored = frappe.get_doc("Employee Checkin", data["checkin"])
	assert before <= stored.time <= get_site_now()
	assert body == {
		"message": "Checked in",
		"data": {
			"checkin": stored.name,
			"employee": person.employee,
			"log_type": "IN",
			"time": stored.time.isoformat(),
			"time_zone": get_system_timezone(),
			"location": "reception",
			"latitude": None,
			"longitude": None,
			"shift": None,
		},
		"exc": "",
	}
	assert (stored.employee, stored.log_type, stored.device_id) == (person.employee, "IN", "reception")


def test_an_employee_keeps_the_time_given_within_the_tolerance(api, person):
	"""HRMS would replace it by its own time."""
	given = get_site_now() - timedelta(minutes=4)
	reply = api(person.user).post(CHECK_OUT, employee=person.employee, timestamp=given.isoformat())
	assert reply.status_code == 201, reply.text
	assert frappe.db.get_value("Employee Checkin", reply.json()["data"]["checkin"], ["time", "log_type"]) == (
		given,
		"OUT",
	)


def test_ones_own_punch_may_name_its_zone_and_the_tolerance_holds_in_it(api, person):
	client, given = api(person.user), get_site_now() - timedelta(minutes=2)
	zone = ZoneInfo(get_system_timezone())
	utc = given.replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))
	east = given.replace(tzinfo=zone).astimezone(ZoneInfo("Asia/Kolkata"))
	reply = client.post(CHECK_IN, timestamp=utc.strftime("%Y-%m-%dT%H:%M:%SZ"))
	assert (reply.status_code, reply.json()["data"]["time"]) == (201, given.isoformat())
	reply = client.post(CHECK_OUT, timestamp=east.isoformat())
	assert (reply.status_code, reply.json()["data"]["time"]) == (201, given.isoformat())
	# the same digits, of a zone in which that moment is hours away
	for stale_or_to_come in (f"{given.isoformat()}+14:00", f"{given.isoformat()}-12:00"):
		assert client.post(CHECK_IN, timestamp=stale_or_to_come).status_code in (403, 422)
	assert count_records("Employee Checkin", employee=person.employee) == 2


def test_an_own_punch_beyond_the_tolerance_is_403(api, person):
	given = get_site_now() - timedelta(minutes=7)
	reply = api(person.user).post(CHECK_IN, timestamp=given.isoformat())
	assert reply.status_code == 403
	assert reply.json()["exc"] == (
		"PermissionError: You may check in or out for yourself at most 5 minutes late. "
		f"Leave timestamp out for the current time, or ask HR to enter {given}."
	)
	assert count_records("Employee Checkin", employee=person.employee) == 0


def test_hr_enters_any_past_time_as_the_reference_sends_it(api, person):
	reply = api(make_hr()).post(
		CHECK_IN, employee=person.employee, timestamp="2025-02-19T09:00:00", location="reception"
	)
	assert reply.status_code == 201, reply.text
	assert reply.json()["data"]["time"] == "2025-02-19T09:00:00"
	assert frappe.db.get_value(
		"Employee Checkin", {"employee": person.employee}, ["time", "log_type", "device_id"]
	) == (datetime(2025, 2, 19, 9), "IN", "reception")


@pytest.mark.parametrize(
	("text", "utc"),
	[
		("2025-02-19T14:00:00Z", "2025-02-19T14:00:00"),
		("2025-07-19T14:00:00+00:00", "2025-07-19T14:00:00"),
		("2025-02-19T14:00:00.999+05:30", "2025-02-19T08:30:00"),
		("2025-02-19 14:00-0800", "2025-02-19T22:00:00"),
	],
)
def test_zoned_timestamp_is_stored_in_site_time_zone(api, person, text, utc):
	expected = (
		datetime.fromisoformat(utc)
		.replace(tzinfo=ZoneInfo("UTC"))
		.astimezone(ZoneInfo(get_system_timezone()))
		.replace(tzinfo=None)
	)
	reply = api(make_hr()).post(CHECK_IN, employee=person.employee, timestamp=text)
	assert reply.status_code == 201, reply.text
	assert reply.json()["data"]["time"] == expected.isoformat()
	assert frappe.db.get_value("Employee Checkin", {"employee": person.employee}, "time") == expected


@pytest.mark.parametrize(
	"text",
	["yesterday", "2025-02-30T09:00:00", "2025-02-19", "09:00", "20250219T090000", "2025-02-19T25:00", "0001-01-01T00:00+14:00"],
)  # fmt: skip
def test_an_invalid_timestamp_is_400(api, person, text):
	reply = api(make_hr()).post(CHECK_IN, employee=person.employee, timestamp=text)
	assert (reply.status_code, reply.json()["exc_type"]) == (400, "InvalidRequestError")
	assert "ISO 8601" in reply.json()["exc"]
	assert count_records("Employee Checkin", employee=person.employee) == 0


@pytest.mark.parametrize("who", ["hr", "self"])
def test_a_future_punch_is_422(api, person, who):
	caller = make_hr() if who == "hr" else person.user
	given = get_site_now() + timedelta(minutes=2)
	reply = api(caller).post(CHECK_IN, employee=person.employee, timestamp=given.isoformat())
	assert (reply.status_code, reply.json()["exc_type"]) == (422, "InvalidPunchTimeError")
	assert f"{given} is in the future" in reply.json()["exc"]
	assert count_records("Employee Checkin", employee=person.employee) == 0


def test_checking_in_twice_is_409_and_checking_out_in_between_is_not(api, person):
	client = api(person.user)
	first = get_site_now() - timedelta(minutes=3)

	def at(minutes):
		return (first + timedelta(minutes=minutes)).isoformat()

	assert client.post(CHECK_IN, timestamp=at(0)).status_code == 201
	again = client.post(CHECK_IN, timestamp=at(1))
	assert (again.status_code, again.json()["exc_type"]) == (409, "DuplicatePunchConflictError")
	assert again.json()["exc"] == (
		f"DuplicatePunchConflictError: {person.employee} already checked in at {first}. The next step is to check out."
	)
	assert client.post(CHECK_OUT, timestamp=at(1)).status_code == 201
	assert get_error(client.post(CHECK_OUT, timestamp=at(2))) == (409, "DuplicatePunchConflictError")
	assert client.post(CHECK_IN, timestamp=at(2)).status_code == 201
	assert count_records("Employee Checkin", employee=person.employee) == 3


def test_hr_is_refused_the_same_second_alone(api, person):
	client = api(make_hr())
	times = ["2026-03-02T09:00:00", "2026-03-02T09:00:00Z", "2026-03-02T09:00:00", "2026-03-02T09:01:00"]
	statuses = [client.post(CHECK_IN, employee=person.employee, timestamp=text).status_code for text in times]
	assert statuses == [201, 201, 409, 201]


def test_of_two_punches_at_once_one_is_made(api, person):
	clients, barrier, statuses = [api(person.user) for _ in range(2)], Barrier(2), []

	def punch(client):
		barrier.wait()
		statuses.append(client.post(CHECK_IN).status_code)

	threads = [Thread(target=punch, args=(client,)) for client in clients]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	assert sorted(statuses) == [201, 409]
	assert count_records("Employee Checkin", employee=person.employee) == 1


def test_a_retry_with_the_same_key_punches_once(api, person):
	client, key = api(person.user), {"Idempotency-Key": frappe.generate_hash()}
	replies = [client.post(CHECK_IN, headers=key, location="reception") for _ in range(2)]
	assert [reply.status_code for reply in replies] == [201, 201]
	assert replies[0].json() == replies[1].json()
	assert count_records("Employee Checkin", employee=person.employee) == 1


@pytest.mark.parametrize(
	"place",
	[
		{"latitude": 47.61, "longitude": -122.33},
		{"location": {"latitude": 47.61, "longitude": -122.33}},
		{"location": '{"latitude": 47.61, "longitude": -122.33}'},
	],
)
def test_a_place_may_be_coordinates(api, person, place):
	reply = api(person.user).post(CHECK_IN, **place)
	assert reply.status_code == 201, reply.text
	data = reply.json()["data"]
	assert (data["location"], data["latitude"], data["longitude"]) == (None, 47.61, -122.33)


@pytest.mark.parametrize(
	"place",
	[
		{"latitude": 47.61},
		{"latitude": 91, "longitude": 0},
		{"latitude": 0, "longitude": -180.5},
		{"location": {"latitude": 47.61}},
		{"location": {"latitude": "north", "longitude": 1}},
		{"location": "{"},
		{"latitude": "north", "longitude": 1},
	],
)
def test_an_invalid_place_is_400(api, person, place):
	reply = api(person.user).post(CHECK_IN, **place)
	assert get_error(reply) == (400, "InvalidRequestError"), reply.text
	assert count_records("Employee Checkin", employee=person.employee) == 0


def test_the_geofence_of_hrms_holds(api, person, geofence):
	"""Pike Place to the Space Needle: 1.3 km. The fence has 200 m."""
	shift = make_shift()
	location = factories.make_record(
		"Shift Location",
		location_name=factories.make_unique("Clinic"),
		checkin_radius=200,
		latitude=47.6097,
		longitude=-122.3425,
	)
	assignment = frappe.get_doc(
		{
			"doctype": "Shift Assignment",
			"employee": person.employee,
			"shift_type": shift,
			"start_date": "2026-01-01",
			"shift_location": location.name,
			"company": factories.get_company(),
		}
	).insert()
	assignment.submit()
	frappe.db.commit()
	client, when = api(make_hr()), {"employee": person.employee, "timestamp": "2026-03-02T09:00:00"}
	nowhere = client.post(CHECK_IN, **when)
	assert (nowhere.status_code, nowhere.json()["exc_type"]) == (422, "ValidationError")
	assert "Latitude and longitude values are required" in nowhere.json()["exc"]
	far = client.post(CHECK_IN, **when, latitude=47.6205, longitude=-122.3493)
	assert (far.status_code, far.json()["exc"]) == (
		422,
		"CheckinRadiusExceededError: You must be within 200 meters of your shift location to check in. "
		"Go there and try again, or ask HR to enter it.",
	)
	assert count_records("Employee Checkin", employee=person.employee) == 0
	near = client.post(CHECK_IN, **when, latitude=47.6098, longitude=-122.3424)
	assert near.status_code == 201, near.text
	assert near.json()["data"]["shift"] == shift


def make_shift(**values) -> str:
	"""Create a shift from nine to five, of which every pair of punches counts."""
	defaults = {
		"__newname": factories.make_unique("Shift"),
		"start_time": "09:00:00",
		"end_time": "17:00:00",
		"determine_check_in_and_check_out": "Alternating entries as IN and OUT during the same shift",
		"working_hours_calculation_based_on": "First Check-in and Last Check-out",
	}
	return factories.make_record("Shift Type", **{**defaults, **values}).name


# Refusals


def test_nobody_checks_in_for_a_colleague(api, person):
	colleague = make_person()
	reply = api(colleague.user).post(CHECK_IN, employee=person.employee)
	assert (reply.status_code, reply.json()["exc_type"]) == (404, "DoesNotExistError")
	assert count_records("Employee Checkin", employee=person.employee) == 0


def test_a_manager_reads_a_report_but_does_not_punch_for_them(api, site):
	manager = make_person()
	report = make_person(reports_to=manager.employee)
	reply = api(manager.user).post(CHECK_IN, employee=report.employee)
	assert (reply.status_code, reply.json()["exc"]) == (
		403,
		f"PermissionError: You may check in and out only for yourself. Ask HR to enter it for {report.employee}.",
	)
	assert count_records("Employee Checkin", employee=report.employee) == 0


def test_guests_and_the_wrong_role_are_refused(api, guest, person):
	assert get_error(guest.post(CHECK_IN, employee=person.employee)) == (401, "AuthenticationError")
	stranger = api(factories.make_user("Sales User").name)
	for employee in (person.employee, "HR-EMP-NOBODY"):
		assert get_error(stranger.post(CHECK_IN, employee=employee)) == (403, "PermissionError")
	assert count_records("Employee Checkin", employee=person.employee) == 0


def test_an_unknown_employee_is_404_and_hr_without_a_record_names_one(api, site):
	client = api(make_hr())
	assert get_error(client.post(CHECK_IN, employee="HR-EMP-NOBODY")) == (404, "DoesNotExistError")
	reply = client.post(CHECK_IN)
	assert (reply.status_code, reply.json()["exc_type"]) == (422, "MissingEmployeeError")
	assert "Send employee" in reply.json()["exc"]


def test_an_inactive_employee_is_422(api, site):
	employee = factories.make_employee(status="Inactive").name
	reply = api(make_hr()).post(CHECK_IN, employee=employee, timestamp="2026-03-02T09:00:00")
	assert (reply.status_code, reply.json()["exc"]) == (
		422,
		f"InactiveEmployeeStatusError: Transactions cannot be created for an Inactive Employee {employee}. "
		"Ask HR to set the employee active first.",
	)
	assert count_records("Employee Checkin", employee=employee) == 0


@pytest.mark.parametrize("day", ["2019-12-31", "2026-02-01"])
def test_a_day_outside_the_employment_is_422(api, site, day):
	employee = factories.make_employee(status="Left", relieving_date="2026-01-31").name
	reply = api(make_hr()).post(CHECK_IN, employee=employee, timestamp=f"{day}T09:00:00")
	assert (reply.status_code, reply.json()["exc_type"]) == (422, "InactiveEmployeeError")
	assert day in reply.json()["exc"]


def test_the_tolerance_is_a_setting(api, person):
	set_tolerance(30)
	try:
		given = get_site_now() - timedelta(minutes=20)
		assert api(person.user).post(CHECK_IN, timestamp=given.isoformat()).status_code == 201
	finally:
		set_tolerance(5)


def set_tolerance(minutes: int) -> None:
	settings = frappe.get_doc("Orchestrator Settings")
	settings.update({"punch_tolerance_minutes": minutes}).save()
	frappe.db.commit()


# The punches of a day


def test_the_day_has_its_punches_and_the_hours_of_every_pair(api, person):
	"""09:00-12:15 and 13:00-17:30: 3.25 + 4.5 = 7.75 hours. The next day's punch is not part of it."""
	for log_type, time in (("IN", "09:00"), ("OUT", "12:15"), ("IN", "13:00"), ("OUT", "17:30")):
		make_punch(person.employee, log_type, f"2026-03-02 {time}:00", device_id="reception")
	make_punch(person.employee, "IN", "2026-03-03 00:00:00")
	reply = api(person.user).get("orchestrator.hr.get_day_punches", date="2026-03-02")
	assert reply.status_code == 200, reply.text
	data = reply.json()["data"]
	assert [(row["log_type"], row["time"], row["location"]) for row in data.pop("punches")] == [
		("IN", "2026-03-02T09:00:00", "reception"),
		("OUT", "2026-03-02T12:15:00", "reception"),
		("IN", "2026-03-02T13:00:00", "reception"),
		("OUT", "2026-03-02T17:30:00", "reception"),
	]
	assert data == {
		"employee": person.employee,
		"date": "2026-03-02",
		"time_zone": get_system_timezone(),
		"worked_hours": 7.75,
		"first_in": "2026-03-02T09:00:00",
		"last_out": "2026-03-02T17:30:00",
	}


def test_the_shift_says_how_hours_are_counted(api, site):
	"""First in to last out: 09:00-17:30 = 8.5 hours, the break included."""
	person = make_person(default_shift=make_shift())
	for log_type, time in (("IN", "09:00"), ("OUT", "12:15"), ("IN", "13:00"), ("OUT", "17:30")):
		make_punch(person.employee, log_type, f"2026-03-02 {time}:00")
	data = api(person.user).get("orchestrator.hr.get_day_punches", date="2026-03-02").json()["data"]
	assert data["worked_hours"] == 8.5


def test_the_punches_of_a_night_shift_belong_to_the_day_it_began(api, site):
	"""22:00 to 06:00: 8 hours, all of them on the second of March."""
	person = make_person(default_shift=make_shift(start_time="22:00:00", end_time="06:00:00"))
	make_punch(person.employee, "IN", "2026-03-02 22:00:00")
	make_punch(person.employee, "OUT", "2026-03-03 06:00:00")
	client = api(person.user)
	days = [
		client.get("orchestrator.hr.get_day_punches", date=day).json()["data"]
		for day in ("2026-03-02", "2026-03-03")
	]
	assert [(day["worked_hours"], len(day["punches"])) for day in days] == [(8.0, 2), (0.0, 0)]


def test_a_day_without_punches_has_no_hours(api, person):
	data = api(person.user).get("orchestrator.hr.get_day_punches").json()["data"]
	assert (data["worked_hours"], data["first_in"], data["punches"]) == (0.0, None, [])
	assert data["date"] == get_site_now().date().isoformat()


def test_the_punches_of_a_day_are_readable_for_employee_manager_and_hr(api, guest, site):
	manager = make_person()
	report, colleague = make_person(reports_to=manager.employee), make_person()
	make_punch(report.employee, "IN", "2026-03-02 09:00:00")
	day = {"employee": report.employee, "date": "2026-03-02"}
	method = "orchestrator.hr.get_day_punches"
	for user in (report.user, manager.user, make_hr()):
		assert len(api(user).get(method, **day).json()["data"]["punches"]) == 1
	assert get_error(api(colleague.user).get(method, **day)) == (404, "DoesNotExistError")
	assert get_error(api(report.user).get(method, employee=manager.employee)) == (404, "DoesNotExistError")
	assert get_error(api(factories.make_user("Sales User").name).get(method, **day)) == (
		403,
		"PermissionError",
	)
	assert get_error(guest.get(method, **day)) == (401, "AuthenticationError")
	assert get_error(api(report.user).get(method, date="2.3.2026")) == (400, "InvalidRequestError")


def test_the_profile_is_the_callers_own(api, guest, site):
	manager = make_person()
	report = make_person(reports_to=manager.employee, leave_approver=manager.user)
	method = "orchestrator.hr.get_my_profile"
	assert api(report.user).get(method).json()["data"] == {
		"employee": report.employee,
		"employee_name": frappe.db.get_value("Employee", report.employee, "employee_name"),
		"user": report.user,
		"status": "Active",
		"company": factories.get_company(),
		"department": None,
		"designation": None,
		"date_of_joining": "2020-01-01",
		"reports_to": manager.employee,
		"reports_to_name": frappe.db.get_value("Employee", manager.employee, "employee_name"),
		"leave_approver": manager.user,
		"holiday_list": "Weekends of the tests",
		"has_reports": False,
		"is_hr": False,
	}
	assert api(manager.user).get(method).json()["data"]["has_reports"] is True
	assert get_error(api(make_hr()).get(method)) == (404, "DoesNotExistError")
	assert get_error(api(factories.make_user("Sales User").name).get(method)) == (403, "PermissionError")
	assert get_error(guest.get(method)) == (401, "AuthenticationError")
