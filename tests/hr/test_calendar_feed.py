"""The calendar feed: its secret address, what it shows and to whom, and the format (RFC 5545)."""

from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from icalendar import Calendar

import frappe
from frappe.utils import getdate

from orchestrator.hr import ical
from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.hr_factories import (
	Person,
	make_allocation,
	make_hr,
	make_leave,
	make_leave_type,
	make_person,
)
from tests.support.keys import CREATE, KeyMaker

FEED = "orchestrator.hr.calendar_feed"
GET, RENEW, REVOKE, CALENDAR = (
	f"{FEED}.{name}" for name in ("get_feed", "renew_feed", "revoke_feed", "get_calendar")
)
SHOW_DEPARTMENT = "show_leaves_of_all_department_members_in_calendar"
UNKNOWN = (404, "DoesNotExistError")


def find_monday() -> date:
	"""Return the Monday after the next two weeks."""
	day = getdate() + timedelta(days=14)
	return day + timedelta(days=-day.weekday() % 7)


@pytest.fixture(scope="module")
def leave_type(frappe_site) -> str:
	frappe.set_user("Administrator")
	return make_leave_type()


@pytest.fixture
def person(site, leave_type) -> Person:
	person = make_person()
	make_allocation(person.employee, leave_type)
	return person


def renew(api, user: str) -> str:
	"""Return the token of a new address."""
	address = get_data(api(user).post(RENEW), 201)["address"]
	parts = urlsplit(address)
	assert parts.path == f"/api/method/{CALENDAR}"
	return parse_qs(parts.query)["token"][0]


def read(guest: Client, token: str) -> Calendar:
	reply = guest.get(CALENDAR, token=token)
	assert reply.status_code == 200, reply.text
	return Calendar.from_ical(reply.content)


def list_titles(calendar: Calendar) -> list[str]:
	return [str(event["summary"]) for event in calendar.walk("VEVENT")]


# The address


def test_feed_is_created_renewed_and_revoked(api, guest, person):
	caller = api(person.user)
	assert get_data(caller.get(GET)) == {"enabled": False, "renewed_on": None}
	first = renew(api, person.user)
	assert get_data(caller.get(GET))["enabled"] is True
	assert guest.get(CALENDAR, token=first).status_code == 200
	second = renew(api, person.user)
	assert first != second
	assert get_error(guest.get(CALENDAR, token=first)) == UNKNOWN
	assert guest.get(CALENDAR, token=second).status_code == 200
	assert frappe.db.count("Calendar Feed", {"user": person.user}) == 1
	revoked = [get_data(caller.post(REVOKE)) for _ in range(2)]
	assert revoked == [{"enabled": False, "renewed_on": None}] * 2
	assert get_error(guest.get(CALENDAR, token=second)) == UNKNOWN


def test_token_is_stored_nowhere(api, person):
	token = renew(api, person.user)
	row = frappe.db.get_value("Calendar Feed", {"user": person.user}, "*", as_dict=True)
	assert token not in str(row)
	assert row.token_hash not in token
	assert get_data(api(person.user).get(GET)).keys() == {"enabled", "renewed_on"}
	tables = ("Error Log", "Comment", "Version", "Deleted Document", "Idempotency Record")
	rows = [frappe.get_all(each, fields=["*"], order_by="creation desc", limit=20) for each in tables]
	assert token not in str(rows)


@pytest.mark.parametrize("token", ["", "x", "' OR '1'='1", "%", "é" * 50, "a" * 3000])
def test_unknown_tokens(guest, token):
	expected = UNKNOWN if token else (400, "InvalidRequestError")
	assert get_error(guest.get(CALENDAR, token=token)) == expected


def test_hash_of_a_token_opens_nothing(api, guest, person):
	renew(api, person.user)
	stored = frappe.db.get_value("Calendar Feed", {"user": person.user}, "token_hash")
	assert get_error(guest.get(CALENDAR, token=stored)) == UNKNOWN


@pytest.mark.parametrize("method", [GET, RENEW, REVOKE])
def test_guests_have_no_feed(guest, method):
	send = guest.get if method == GET else guest.post
	assert get_error(send(method)) == (401, "AuthenticationError")


def test_users_who_may_read_no_leave_have_no_feed(api):
	user = factories.make_user().name
	assert get_error(api(user).get(GET)) == (403, "PermissionError")
	assert get_error(api(user).post(RENEW)) == (403, "PermissionError")
	assert frappe.db.count("Calendar Feed", {"user": user}) == 0


def test_administrator_has_no_feed(admin):
	assert get_error(admin.post(RENEW)) == (403, "PermissionError")
	assert frappe.db.count("Calendar Feed", {"user": "Administrator"}) == 0


def test_key_with_a_scope_makes_no_feed(api, guest, person):
	"""A feed would outlive the key, and show more than it may."""
	owner = api(person.user)
	refused = owner.post(CREATE, title="Feed", methods=[RENEW])
	assert get_error(refused) == (422, "ValidationError")
	key = KeyMaker(owner).client(methods=["orchestrator.hr.*"], doctypes={"Leave Application": ["read"]})
	replies = [key.post(RENEW), key.post(REVOKE), key.get(GET)]
	assert [get_error(reply) for reply in replies] == [(403, "PermissionError")] * 3
	assert frappe.db.count("Calendar Feed", {"user": person.user}) == 0


def test_nobody_reads_the_feeds_of_others(api, person):
	renew(api, person.user)
	users = (person.user, make_hr())
	refused = [api(user).get("frappe.client.get_list", doctype="Calendar Feed") for user in users]
	assert [get_error(reply) for reply in refused] == [(403, "PermissionError")] * 2
	manager = factories.make_user("System Manager").name
	reply = api(manager).get(
		"frappe.client.get_list", doctype="Calendar Feed", fields='["user", "token_hash"]'
	)
	stored = frappe.db.get_value("Calendar Feed", {"user": person.user}, "token_hash")
	assert stored not in reply.text


def test_parallel_readers_and_a_session_of_somebody_else(callers, api, person, leave_type):
	"""The reader's own session stays theirs, and does not decide what the calendar shows."""
	day = find_monday()
	make_leave(person.employee, leave_type, str(day), str(day))
	token = renew(api, person.user)
	other = make_person()
	browser = callers.browser(other.user, factories.PASSWORD)
	assert len(list_titles(Calendar.from_ical(browser.get(CALENDAR, token=token).content))) == 1
	assert browser.get("frappe.auth.get_logged_user").json()["message"] == other.user
	assert get_data(browser.get("orchestrator.hr.get_my_profile"))["user"] == other.user


# Who may use it


def disable_user(person: Person) -> None:
	frappe.db.set_value("User", person.user, "enabled", 0)


def leave_company(person: Person) -> None:
	frappe.db.set_value("Employee", person.employee, "status", "Left")


def lose_roles(person: Person) -> None:
	frappe.db.delete("Has Role", {"parent": person.user})


@pytest.mark.parametrize("change", [disable_user, leave_company, lose_roles])
def test_feed_ends_with_the_rights_of_its_owner(api, guest, person, change):
	token = renew(api, person.user)
	assert guest.get(CALENDAR, token=token).status_code == 200
	change(person)
	frappe.db.commit()
	frappe.clear_cache(user=person.user)
	assert get_error(guest.get(CALENDAR, token=token)) == UNKNOWN


def test_feed_is_deleted_with_its_user(api, guest):
	user = make_hr()
	token = renew(api, user)
	frappe.delete_doc("User", user, force=True)
	frappe.db.commit()
	assert frappe.db.count("Calendar Feed", {"user": user}) == 0
	assert get_error(guest.get(CALENDAR, token=token)) == UNKNOWN


def test_feed_follows_a_renamed_user(api, guest, person):
	token = renew(api, person.user)
	frappe.rename_doc("User", person.user, factories.make_unique_email("renamed"), force=True)
	frappe.db.commit()
	assert guest.get(CALENDAR, token=token).status_code == 200


def test_feed_is_charged_to_the_address(guest, api, person):
	token = renew(api, person.user)
	replies = [guest.get(CALENDAR, token=value) for value in (token, "wrong")]
	left = [int(reply.headers["X-RateLimit-Remaining"]) for reply in replies]
	assert left[1] <= left[0]
	assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"100"}


# What it shows


@pytest.fixture
def department_shown(site) -> Iterator[None]:
	frappe.db.set_single_value("HR Settings", SHOW_DEPARTMENT, 1)
	frappe.db.commit()
	yield
	frappe.db.set_single_value("HR Settings", SHOW_DEPARTMENT, 0)
	frappe.db.commit()


def test_calendar_names_no_types_and_no_reasons(api, guest, department_shown):
	"""Neither of the owner's own leave, nor of reports, nor of colleagues."""
	secret_type = make_leave_type()
	department = factories.make_record(
		"Department", department_name=factories.make_unique("Ward"), company=factories.get_company()
	).name
	owner = make_person(department=department, first_name="Ada", last_name="Own")
	report = make_person(reports_to=owner.employee, first_name="Bo", last_name="Report")
	colleague = make_person(department=department, first_name="Cy", last_name="Colleague")
	stranger = make_person(first_name="Di", last_name="Stranger")
	monday = find_monday()
	for person in (owner, report, colleague, stranger):
		make_allocation(person.employee, secret_type)
		make_leave(
			person.employee, secret_type, str(monday), str(monday + timedelta(days=2)), "Approved",
			description="Chemotherapy", half_day=1, half_day_date=str(monday),
		)  # fmt: skip
	make_leave(owner.employee, secret_type, str(monday + timedelta(days=7)), str(monday + timedelta(days=7)))
	reply = guest.get(CALENDAR, token=renew(api, owner.user))
	calendar = Calendar.from_ical(reply.content)
	assert sorted(list_titles(calendar)) == [
		"Ada Own: out (not yet approved)",
		f"Ada Own: out, half a day on {monday}",
		f"Bo Report: out, half a day on {monday}",
		f"Cy Colleague: out, half a day on {monday}",
	]
	hidden = (secret_type, "Chemotherapy", "HR-LAP", "HR-EMP", "Stranger")
	assert [word for word in hidden if word in reply.text] == []
	tentative = [event for event in calendar.walk("VEVENT") if event["status"] == "TENTATIVE"]
	assert [str(event["summary"]) for event in tentative] == ["Ada Own: out (not yet approved)"]


def test_events_are_whole_days_with_an_exclusive_end(api, guest, person, leave_type):
	monday = find_monday()
	make_leave(person.employee, leave_type, str(monday), str(monday + timedelta(days=2)))
	token = renew(api, person.user)
	(event,) = read(guest, token).walk("VEVENT")
	assert (event.decoded("dtstart"), event.decoded("dtend")) == (monday, monday + timedelta(days=3))
	assert event["dtstart"].params["VALUE"] == "DATE"
	assert event.decoded("dtstamp").utcoffset() == timedelta(0)
	again = read(guest, token).walk("VEVENT")[0]
	assert again["uid"] == event["uid"]  # a program updates the event, and does not add it again


def test_reply_is_a_calendar_that_nobody_stores(api, guest, person):
	reply = guest.get(CALENDAR, token=renew(api, person.user))
	assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
	assert reply.headers["Cache-Control"] == "private, no-store"
	assert reply.headers["Referrer-Policy"] == "no-referrer"
	calendar = Calendar.from_ical(reply.content)
	assert (calendar["version"], calendar["x-wr-timezone"]) == ("2.0", frappe.utils.get_system_timezone())


# The format


AWKWARD_NAMES = [
	'Zoltán; Müller, \\ the "second"',
	"A\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:injected",
	"é" * 300,
	"😀" * 100,
	"tab\tand\x07bell\x00",
	" \\n literal, \\; and \\,",
	"x" * 1000,
]


@pytest.mark.parametrize("title", AWKWARD_NAMES)
def test_titles_are_escaped_and_folded(site, title):
	event = ical.AllDayEvent("uid@site", title, date(2026, 3, 1), date(2026, 3, 1), is_tentative=False)
	text = ical.build_calendar(title, [event])
	lines = text.encode().split(b"\r\n")
	assert max(map(len, lines)) <= 75
	assert lines[-1] == b""
	assert not any(b"\r" in line or b"\n" in line for line in lines)
	assert b"\r\n".join(lines).decode() == "\r\n".join(line.decode() for line in lines)  # no character is cut
	calendar = Calendar.from_ical(text)
	expected = "".join(" " if character < " " or character == "\x7f" else character for character in title)
	assert list_titles(calendar) == [expected.strip()]


def test_calendar_without_events_is_valid(site):
	assert list_titles(Calendar.from_ical(ical.build_calendar("Nobody", []))) == []
