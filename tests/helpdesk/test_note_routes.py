"""What colleagues write among themselves reaches no customer: notes of calls and macros, and notes of pauses."""

import json
from collections.abc import Iterator

import pytest

import frappe

from orchestrator.api import webhook_jobs
from tests.support import factories, helpdesk
from tests.support.client import get_data
from tests.support.webhooks import allow_private_targets, delete_reliable_webhooks, run_receiver

SECRET = "Between colleagues: call the guardian first"


@pytest.fixture(scope="module")
def agent(frappe_site: str) -> str:
	user = factories.make_user("Support Team", "Agent")
	factories.make_record("HD Agent", user=user.name, agent_name=user.first_name)
	return user.name


@pytest.fixture(scope="module")
def customer(frappe_site: str) -> str:
	return helpdesk.make_portal_user()


@pytest.fixture
def hook(site: str, admin) -> Iterator[object]:
	"""Yield `deliver(doctype)`: create a webhook as the API does by default, and return what it has sent in the end."""
	with allow_private_targets(), run_receiver() as receiver:

		def create(doctype: str) -> None:
			name = factories.make_unique("hook")
			events = ["after_insert", "on_update"]
			body = {"doctype": doctype, "webhook_name": name, "events": events, "request_url": receiver.url}
			get_data(admin.post("frappe.desk.doctype.webhook.create", **body), 201)

		def deliver() -> str:
			frappe.db.rollback()
			# one for each event
			for name in frappe.get_all("Webhook", {"request_url": receiver.url}, pluck="name"):
				webhook_jobs.deliver_webhook(name)
			return b"".join(request.content for request in receiver.received).decode()

		create.deliver = deliver  # type: ignore[attr-defined]
		yield create
		delete_reliable_webhooks()


@pytest.fixture(params=["Issue", "HD Ticket"])
def ticket(request, site, customer):
	make = factories.make_issue if request.param == "Issue" else helpdesk.make_hd_ticket
	return make(raised_by=customer)


def write_everywhere(client, ticket) -> None:
	"""Write the secret by each way that the support team has."""
	target = {"issue": str(ticket.name), "doctype": ticket.doctype}
	get_data(
		client.post("orchestrator.helpdesk.add_issue_comment", message=SECRET, is_internal=True, **target),
		201,
	)
	macro = factories.make_record(
		"Ticket Macro", title=factories.make_unique("Macro"), note=f"<p>{SECRET}</p>"
	).name
	run = get_data(
		client.post(
			"orchestrator.helpdesk.apply_macro",
			macro=macro,
			issues=[str(ticket.name)],
			doctype=ticket.doctype,
		)
	)
	assert run["applied"] == 1
	get_data(client.post("orchestrator.helpdesk.pause_ticket", reason="Other", note=SECRET, **target))


def test_no_mail_and_no_webhook_has_a_note(api, agent, hook, ticket) -> None:
	for doctype in (ticket.doctype, "Comment", "HD Ticket Comment", "Ticket Pause"):
		hook(doctype)
	with helpdesk.use_outgoing_account():
		frappe.local.cache.clear()
		write_everywhere(api(agent), ticket)
		frappe.db.rollback()
		assert frappe.db.count("Email Queue", {"message": ("like", "%guardian%")}) == 0
		sent = hook.deliver()
	assert str(ticket.name) in sent
	assert "guardian" not in sent


def test_customer_finds_a_note_by_no_call(callers, agent, customer, ticket) -> None:
	write_everywhere(callers.api(agent), ticket)
	name, doctype = str(ticket.name), ticket.doctype
	reference = json.dumps({"reference_name": name})
	calls = [
		("orchestrator.helpdesk.get_sla_countdowns", {"names": json.dumps([name]), "doctype": doctype}),
		("orchestrator.helpdesk.get_sla_status", {"issue": name, "doctype": doctype}),
		("orchestrator.helpdesk.get_reply_recipients", {"issue": name, "doctype": doctype}),
		("orchestrator.helpdesk.get_macros", {"doctype": doctype}),
		("frappe.client.get", {"doctype": doctype, "name": name}),
		("frappe.client.get_list", {"doctype": "Ticket Pause", "filters": reference, "fields": '["note"]'}),
		("frappe.client.get_list", {"doctype": "Ticket Macro", "fields": '["note"]'}),
		("frappe.client.get_list", {"doctype": "Comment", "filters": reference, "fields": '["content"]'}),
		("frappe.desk.form.load.getdoc", {"doctype": doctype, "name": name}),
		("frappe.desk.form.load.get_docinfo", {"doctype": doctype, "name": name}),
		("frappe.client.get_value", {"doctype": "Ticket Pause", "filters": reference, "fieldname": "note"}),
	]
	clients = (callers.api(customer), callers.browser(customer, factories.PASSWORD))
	leaks = [
		call for client in clients for call, args in calls if "guardian" in client.get(call, **args).text
	]
	assert leaks == []


def test_ticket_itself_has_no_note(api, agent, ticket) -> None:
	write_everywhere(api(agent), ticket)
	frappe.db.rollback()
	row = frappe.db.get_value(ticket.doctype, ticket.name, "*", as_dict=True)
	assert "guardian" not in str(row)
