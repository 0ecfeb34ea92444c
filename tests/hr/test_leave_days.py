"""No day has more than one day of leave, whatever route an application takes."""

from collections import Counter
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frappe
from frappe.utils import getdate

from orchestrator.hr.leave_days import LeavePeriod, find_excess
from tests.support.client import Client
from tests.support.hr_factories import (
	Person,
	count_records,
	make_allocation,
	make_hr,
	make_leave,
	make_leave_type,
	make_person,
)

APPLY = "orchestrator.hr.apply_leave"
MONDAY = date(2027, 3, 8)
reproducible = settings(derandomize=True, deadline=None, max_examples=300)


def is_holiday_never(_leave_type: str, _day: date) -> bool:
	return False


@st.composite
def draw_period(draw) -> LeavePeriod:
	first = draw(st.integers(0, 20))
	length = draw(st.integers(0, 4))
	half = draw(st.none() | st.integers(0, length))
	start = MONDAY + timedelta(days=first)
	half_day_date = None if half is None else start + timedelta(days=half)
	return LeavePeriod(str(first), "Leave", start, start + timedelta(days=length), half_day_date)


@reproducible
@given(st.lists(draw_period(), max_size=30))
def test_leave_of_a_day_never_exceeds_one_and_nothing_that_fits_is_refused(wishes):
	taken: list[LeavePeriod] = []
	total: Counter[date] = Counter()
	for wish in wishes:
		days = [
			wish.from_date + timedelta(days=each) for each in range((wish.to_date - wish.from_date).days + 1)
		]
		share = {day: 0.5 if day == wish.half_day_date else 1.0 for day in days}
		fits = all(total[day] + share[day] <= 1 for day in days)
		excess = find_excess(wish, taken, is_holiday_never)
		assert (excess is None) == fits
		if excess:
			assert total[excess.day] + share[excess.day] > 1
			continue
		taken.append(wish)
		for day in days:
			total[day] += share[day]
	assert max(total.values(), default=0) <= 1


def test_a_holiday_takes_nothing():
	own = LeavePeriod("a", "Leave", MONDAY - timedelta(days=3), MONDAY, MONDAY - timedelta(days=3))
	other = LeavePeriod(
		"b", "Leave", MONDAY - timedelta(days=3), MONDAY - timedelta(days=1), MONDAY - timedelta(days=3)
	)
	assert find_excess(own, [other], lambda _type, day: day.weekday() > 4) is None
	assert find_excess(own, [other], is_holiday_never).day == MONDAY - timedelta(days=2)


# On the site


@pytest.fixture
def leave_type(site) -> str:
	return make_leave_type(include_holiday=1)


@pytest.fixture
def person(leave_type) -> Person:
	person = make_person(leave_approver=make_person("Leave Approver").user)
	make_allocation(person.employee, leave_type, 40)
	return person


def build_request(leave_type: str, first: date, last: date | None = None, **values: object) -> dict:
	return {
		"leave_type": leave_type,
		"from_date": str(first),
		"to_date": str(last or first),
		"reason": "Rest",
		**values,
	}


def count_leave_days(employee: str, day: date) -> float:
	rows = frappe.get_all(
		"Leave Application",
		{
			"employee": employee,
			"status": ("in", ("Open", "Approved")),
			"from_date": ("<=", day),
			"to_date": (">=", day),
		},
		["half_day", "half_day_date"],
	)
	return sum(0.5 if row.half_day and row.half_day_date == day else 1.0 for row in rows)


@pytest.mark.parametrize("ahead", [0, 1, -1, 30])
@pytest.mark.parametrize("order", ["whole first", "half first"])
def test_a_whole_day_and_half_of_the_same_are_409(api, person, leave_type, ahead, order):
	day = getdate() + timedelta(days=ahead)
	client = api(person.user)
	whole, half = build_request(leave_type, day), build_request(leave_type, day, half_day=True)
	first, second = (whole, half) if order == "whole first" else (half, whole)
	assert client.post(APPLY, **first).status_code == 201
	reply = client.post(APPLY, **second)
	assert (reply.status_code, reply.json()["exc_type"]) == (409, "OverlapError")
	assert reply.json()["exc"].endswith("Choose other days, or cancel that application first.")
	assert count_leave_days(person.employee, day) <= 1
	assert count_records("Leave Application", employee=person.employee) == 1


@pytest.mark.parametrize(
	("first", "second", "status"),
	[
		((0, 2, None), (0, 0, 0), 409),
		((0, 2, None), (1, 1, 1), 409),
		((0, 2, 0), (0, 0, 0), 201),
		((0, 2, 2), (2, 4, 2), 201),
		((0, 2, 2), (2, 4, 4), 409),
		((-1, 1, 1), (0, 0, 0), 409),
		((0, 0, 0), (0, 0, 0), 201),
		((0, 0, None), (0, 3, 0), 409),
	],
)
def test_leave_of_several_days_from_today(api, person, leave_type, first, second, status):
	client, today = api(person.user), getdate()

	def send(begin: int, end: int, half: int | None):
		extra = {} if half is None else {"half_day": True, "half_day_date": str(today + timedelta(days=half))}
		return client.post(
			APPLY,
			**build_request(leave_type, today + timedelta(days=begin), today + timedelta(days=end), **extra),
		)

	assert send(*first).status_code == 201
	assert send(*second).status_code == status
	for number in range(-1, 5):
		assert count_leave_days(person.employee, today + timedelta(days=number)) <= 1


@pytest.mark.parametrize("route", ["frappe.client.insert", "resource"])
@pytest.mark.parametrize("status", ["Open", "Approved"])
def test_no_other_way_takes_more_of_today_either(api, person, leave_type, route, status):
	make_leave(person.employee, leave_type, str(getdate()), str(getdate()), status)
	doc = {
		"doctype": "Leave Application",
		"employee": person.employee,
		"half_day": 1,
		"status": "Open",
		**build_request(leave_type, getdate()),
	}
	client = api(make_hr())
	if route == "resource":
		reply = client.request("POST", "/api/resource/Leave Application", json=doc)
	else:
		reply = client.post(route, doc=doc)
	assert reply.status_code >= 400, reply.text
	assert count_records("Leave Application", employee=person.employee) == 1


def test_a_rejected_or_withdrawn_day_is_free_again(api, person, leave_type):
	client = api(person.user)
	first = client.post(APPLY, **build_request(leave_type, getdate())).json()["data"]["leave_application"]
	assert client.post("orchestrator.hr.cancel_leave", leave_application=first).status_code == 200
	half = build_request(leave_type, getdate(), half_day=True)
	assert [client.post(APPLY, **half).status_code for _ in range(3)] == [201, 201, 409]
	assert count_leave_days(person.employee, getdate()) == 1


def test_a_withdrawn_application_is_not_opened_again_over_another(api, person, leave_type):
	client = api(person.user)
	first = client.post(APPLY, **build_request(leave_type, getdate())).json()["data"]["leave_application"]
	client.post("orchestrator.hr.cancel_leave", leave_application=first)
	assert client.post(APPLY, **build_request(leave_type, getdate(), half_day=True)).status_code == 201
	frappe.db.rollback()
	doc = frappe.get_doc("Leave Application", first)
	doc.status = "Open"
	with pytest.raises(frappe.ValidationError):
		doc.save()
	frappe.db.rollback()


@pytest.mark.parametrize("method", [APPLY, "frappe.client.insert"])
def test_of_a_whole_and_half_a_day_sent_at_once_no_more_than_one_is_made(api, person, leave_type, method):
	wishes = [build_request(leave_type, getdate()), build_request(leave_type, getdate(), half_day=True)] * 2
	user = person.user if method == APPLY else make_hr()
	if method != APPLY:
		wishes = [
			{
				"doctype": "Leave Application",
				"employee": person.employee,
				**each,
				"half_day": int("half_day" in each),
			}
			for each in wishes
		]
	clients = [api(user) for _ in wishes]
	barrier, statuses = Barrier(len(wishes)), []

	def send(client: Client, values: dict) -> None:
		body = values if method == APPLY else {"doc": values}
		barrier.wait()
		statuses.append(client.post(method, **body).status_code)

	threads = [Thread(target=send, args=each) for each in zip(clients, wishes, strict=True)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	frappe.db.rollback()
	assert 0.5 <= count_leave_days(person.employee, getdate()) <= 1
	assert (len(statuses), set(statuses)) == (4, {201, 409})
