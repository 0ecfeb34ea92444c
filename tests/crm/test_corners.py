"""Edge cases of the CRM: rates that follow the currency, leads with one address saved in parallel,
notifications of bulk assignments.
"""

import json
from threading import Barrier, Thread

import pytest

import frappe
from frappe.utils.background_jobs import get_queues

from orchestrator.api import listeners
from tests.support import factories
from tests.support.client import Client, get_data, get_error

SET = "frappe.client.set_value"
INSERT = "frappe.client.insert"
SUMMARY = "orchestrator.crm.get_pipeline_summary"
ASSIGN = "frappe.desk.bulk_assignment.set_assignment_for_many"

# Exchange rates


@pytest.fixture
def rates(site) -> None:
	"""Set the rates of euro, yen and pound in dollars from today on; shillings have none."""
	for own, rate in (("EUR", 1.1), ("JPY", 0.007), ("GBP", 1.25)):
		filters = {"from_currency": own, "to_currency": "USD", "date": frappe.utils.nowdate()}
		if not frappe.db.exists("Currency Exchange", filters):
			factories.make_record(
				"Currency Exchange", exchange_rate=rate, for_buying=1, for_selling=1, **filters
			)


@pytest.fixture
def seller(api, site) -> Client:
	return api(factories.make_user("Sales User").name)


@pytest.fixture
def no_network(monkeypatch):
	"""Keep ERPNext from asking a service for unknown rates."""
	frappe.db.set_single_value("Currency Exchange Settings", "disabled", 1)
	frappe.db.commit()
	yield
	frappe.db.set_single_value("Currency Exchange Settings", "disabled", 0)
	frappe.db.commit()


def get_rate(name: str) -> float:
	frappe.db.rollback()
	return frappe.db.get_value("Opportunity", name, "conversion_rate")


@pytest.mark.parametrize(
	("before", "after", "rate"),
	[
		("EUR", "JPY", 0.007),
		("JPY", "EUR", 1.1),
		("EUR", "USD", 1.0),
		("USD", "EUR", 1.1),
		("GBP", "EUR", 1.1),
		("EUR", "KES", 0.0),
		("KES", "JPY", 0.007),
	],
)
@pytest.mark.parametrize("route", [SET, "resource"])
def test_the_rate_follows_the_currency(seller, rates, no_network, before, after, rate, route):
	opportunity = factories.make_opportunity(currency=before, conversion_rate=1.1, opportunity_amount=1000)
	if route == SET:
		get_data(seller.post(SET, doctype="Opportunity", name=opportunity.name, currency=after))
	else:
		reply = seller.request(
			"PUT", f"/api/resource/Opportunity/{opportunity.name}", json={"currency": after}
		)
		assert reply.status_code == 200, reply.text
	assert get_rate(opportunity.name) == rate


def test_a_rate_that_is_sent_counts(seller, rates):
	opportunity = factories.make_opportunity(currency="EUR", conversion_rate=1.1)
	get_data(
		seller.post(SET, doctype="Opportunity", name=opportunity.name, currency="JPY", conversion_rate=0.0065)
	)
	assert get_rate(opportunity.name) == 0.0065
	get_data(seller.post(SET, doctype="Opportunity", name=opportunity.name, opportunity_amount=5))
	assert get_rate(opportunity.name) == 0.0065


def test_an_agreed_rate_stays_while_the_currency_does(seller, rates):
	opportunity = factories.make_opportunity(currency="EUR", conversion_rate=1.3)
	get_data(seller.post(SET, doctype="Opportunity", name=opportunity.name, opportunity_amount=5))
	assert get_rate(opportunity.name) == 1.3


def test_the_pipeline_uses_the_new_currency_and_separates_amounts_without_rate(api, rates, no_network):
	user = factories.make_user("Sales User").name
	client = api(user)
	yen = factories.make_opportunity(
		currency="EUR",
		conversion_rate=1.1,
		opportunity_amount=1000,
		opportunity_owner=user,
		base_opportunity_amount=1100,
	)
	shillings = factories.make_opportunity(
		currency="EUR", conversion_rate=1.1, opportunity_amount=5, opportunity_owner=user
	)
	get_data(client.post(SET, doctype="Opportunity", name=yen.name, currency="JPY"))
	get_data(client.post(SET, doctype="Opportunity", name=shillings.name, currency="KES"))
	summary = get_data(client.get(SUMMARY, user=user))
	assert (summary["total_value"], summary["unconverted"]) == (7.0, {"KES": 5.0})
	frappe.db.rollback()
	assert frappe.db.get_value("Opportunity", yen.name, "base_opportunity_amount") == 7


# Leads


def run_at_once(calls: list) -> list[int]:
	"""Return the statuses of calls that are sent at the same moment."""
	barrier, statuses = Barrier(len(calls)), []

	def send(call) -> None:
		barrier.wait()
		statuses.append(call().status_code)

	threads = [Thread(target=send, args=(call,)) for call in calls]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	frappe.db.rollback()
	return sorted(statuses)


def build_lead(email: str) -> dict:
	return {"doctype": "Lead", "lead_name": factories.make_unique("Lead"), "email_id": email}


@pytest.mark.parametrize("route", [INSERT, "resource"])
def test_of_leads_with_one_address_at_once_one_is_made(api, site, route):
	user, email = factories.make_user("Sales User").name, factories.make_unique_email("twin")
	clients = [api(user) for _ in range(10)]
	calls = [
		(lambda client=client: client.post(INSERT, doc=build_lead(email)))
		if route == INSERT
		else (lambda client=client: client.request("POST", "/api/resource/Lead", json=build_lead(email)))
		for client in clients
	]
	statuses = run_at_once(calls)
	made = [status for status in statuses if status < 300]
	assert (len(made), set(statuses[1:])) == (1, {409})
	assert frappe.db.count("Lead", {"email_id": email}) == 1


def test_spellings_that_the_database_holds_equal_are_one_address(api, site):
	user, email = factories.make_user("Sales User").name, factories.make_unique_email("twin")
	spellings = [email, email.upper(), email.capitalize(), email.swapcase()]
	clients = [api(user) for _ in spellings]
	statuses = run_at_once(
		[
			lambda client=client, each=each: client.post(INSERT, doc=build_lead(each))
			for client, each in zip(clients, spellings, strict=True)
		]
	)
	assert statuses == [201, 409, 409, 409]


def test_parallel_leads_with_one_address_save_once(api, site):
	user, email = factories.make_user("Sales User").name, factories.make_unique_email("twin")
	names = [factories.make_lead().name for _ in range(3)]
	clients = [api(user) for _ in range(4)]
	calls = [
		lambda client=client, name=name: client.post(SET, doctype="Lead", name=name, email=email)
		for client, name in zip(clients, names, strict=False)
	]
	statuses = run_at_once([*calls, lambda: clients[3].post(INSERT, doc=build_lead(email))])
	assert len([status for status in statuses if status < 300]) == 1
	assert statuses[1:] == [409, 409, 409]
	assert frappe.db.count("Lead", {"email_id": email}) == 1


def test_leads_with_addresses_of_their_own_do_not_wait_for_each_other(api, site):
	user = factories.make_user("Sales User").name
	clients = [api(user) for _ in range(6)]
	calls = [
		lambda client=client: client.post(INSERT, doc=build_lead(factories.make_unique_email("own")))
		for client in clients
	]
	assert run_at_once(calls) == [201] * 6


def test_an_address_is_free_again_after_a_failure_and_where_duplicates_are_allowed(api, site):
	client, email = api(factories.make_user("Sales User").name), factories.make_unique_email("twin")
	assert client.post(INSERT, doc={**build_lead(email), "status": "Unheard of"}).status_code >= 400
	assert client.post(INSERT, doc=build_lead(email)).status_code == 201
	assert get_error(client.post(INSERT, doc=build_lead(email))) == (409, "DuplicateEntryError")
	frappe.db.set_single_value("CRM Settings", "allow_lead_duplication_based_on_emails", 1)
	frappe.db.commit()
	try:
		assert client.post(INSERT, doc=build_lead(email)).status_code == 201
	finally:
		frappe.db.set_single_value("CRM Settings", "allow_lead_duplication_based_on_emails", 0)
		frappe.db.commit()


# Bulk assignments


def list_queued_webhooks() -> set[str]:
	"""Return the records whose webhooks wait in the queue."""
	jobs = [job for queue in get_queues() for job in queue.jobs]
	return {job.kwargs["kwargs"]["doc"].name for job in jobs if "doc" in job.kwargs.get("kwargs", {})}


def build_notification(**values) -> dict:
	return {
		"__newname": factories.make_unique("Assigned"),
		"subject": "Assigned",
		"document_type": "Lead",
		"channel": "System Notification",
		"recipients": [{"receiver_by_role": "System Manager"}],
		"message": "Assigned",
		"enabled": 1,
		**values,
	}


def build_webhook(event: str) -> dict:
	return {
		"__newname": factories.make_unique("Hook"),
		"webhook_doctype": "Lead",
		"webhook_docevent": event,
		"request_url": "http://127.0.0.1:9/",
		"request_structure": "",
		"enabled": 1,
	}


RULES = {
	"webhook on_update": ("Webhook", lambda: build_webhook("on_update")),
	"webhook on_change": ("Webhook", lambda: build_webhook("on_change")),
	"notification of a save": ("Notification", lambda: build_notification(event="Save")),
	"notification of the field": (
		"Notification",
		lambda: build_notification(event="Value Change", value_changed="assigned_to"),
	),
}


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("way", ["many", "single"])
def test_bulk_assignment_runs_the_same_hooks_as_a_single_one(api, site, worker, kind, way):
	doctype, values = RULES[kind]
	names = [factories.make_lead().name for _ in range(3)]
	assignee = factories.make_user("Sales User").name
	rule = factories.make_record(doctype, **values())
	frappe.clear_cache()
	try:
		assert listeners.has_update_listeners("Lead")
		client = api(factories.make_user("Sales User").name)
		if way == "many":
			get_data(client.post(ASSIGN, doctype="Lead", name=names, assigned_to=assignee))
		else:
			for name in names:
				get_data(client.post(SET, doctype="Lead", name=name, assigned_to=assignee))
		if doctype == "Webhook":
			assert set(names) <= list_queued_webhooks()
		else:
			worker()
			frappe.db.rollback()
			heard = frappe.get_all(
				"Notification Log",
				{"document_name": ("in", names), "subject": "Assigned"},
				pluck="document_name",
			)
			assert set(heard) == set(names)
	finally:
		rule.delete()
		frappe.db.commit()
		frappe.clear_cache()
	frappe.db.rollback()
	for name in names:
		row = frappe.db.get_value("Lead", name, ["assigned_to", "_assign"], as_dict=True)
		assert (row.assigned_to, json.loads(row._assign)) == (assignee, [assignee])
		assert frappe.db.count("ToDo", {"reference_name": name, "status": "Open"}) == 1
		assert frappe.db.count("Comment", {"reference_name": name, "comment_type": "Assigned"}) == 1
	worker()
	frappe.db.rollback()
	told = frappe.get_all(
		"Notification Log", {"for_user": assignee, "type": "Assignment"}, pluck="document_name"
	)
	assert sorted(told) == sorted(names)


def test_where_nobody_listens_the_fast_way_stays(site):
	assert not listeners.has_update_listeners("Lead")
	assert not listeners.has_update_listeners("Opportunity")
	assert not listeners.has_update_listeners("Task")


def test_a_record_that_can_not_be_saved_fails_alone(api, site):
	good, bad = factories.make_lead().name, factories.make_lead().name
	frappe.db.set_value("Lead", bad, "status", "Unheard of")
	frappe.db.commit()
	rule = factories.make_record("Webhook", **build_webhook("on_update"))
	frappe.clear_cache()
	assignee = factories.make_user("Sales User").name
	try:
		reply = get_data(
			api().post(ASSIGN, doctype="Lead", name=[good, bad], assigned_to=assignee, atomic=False)
		)
	finally:
		rule.delete()
		frappe.db.commit()
		frappe.clear_cache()
	assert {row["name"]: row["ok"] for row in reply["results"]} == {good: True, bad: False}
	frappe.db.rollback()
	assert frappe.db.get_value("Lead", bad, "assigned_to") is None
	assert frappe.db.count("ToDo", {"reference_name": bad}) == 0
	assert bad not in list_queued_webhooks()
