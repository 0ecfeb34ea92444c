"""Leads: the list call, and consistency of status, qualification and probability."""

import pytest

import frappe
from frappe.utils import getdate, today

from tests.support import factories
from tests.support.client import get_error

METHOD = "orchestrator.crm.get_leads"
KEYS = ["name", "lead_name", "email", "phone", "source", "status", "topic", "probability", "assigned_to"]


@pytest.fixture
def user(site) -> str:
	return factories.make_user("Sales User").name


@pytest.fixture
def sales(user, api):
	return api(user)


@pytest.fixture
def topic(site) -> str:
	"""Return the topic of three leads, two of them open, named A, B and C."""
	topic = factories.make_unique("Topic")
	for name, status in (("A", "Open"), ("B", "Open"), ("C", "Interested")):
		factories.make_lead(lead_name=name, status=status, topic=topic, phone="098-765-4321")
	return topic


def get_stored(name: str, *fields: str) -> tuple:
	frappe.db.rollback()
	return frappe.get_all("Lead", {"name": name}, list(fields), as_list=True)[0]


def set_value(client, name: str, **values) -> dict:
	reply = client.post("frappe.client.set_value", doctype="Lead", name=name, **values)
	assert reply.status_code == 200, reply.text
	return reply.json()["data"]


class TestGetLeads:
	def test_default_fields_and_total(self, sales, topic):
		reply = sales.get(METHOD, filters=frappe.as_json([["topic", "=", topic]]), order_by="lead_name desc")
		assert reply.status_code == 200
		body = reply.json()
		assert (body["message"], body["exc"], body["data"]["total"]) == ("Leads fetched", "", 3)
		first = body["data"]["leads"][0]
		assert list(first) == KEYS
		assert (first["lead_name"], first["phone"], first["status"]) == ("C", "098-765-4321", "Interested")
		assert first["email"] == frappe.db.get_value("Lead", first["name"], "email_id")

	def test_a_page_has_the_total_of_all_pages(self, sales, topic):
		data = sales.post(
			METHOD,
			filters={"topic": topic, "status": "Open"},
			fields=["lead_name"],
			order_by="lead_name asc",
			limit_start=1,
			limit_page_length=1,
		).json()["data"]
		assert data == {"leads": [{"lead_name": "B"}], "total": 2}

	def test_documented_names_in_fields_filters_and_order(self, sales, site):
		email = factories.make_lead().email_id
		data = sales.post(
			METHOD, fields=["email"], filters=[["email", "=", email]], order_by="email desc"
		).json()["data"]
		assert data == {"leads": [{"email": email}], "total": 1}

	def test_or_filters(self, sales, topic):
		data = sales.post(
			METHOD,
			filters={"topic": topic},
			or_filters=[["lead_name", "=", "A"], ["lead_name", "=", "C"]],
			fields=["lead_name"],
			order_by="lead_name",
		).json()["data"]
		assert data == {"leads": [{"lead_name": "A"}, {"lead_name": "C"}], "total": 2}

	def test_no_match_is_an_empty_page(self, sales):
		reply = sales.post(METHOD, filters={"topic": factories.make_unique("Nothing")})
		assert reply.json()["data"] == {"leads": [], "total": 0}

	def test_the_total_counts_readable_leads(self, user, sales, topic):
		mine = frappe.db.get_value("Lead", {"topic": topic, "lead_name": "B"})
		factories.make_record("User Permission", user=user, allow="Lead", for_value=mine)
		data = sales.post(METHOD, filters={"topic": topic}, fields=["name"]).json()["data"]
		assert data == {"leads": [{"name": mine}], "total": 1}

	def test_every_field(self, sales, topic):
		data = sales.post(METHOD, filters={"topic": topic, "lead_name": "A"}, fields=["*"]).json()["data"]
		(lead,) = data["leads"]
		assert lead["email"] == lead["email_id"]
		assert data["total"] == 1

	def test_guest_is_401(self, guest):
		assert get_error(guest.get(METHOD)) == (401, "AuthenticationError")

	def test_wrong_role_is_403(self, api, site):
		assert get_error(api(factories.make_user("Support Team").name).get(METHOD)) == (
			403,
			"PermissionError",
		)

	@pytest.mark.parametrize(
		"values",
		[
			{"fields": ["secret"]},
			{"fields": "no json"},
			{"filters": [["secret", "=", 1]]},
			{"filters": [["status", "~", 1]]},
			{"or_filters": [["status"]]},
			{"order_by": "sleep(1)"},
			{"limit_page_length": 501},
			{"limit_page_length": 0},
			{"limit_start": -1},
			{"limit_start": "x"},
		],
	)
	def test_a_bad_argument_is_400(self, sales, values):
		assert get_error(sales.post(METHOD, **values)) == (400, "InvalidRequestError")


class TestQualification:
	FIELDS = ("status", "qualification_status", "qualified_by", "qualified_on", "probability")

	def test_status_qualified_notes_by_whom_and_when(self, sales, user):
		lead = factories.make_lead(status="Open")
		data = set_value(sales, lead.name, status="Qualified", probability=75)
		assert (data["status"], data["qualification_status"], data["probability"]) == (
			"Qualified",
			"Qualified",
			75,
		)
		assert get_stored(lead.name, *self.FIELDS) == ("Qualified", "Qualified", user, getdate(today()), 75)

	def test_qualification_brings_the_status_and_a_probability(self, sales, user):
		lead = factories.make_lead()
		set_value(sales, lead.name, qualification_status="Qualified")
		assert get_stored(lead.name, *self.FIELDS) == ("Qualified", "Qualified", user, getdate(today()), 50)

	def test_an_inserted_lead_can_be_qualified_from_the_start(self, sales, user):
		reply = sales.post(
			"frappe.client.insert",
			doctype="Lead",
			lead_name=factories.make_unique("Lead"),
			status="Qualified",
		)
		assert reply.status_code == 201
		name = reply.json()["data"]["name"]
		assert get_stored(name, *self.FIELDS) == ("Qualified", "Qualified", user, getdate(today()), 50)

	@pytest.mark.parametrize(
		("change", "expected"),
		[
			({"status": "Interested"}, ("Interested", "In Process")),
			({"qualification_status": "Unqualified"}, ("Open", "Unqualified")),
		],
	)
	def test_taking_it_back_in_one_field_takes_it_back_in_the_other(self, sales, change, expected):
		lead = factories.make_lead(status="Qualified")
		set_value(sales, lead.name, **change)
		assert get_stored(lead.name, *self.FIELDS[:4]) == (*expected, None, None)

	def test_a_qualified_lead_with_an_opportunity_stays_qualified_under_erpnexts_status(self, sales):
		lead = factories.make_lead(status="Qualified")
		factories.make_opportunity(party_name=lead.name)
		assert get_stored(lead.name, "status", "qualification_status") == ("Opportunity", "Qualified")

	def test_a_lead_with_an_opportunity_that_is_qualified_shows_the_effective_status(self, sales, user):
		lead = factories.make_lead()
		factories.make_opportunity(party_name=lead.name)
		data = set_value(sales, lead.name, status="Qualified")
		assert (data["status"], data["qualification_status"]) == ("Opportunity", "Qualified")
		assert get_stored(lead.name, *self.FIELDS[:3]) == ("Opportunity", "Qualified", user)

	def test_a_lead_not_to_be_contacted_has_no_probability(self, sales):
		lead = factories.make_lead(probability=40)
		set_value(sales, lead.name, status="Do Not Contact")
		assert get_stored(lead.name, "probability") == (0,)

	def test_a_lead_that_became_a_customer_is_certain(self, sales):
		lead = factories.make_lead(probability=40)
		factories.make_customer(lead_name=lead.name)
		frappe.get_doc("Lead", lead.name).set_status(update=True)
		frappe.db.commit()
		assert get_stored(lead.name, "status", "probability") == ("Converted", 100)
