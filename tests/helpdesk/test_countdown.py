"""Countdowns of list pages. Working hours are Monday to Friday, 09:00 to 17:00; 2027-02-01 is a Monday, 2027-02-03 a
holiday. Priority High has 2 hours to respond and 12 to resolve, Low 8 and 24.
"""

import random
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import frappe

from orchestrator import clock
from orchestrator.helpdesk import countdown, countdown_text
from orchestrator.helpdesk.working_time import Calendar, WorkingWindows, count_working_time
from tests.helpdesk.test_sla import MONDAY_TEN, make_issue, move
from tests.support import factories, helpdesk
from tests.support.client import get_data, get_error

METHOD = "orchestrator.helpdesk.get_sla_countdowns"
HOURS = {day: (timedelta(hours=9), timedelta(hours=17)) for day in range(5)}


@pytest.fixture(scope="module")
def agreement(frappe_site: str) -> str:
	return helpdesk.get_agreement()


@pytest.fixture(scope="module")
def agent(frappe_site: str) -> str:
	return factories.make_user("Support Team").name


@pytest.fixture
def at(site: str, monkeypatch: pytest.MonkeyPatch) -> Any:
	"""Return `at(moment, *tickets)`: the countdowns at that time, as the Administrator sees them."""

	def read(moment: str, *docs: Any) -> list[dict]:
		monkeypatch.setattr(clock, "get_now", lambda: datetime.fromisoformat(moment))
		return countdown.get_page(docs[0].doctype, [str(doc.name) for doc in docs])["countdowns"]

	return read


def pick(row: dict, *keys: str) -> tuple:
	return tuple(row[key] for key in keys)


class TestWorkingWindows:
	@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Australia/Lord_Howe"])
	def test_counts_equal_those_of_single_questions(self, zone: str) -> None:
		calendar = Calendar(
			HOURS | {6: (timedelta(0), timedelta(hours=24))}, frozenset({date(2027, 3, 17)}), ZoneInfo(zone)
		)
		chooser = random.Random(zone)
		start = datetime(2027, 2, 20)
		moments = [start + timedelta(minutes=chooser.randrange(120 * 24 * 60)) for _number in range(200)]
		windows = WorkingWindows(calendar, start.date(), date(2027, 7, 1))
		pairs = [sorted(pair) for pair in zip(moments[::2], moments[1::2], strict=True)]
		assert [windows.count(*pair) for pair in pairs] == [
			count_working_time(calendar, *pair) for pair in pairs
		]
		assert [windows.count(late, early) for early, late in pairs] == [
			-windows.count(*pair) for pair in pairs
		]

	def test_work_begins_and_ends(self) -> None:
		calendar = Calendar(HOURS, frozenset({date(2027, 2, 3)}), ZoneInfo("UTC"))
		windows = WorkingWindows(calendar, date(2027, 2, 1), date(2027, 2, 15))
		assert windows.is_open(datetime(2027, 2, 1, 9)) and not windows.is_open(datetime(2027, 2, 1, 17))
		assert windows.seconds_to_change(datetime(2027, 2, 1, 16, 59)) == 60
		assert (
			windows.seconds_to_change(datetime(2027, 2, 2, 17)) == 40 * 3600
		)  # over the holiday, to Thursday
		assert windows.seconds_to_change(datetime(2027, 2, 15, 18)) is None

	def test_no_working_hours_at_all(self) -> None:
		windows = WorkingWindows(
			Calendar({}, frozenset(), ZoneInfo("UTC")), date(2027, 2, 1), date(2027, 3, 1)
		)
		assert windows.count(datetime(2027, 2, 1), datetime(2027, 3, 1)) == 0
		assert windows.seconds_to_change(datetime(2027, 2, 1)) is None


@pytest.mark.parametrize(
	("seconds", "text"),
	[
		(0, "less than 1 min"),
		(59, "less than 1 min"),
		(-60, "1 min"),
		(3599, "59 min"),
		(3600, "1 h"),
		(7559, "2 h 5 min"),
		(360_060, "100 h 1 min"),
	],
)
def test_durations_in_words(seconds: int, text: str) -> None:
	assert countdown_text.format_duration(seconds) == text


class TestIssue:
	def test_first_response_is_due_in_working_time(self, at, agreement) -> None:
		# Low: eight hours from Monday ten are Tuesday ten; at Monday 16:00 two hours of work remain
		(row,) = at("2027-02-01T16:00:00", make_issue(agreement, priority="Low"))
		assert row["text"] == "First response due in 2 h of working time"
		assert pick(row, "target", "status", "due", "working_seconds_left", "is_counting", "changes_in_seconds") == (
			"first_response", "on_track", "2027-02-02T10:00:00", 7200, True, 3600,
		)  # fmt: skip

	def test_clock_stands_still_at_night(self, at, agreement) -> None:
		(row,) = at("2027-02-01T20:00:00", make_issue(agreement, priority="Low"))
		assert pick(row, "working_seconds_left", "is_counting", "changes_in_seconds") == (
			3600,
			False,
			13 * 3600,
		)

	def test_at_risk_and_overdue(self, at, agreement) -> None:
		issue = make_issue(agreement)  # High: two hours, until Monday noon
		(soon,), (late,) = at("2027-02-01T11:15:00", issue), at("2027-02-02T09:30:00", issue)
		assert pick(soon, "status", "text", "changes_in_seconds") == (
			"at_risk", "First response due in 45 min of working time", 45 * 60,
		)  # fmt: skip
		# five hours on Monday afternoon, half an hour on Tuesday
		assert pick(late, "status", "working_seconds_left", "text") == (
			"breached", -(5 * 3600 + 1800), "First response overdue by 5 h 30 min of working time",
		)  # fmt: skip

	def test_resolution_follows_the_response(self, at, agreement) -> None:
		issue = move(make_issue(agreement), "In Progress", "2027-02-01 11:00:00")
		frappe.db.set_value("Issue", issue.name, "first_responded_on", "2027-02-01 11:00:00")
		# twelve hours from Monday ten: Tuesday 14:00
		(row,) = at("2027-02-02T11:55:00", issue)
		assert pick(row, "target", "text") == ("resolution", "Due in 2 h 5 min of working time")

	def test_pause_shows_reason_and_remaining_time(self, at, agreement) -> None:
		issue = make_issue(agreement)
		issue.update({"pause_reason": "Waiting for Third Party", "pause_note": "The bank answers on Friday"})
		frappe.flags.current_time = datetime(2027, 2, 1, 12)
		issue.status = "On Hold"
		issue.save()
		frappe.flags.current_time = None
		(row,) = at("2027-02-02T12:00:00", issue)
		# two of twelve hours had gone
		assert pick(row, "status", "working_seconds_left", "is_counting", "changes_in_seconds") == (
			"paused", 10 * 3600, False, None,
		)  # fmt: skip
		assert pick(row, "paused_since", "pause_reason", "pause_note", "text") == (
			"2027-02-01T12:00:00",
			"Waiting for Third Party",
			"The bank answers on Friday",
			"Paused since 1 Feb, 12:00 because: Waiting for Third Party",
		)

	def test_closed_in_time_and_late(self, at, agreement) -> None:
		done = move(make_issue(agreement), "Closed", "2027-02-01 15:00:00")
		late = move(make_issue(agreement), "Closed", "2027-02-02 15:00:00")
		first, second = at("2027-02-02T16:00:00", done, late)
		assert pick(first, "status", "text", "working_seconds_left") == ("met", "Resolved in time", None)
		assert pick(second, "status", "text", "working_seconds_left") == ("breached", "Resolved late", None)

	def test_without_an_agreement_there_is_nothing_to_count(self, at) -> None:
		(row,) = at("2027-02-01T11:00:00", factories.make_issue())
		assert pick(row, "target", "status", "text", "due", "is_counting") == (None, "none", "", None, False)


class TestHdTicket:
	def test_hours_and_pause_are_those_of_its_agreement(self, at) -> None:
		name = helpdesk.make_hd_agreement()
		ticket = helpdesk.make_hd_ticket(
			subject=name, priority="High", service_level_agreement_creation=MONDAY_TEN
		)
		(row,) = at("2027-02-01T11:00:00", ticket)
		assert pick(row, "issue", "target", "due", "working_seconds_left") == (
			str(ticket.name), "first_response", "2027-02-01T12:00:00", 3600,
		)  # fmt: skip


class TestCalls:
	def test_page_keeps_the_order_and_leaves_out_what_is_hidden(self, api, agent, agreement) -> None:
		issues = [make_issue(agreement).name for _number in range(3)]
		asked = [issues[2], "ISS-NONE", issues[0], issues[2]]
		rows = get_data(api(agent).post(METHOD, names=asked))["countdowns"]
		assert [row["issue"] for row in rows] == [issues[2], issues[0]]

	def test_statements_do_not_depend_on_the_number(self, site, agreement) -> None:
		issues = [make_issue(agreement) for _number in range(12)]
		countdown.get_page("Issue", [issue.name for issue in issues])
		counts = []
		for number in (2, 12):
			with helpdesk.capture_queries() as asked:
				countdown.get_page("Issue", [issue.name for issue in issues[:number]])
			counts.append(len(asked))
		assert counts[0] == counts[1] <= 6

	def test_customer_sees_no_reason_and_no_escalation(self, api) -> None:
		customer = helpdesk.make_portal_user()
		ticket = helpdesk.make_hd_ticket(raised_by=customer)
		ticket.update({"status": "Replied", "pause_reason": "Other", "pause_note": "secret"})
		ticket.save()
		factories.make_record(
			"Ticket Escalation", reference_doctype="HD Ticket", reference_name=str(ticket.name),
			stage="Resolution Breached", due=frappe.utils.now(), escalated_to="Administrator",
		)  # fmt: skip
		own = get_data(api(customer).post(METHOD, names=[str(ticket.name)], doctype="HD Ticket"))[
			"countdowns"
		][0]
		assert pick(own, "status", "pause_reason", "pause_note", "escalation") == ("paused", None, None, None)
		seen = get_data(api(helpdesk.make_agent()).post(METHOD, names=[ticket.name], doctype="HD Ticket"))
		row = seen["countdowns"][0]
		assert pick(row, "pause_reason", "pause_note") == ("Other", "secret")
		assert pick(row["escalation"], "stage", "escalated_to", "count") == (
			"Resolution Breached",
			"Administrator",
			1,
		)

	def test_another_customers_ticket_is_left_out(self, api) -> None:
		ticket = helpdesk.make_hd_ticket()
		rows = get_data(
			api(helpdesk.make_portal_user()).post(METHOD, names=[ticket.name], doctype="HD Ticket")
		)
		assert rows["countdowns"] == []

	@pytest.mark.parametrize(
		("body", "expected"),
		[
			({"names": "[1"}, (400, "InvalidRequestError")),
			({"names": [True]}, (400, "InvalidRequestError")),
			({"names": [["a"]]}, (400, "InvalidRequestError")),
			({"names": [str(number) for number in range(501)]}, (400, "InvalidRequestError")),
			({"names": ["a"], "doctype": "User"}, (400, "InvalidRequestError")),
		],
	)
	def test_malformed_requests_are_refused(self, api, agent, body, expected) -> None:
		assert get_error(api(agent).post(METHOD, **body)) == expected

	def test_callers_without_access_are_refused(self, api, guest) -> None:
		assert get_error(guest.post(METHOD, names=["x"])) == (401, "AuthenticationError")
		stranger = factories.make_user("HR User").name
		assert get_error(api(stranger).post(METHOD, names=["x"])) == (403, "PermissionError")

	def test_injection_in_a_name_finds_nothing(self, api, agent) -> None:
		assert get_data(api(agent).post(METHOD, names=["' OR 1=1 -- "]))["countdowns"] == []
