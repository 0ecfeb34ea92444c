"""get_sla_status, and the due times of the SLA engines behind it. The dates are computed by hand: the
agreement covers Monday to Friday, 09:00 to 17:00; priority High has 2 hours to respond and 12 to resolve; Low
8 and 24. 2027-02-01 is a Monday, 2027-02-03 a holiday.
"""

from datetime import datetime, timedelta

import pytest
from helpdesk.helpdesk.doctype.hd_service_level_agreement import hd_service_level_agreement as hd_engine

import frappe
from erpnext.support.doctype.service_level_agreement import service_level_agreement as engine
from frappe.utils import add_to_date, now_datetime

from orchestrator.helpdesk import get_sla_status, service_level
from orchestrator.helpdesk.service_level import Target, compute_seconds_left, compute_status
from tests.support import factories, helpdesk
from tests.support.client import get_error

NOW = datetime(2027, 2, 1, 12, 0, 0)
HOUR = timedelta(hours=1)
MONDAY_TEN = "2027-02-01 10:00:00"


@pytest.fixture(scope="module")
def agreement(frappe_site) -> str:
	"""Return the agreement's document; it is called Harbor Support."""
	return helpdesk.get_agreement()


@pytest.fixture(scope="module")
def agent(frappe_site) -> str:
	return factories.make_user("Support Team").name


def make_issue(agreement: str, since: str = MONDAY_TEN, **values):
	"""Create an issue of the agreement's customer whose clock started at `since`."""
	customer = frappe.db.get_value("Service Level Agreement", agreement, "entity")
	defaults = {"customer": customer, "priority": "High", "service_level_agreement_creation": since}
	return factories.make_issue(**{**defaults, **values})


def move(issue, status: str, at: str):
	"""Change the issue's status at a moment of the engine's clock."""
	frappe.flags.current_time = frappe.utils.get_datetime(at)
	try:
		issue.reload()
		issue.status = status
		issue.save()
		frappe.db.commit()
	finally:
		frappe.flags.current_time = None
	return issue


def get_status(client, issue, **params) -> dict:
	reply = client.get("orchestrator.helpdesk.get_sla_status", issue=issue, **params)
	assert reply.status_code == 200, reply.text
	return reply.json()["data"]


class TestArithmetic:
	@pytest.mark.parametrize(
		("target", "expected"),
		[
			(Target(None, None), "none"),
			(Target(NOW + 2 * HOUR, None), "on_track"),
			(Target(NOW + HOUR + timedelta(seconds=1), None), "on_track"),
			(Target(NOW + HOUR, None), "at_risk"),
			(Target(NOW, None), "at_risk"),
			(Target(NOW - timedelta(seconds=1), None), "breached"),
			(Target(None, None, held_since=NOW), "paused"),
			(Target(NOW, None, held_since=NOW), "paused"),
			(Target(NOW - HOUR, None, held_since=NOW), "breached"),
			(Target(NOW, NOW), "met"),
			(Target(NOW, NOW + timedelta(seconds=1)), "breached"),
			(Target(NOW, NOW - HOUR, held_since=NOW), "met"),
			(Target(None, NOW), "none"),
			(Target(NOW - HOUR, None, finished=True), "none"),
		],
	)
	def test_status_of(self, target, expected):
		assert compute_status(target, NOW, at_risk_seconds=3600) == expected

	def test_without_a_threshold_only_the_due_moment_itself_is_at_risk(self):
		assert compute_status(Target(NOW + timedelta(seconds=1), None), NOW, 0) == "on_track"
		assert compute_status(Target(NOW, None), NOW, 0) == "at_risk"

	@pytest.mark.parametrize(
		("target", "expected"),
		[
			(Target(NOW + HOUR, None), 3600),
			(Target(NOW - HOUR, None), -3600),
			(Target(NOW + HOUR, NOW), None),
			(Target(NOW + HOUR, None, held_since=NOW), None),
			(Target(NOW + HOUR, None, finished=True), None),
			(Target(None, None), None),
		],
	)
	def test_seconds_left(self, target, expected):
		assert compute_seconds_left(target, NOW) == expected


class TestIssue:
	def test_the_reply_has_the_shape_of_the_reference_and_more(self, api, agent, agreement):
		issue = make_issue(agreement)
		data = get_status(api(agent), issue.name)
		assert data.pop("checked_at") <= str(now_datetime() + timedelta(minutes=1)).replace(" ", "T")
		assert data.pop("first_response_seconds_left") > 0
		assert data.pop("resolution_seconds_left") > 0
		assert data == {
			"issue": issue.name,
			"doctype": "Issue",
			"sla": "Harbor Support",
			"first_response_due": "2027-02-01T12:00:00",  # two hours after ten
			"resolution_due": "2027-02-02T14:00:00",  # seven on Monday, five on Tuesday
			"first_response_met": False,
			"resolution_status": "on_track",
			"first_response_status": "on_track",
			"first_responded_on": None,
			"resolved_on": None,
			"on_hold_since": None,
		}

	def test_the_seconds_left_are_those_until_it_is_due(self, site, agreement):
		issue = make_issue(agreement)
		before = now_datetime()
		data = get_sla_status(issue=issue.name)
		due = datetime(2027, 2, 2, 14, 0)
		assert 0 <= (due - before).total_seconds() - data["resolution_seconds_left"] <= 60

	@pytest.mark.parametrize(
		("priority", "since", "response", "resolution"),
		[
			# one hour left on Tuesday, Wednesday is a holiday, one on Thursday; resolution 1 + 8 + 3
			("High", "2027-02-02 16:00:00", "2027-02-04T10:00:00", "2027-02-05T12:00:00"),
			# Friday evening: starts on Monday; resolution 8 + 4 on Tuesday
			("High", "2027-02-05 18:00:00", "2027-02-08T11:00:00", "2027-02-09T13:00:00"),
			# on the holiday: starts on Thursday
			("High", "2027-02-03 10:00:00", "2027-02-04T11:00:00", "2027-02-05T13:00:00"),
			# before the day begins
			("High", "2027-02-01 07:30:00", "2027-02-01T11:00:00", "2027-02-02T13:00:00"),
			# 5 hours on Thursday, 3 on Friday; 24 hours: 5 + 8 + 8 + 3 on Tuesday
			("Low", "2027-02-04 12:00:00", "2027-02-05T12:00:00", "2027-02-09T12:00:00"),
		],
	)
	def test_working_hours_weekends_and_holidays_count(
		self, site, agreement, priority, since, response, resolution
	):
		data = get_sla_status(issue=make_issue(agreement, since, priority=priority).name)
		assert (data["first_response_due"], data["resolution_due"]) == (response, resolution)

	def test_another_priority_moves_both_dates(self, api, agent, agreement):
		issue = make_issue(agreement, priority="Low")
		client = api(agent)
		assert (
			get_status(client, issue.name)["resolution_due"] == "2027-02-05T10:00:00"
		)  # 7 + 8 + holiday + 8 + 1
		reply = client.post("frappe.client.set_value", doctype="Issue", name=issue.name, priority="High")
		assert reply.status_code == 200, reply.text
		data = get_status(client, issue.name)
		assert data["first_response_due"] == "2027-02-01T12:00:00"
		assert data["resolution_due"] == "2027-02-02T14:00:00"

	def test_on_hold_pauses_and_the_hold_is_added(self, site, agreement):
		issue = make_issue(agreement)
		move(issue, "On Hold", "2027-02-01 11:00:00")
		data = get_sla_status(issue=issue.name)
		assert data["resolution_status"] == "paused"
		assert data["resolution_due"] is None
		assert data["resolution_seconds_left"] is None
		assert data["on_hold_since"] == "2027-02-01T11:00:00"
		# to ERPNext, a reply to the customer is a first response
		assert (data["first_response_met"], data["first_responded_on"]) == (True, "2027-02-01T11:00:00")
		move(issue, "Open", "2027-02-01 14:30:00")
		data = get_sla_status(issue=issue.name)
		assert (data["resolution_status"], data["on_hold_since"]) == ("on_track", None)
		assert data["resolution_due"] == "2027-02-04T09:30:00"  # half an hour over: the 3rd is a holiday

	def test_in_progress_lets_the_clock_run(self, site, agreement):
		issue = move(make_issue(agreement), "In Progress", "2027-02-01 11:00:00")
		data = get_sla_status(issue=issue.name)
		assert (data["resolution_status"], data["first_response_status"]) == ("on_track", "on_track")
		assert data["resolution_due"] == "2027-02-02T14:00:00"

	@pytest.mark.parametrize(
		("at", "expected"), [("2027-02-02 14:00:00", "met"), ("2027-02-02 14:00:01", "breached")]
	)
	def test_resolved_in_time_is_met_and_later_breached(self, site, agreement, at, expected):
		issue = move(make_issue(agreement), "Resolved", at)
		data = get_sla_status(issue=issue.name)
		assert data["resolution_status"] == expected
		assert data["resolved_on"] == at.replace(" ", "T")
		assert data["resolution_seconds_left"] is None
		assert data["first_response_met"] is False

	def test_reopened_it_runs_again(self, site, agreement):
		issue = move(make_issue(agreement), "Resolved", "2027-02-01 12:00:00")
		move(issue, "Open", "2027-02-01 13:00:00")
		data = get_sla_status(issue=issue.name)
		assert (data["resolution_status"], data["resolved_on"]) == ("on_track", None)
		assert data["resolution_due"] == "2027-02-02T15:00:00"  # the hour during which it was closed

	def test_a_reset_restarts_the_service_level(self, site, agreement):
		issue = make_issue(agreement)
		issue.service_level_agreement_creation = "2027-02-04 09:00:00"
		issue.save()
		data = get_sla_status(issue=issue.name)
		assert (data["first_response_due"], data["resolution_due"]) == (
			"2027-02-04T11:00:00",
			"2027-02-05T13:00:00",
		)

	def test_the_reset_of_erpnext_restarts_the_service_level(self, site, agreement, monkeypatch):
		"""Reset by the button of the form, at nine on the day after the holiday."""
		issue = make_issue(agreement)
		monkeypatch.setattr(engine, "now_datetime", lambda _user: datetime(2027, 2, 4, 9))
		frappe.db.set_single_value("Support Settings", "allow_resetting_service_level_agreement", 1)
		try:
			engine.reset_service_level_agreement("Issue", issue.name, "Wrong device", "Administrator")
		finally:
			frappe.db.set_single_value("Support Settings", "allow_resetting_service_level_agreement", 0)
		data = get_sla_status(issue=issue.name)
		assert (data["first_response_due"], data["resolution_due"], data["resolution_status"]) == (
			"2027-02-04T11:00:00",
			"2027-02-05T13:00:00",
			"on_track",
		)

	def test_past_due_is_breached_with_negative_seconds(self, site, agreement):
		data = get_sla_status(issue=make_issue(agreement, "2025-02-03 10:00:00").name)
		assert (data["resolution_status"], data["first_response_status"]) == ("breached", "breached")
		assert data["first_response_met"] is False
		assert data["resolution_seconds_left"] < 0

	@pytest.mark.parametrize(
		("minutes_left", "expected"), [(55, "at_risk"), (65, "on_track"), (-1, "breached")]
	)
	def test_the_threshold_is_the_one_in_the_settings(self, site, agreement, minutes_left, expected):
		issue = make_issue(agreement)
		due = add_to_date(now_datetime(), minutes=minutes_left)
		frappe.db.set_value("Issue", issue.name, {"sla_resolution_by": due, "response_by": due})
		data = get_sla_status(issue=issue.name)
		assert (data["resolution_status"], data["first_response_status"]) == (expected, expected)
		with helpdesk.override_settings(sla_at_risk_minutes=120):
			expected = "breached" if minutes_left < 0 else "at_risk"
			assert get_sla_status(issue=issue.name)["resolution_status"] == expected

	def test_without_an_agreement_it_is_none(self, site):
		issue = factories.make_issue()
		data = get_sla_status(issue=issue.name)
		assert (data["sla"], data["resolution_status"], data["first_response_met"]) == (None, "none", False)
		assert (data["first_response_due"], data["resolution_due"]) == (None, None)

	def test_an_issue_closed_past_the_engine_is_neither_met_nor_breached(self, site, agreement):
		issue = make_issue(agreement, "2025-02-03 10:00:00")
		frappe.db.set_value("Issue", issue.name, "status", "Closed")  # as Desk's list does
		data = get_sla_status(issue=issue.name)
		assert (data["resolution_status"], data["resolution_seconds_left"]) == ("none", None)

	def test_an_agreement_on_the_first_response_alone(self, site, agreement):
		frappe.db.set_value("Service Level Agreement", agreement, "apply_sla_for_resolution", 0)
		try:
			data = get_sla_status(issue=make_issue(agreement).name)
		finally:
			frappe.db.set_value("Service Level Agreement", agreement, "apply_sla_for_resolution", 1)
			frappe.db.commit()
		assert (data["resolution_status"], data["resolution_due"]) == ("none", None)
		assert data["first_response_due"] == "2027-02-01T12:00:00"

	def test_its_customer_may_ask(self, api, agreement):
		customer = helpdesk.make_portal_user()
		issue = make_issue(agreement, raised_by=customer)
		assert get_status(api(customer), issue.name)["resolution_due"] == "2027-02-02T14:00:00"

	@pytest.mark.parametrize("clear", [False, True], ids=["warm", "cold"])
	def test_it_takes_at_most_six_queries(self, site, agent, agreement, clear):
		issue = make_issue(agreement)
		frappe.set_user(agent)
		get_sla_status(issue=issue.name)
		if clear:
			frappe.clear_document_cache("Service Level Agreement", agreement)
			frappe.clear_document_cache("User", agent)
			frappe.local.role_permissions = {}
		with helpdesk.capture_queries() as asked:
			get_sla_status(issue=issue.name)
		assert len(asked) <= 6, asked

	@pytest.mark.parametrize(
		"make", [make_issue, lambda _agreement, **values: helpdesk.make_hd_ticket(**values)]
	)
	def test_it_takes_a_customer_at_most_six_queries(self, site, agreement, make):
		customer = helpdesk.make_portal_user()
		name = make(agreement, raised_by=customer).name
		frappe.set_user(customer)
		get_sla_status(issue=name)
		with helpdesk.capture_queries() as asked:
			get_sla_status(issue=name)
		assert len(asked) <= 6, asked


class TestHDTicket:
	def test_the_same_shape_from_helpdesks_own_engine(self, api):
		agent = helpdesk.make_agent()
		ticket = helpdesk.make_hd_ticket()
		client = api(agent)
		data = get_status(client, ticket.name)
		assert set(data) == set(service_level.SlaStatus.__annotations__)
		stored = frappe.db.get_value(
			"HD Ticket", ticket.name, ["sla", "response_by", "resolution_by"], as_dict=True
		)
		assert data["issue"] == str(ticket.name)
		assert (data["doctype"], data["sla"]) == ("HD Ticket", stored.sla)
		assert data["first_response_due"] == stored.response_by.isoformat(timespec="seconds")
		assert data["resolution_due"] == stored.resolution_by.isoformat(timespec="seconds")
		assert data["first_response_met"] is False

	def test_working_hours_are_helpdesks(self, site):
		sla = helpdesk.make_hd_agreement()
		ticket = helpdesk.make_hd_ticket(
			subject=f"{sla} ticket", priority="High", service_level_agreement_creation="2027-02-05 16:00:00"
		)
		data = get_sla_status(issue=ticket.name)
		assert data["sla"] == sla
		# an hour on Friday, one on Monday; 12 hours: 1 + 8 + 3 on Tuesday
		assert data["first_response_due"] == "2027-02-08T10:00:00"
		assert data["resolution_due"] == "2027-02-09T12:00:00"

	def test_a_change_of_priority_moves_both_targets(self, site):
		sla = helpdesk.make_hd_agreement()
		ticket = helpdesk.make_hd_ticket(
			subject=f"{sla} ticket", priority="High", service_level_agreement_creation="2027-02-05 16:00:00"
		)
		ticket.priority = "Low"
		ticket.save()
		data = get_sla_status(issue=ticket.name)
		# eight hours: 1 on Friday, 7 on Monday; 24: 1 + 8 + 8 + 7 on Wednesday
		assert data["first_response_due"] == "2027-02-08T16:00:00"
		assert data["resolution_due"] == "2027-02-10T16:00:00"

	def test_the_hours_that_it_was_paused_are_added(self, site, monkeypatch):
		sla = helpdesk.make_hd_agreement()
		ticket = helpdesk.make_hd_ticket(
			subject=f"{sla} ticket", priority="High", service_level_agreement_creation="2027-02-01 10:00:00"
		)
		for status, hour in (("Replied", 11), ("Open", 14)):
			monkeypatch.setattr(hd_engine, "now_datetime", lambda hour=hour: datetime(2027, 2, 1, hour))
			ticket.reload().status = status
			ticket.save()
		data = get_sla_status(issue=ticket.name)
		# seven hours on Monday less three, eight on Tuesday
		assert (data["resolution_due"], data["on_hold_since"]) == ("2027-02-02T17:00:00", None)
		assert data["resolution_status"] == "on_track"

	def test_a_paused_ticket_is_paused(self, site):
		ticket = helpdesk.make_hd_ticket()
		ticket.status = "Replied"
		ticket.save()
		data = get_sla_status(issue=ticket.name)
		assert (data["resolution_status"], data["resolution_due"]) == ("paused", None)
		assert data["first_response_met"] is True

	def test_a_resolved_ticket_is_met(self, site):
		ticket = helpdesk.make_hd_ticket()
		ticket.status = "Resolved"
		ticket.save()
		data = get_sla_status(issue=ticket.name)
		assert data["resolution_status"] == "met"
		assert data["resolved_on"] is not None

	def test_its_customer_may_ask_and_another_may_not(self, api):
		owner, other = helpdesk.make_portal_user(), helpdesk.make_portal_user()
		ticket = helpdesk.make_hd_ticket(raised_by=owner)
		assert get_status(api(owner), ticket.name)["doctype"] == "HD Ticket"
		reply = api(other).get("orchestrator.helpdesk.get_sla_status", issue=ticket.name)
		assert (reply.status_code, reply.json()["exc_type"]) == (404, "DoesNotExistError")

	def test_it_takes_at_most_six_queries(self, site):
		agent = helpdesk.make_agent()
		ticket = helpdesk.make_hd_ticket()
		frappe.set_user(agent)
		get_sla_status(issue=ticket.name)
		with helpdesk.capture_queries() as asked:
			get_sla_status(issue=ticket.name)
		assert len(asked) <= 6, asked


class TestNames:
	"""The ticket that a name means."""

	@pytest.fixture
	def both(self, site):
		"""Return an HD Ticket, and an Issue whose name is the same number."""
		ticket = helpdesk.make_hd_ticket()
		issue = frappe.get_doc({"doctype": "Issue", "subject": "Same name", "raised_by": "a@harbor.example"})
		issue.insert(set_name=str(ticket.name))
		frappe.db.commit()
		return str(ticket.name)

	def test_of_two_the_issue_is_meant_unless_the_doctype_is_named(self, api, both):
		client = api("Administrator")
		assert get_status(client, both)["doctype"] == "Issue"
		assert get_status(client, both, doctype="Issue")["doctype"] == "Issue"
		assert get_status(client, both, doctype="HD Ticket")["doctype"] == "HD Ticket"

	def test_who_may_not_read_the_issue_gets_the_ticket(self, api, both):
		assert get_status(api(helpdesk.make_agent()), both)["doctype"] == "HD Ticket"

	def test_a_ticket_number_may_be_an_integer(self, api):
		ticket = helpdesk.make_hd_ticket()
		reply = api("Administrator").post("orchestrator.helpdesk.get_sla_status", issue=int(ticket.name))
		assert reply.json()["data"]["issue"] == str(ticket.name)

	@pytest.mark.parametrize("form", ["{}x", "0{}", "{} or 1=1"])
	def test_what_only_begins_like_a_number_is_no_ticket(self, api, form):
		ticket = helpdesk.make_hd_ticket()
		reply = api("Administrator").get(
			"orchestrator.helpdesk.get_sla_status", issue=form.format(ticket.name), doctype="HD Ticket"
		)
		assert get_error(reply) == (404, "DoesNotExistError")


class TestRefusals:
	METHOD = "orchestrator.helpdesk.get_sla_status"

	def test_guest_is_401(self, guest, site):
		assert get_error(guest.get(self.METHOD, issue=factories.make_issue().name)) == (
			401,
			"AuthenticationError",
		)

	@pytest.mark.parametrize("exists", [True, False])
	def test_a_desk_user_without_a_role_is_403_whether_or_not_it_exists(self, api, exists):
		name = factories.make_issue().name if exists else "ISS-NONE"
		reply = api(factories.make_user("Sales User").name).get(self.METHOD, issue=name)
		assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")

	def test_a_missing_issue_is_404(self, api, agent):
		reply = api(agent).get(self.METHOD, issue="ISS-NONE")
		assert (reply.status_code, reply.json()["exc"]) == (
			404,
			"DoesNotExistError: Issue ISS-NONE not found.",
		)

	def test_another_customers_issue_is_404_as_a_missing_one(self, api):
		client = api(helpdesk.make_portal_user())
		theirs = factories.make_issue().name
		assert client.get(self.METHOD, issue=theirs).json()["exc"] == (
			f"DoesNotExistError: Issue {theirs} not found."
		)
		assert get_error(client.get(self.METHOD, issue="ISS-NONE")) == (404, "DoesNotExistError")

	def test_an_issue_of_another_company_is_404(self, api):
		agent = factories.make_user("Support Team").name
		issue = factories.make_issue(company=factories.get_company())
		other = helpdesk.get_other_company()
		factories.make_record("User Permission", user=agent, allow="Company", for_value=other)
		reply = api(agent).get(self.METHOD, issue=issue.name)
		assert get_error(reply) == (404, "DoesNotExistError"), reply.text

	def test_another_doctype_is_400(self, api, agent):
		reply = api(agent).get(self.METHOD, issue="x", doctype="User")
		assert (reply.status_code, reply.json()["exc"]) == (
			400,
			"InvalidRequestError: doctype must be one of: Issue, HD Ticket.",
		)

	def test_without_a_name_it_is_400(self, api, agent):
		assert get_error(api(agent).get(self.METHOD)) == (400, "InvalidRequestError")

	def test_it_is_not_deleted(self, api, agent):
		assert get_error(api(agent).request("DELETE", f"/api/method/{self.METHOD}?issue=x")) == (
			405,
			"MethodNotAllowedError",
		)
