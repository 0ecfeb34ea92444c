"""Internal notes on tickets: no page, list, form or mail shows them to a customer."""

import itertools
import json

import pytest

import frappe
from frappe.desk.form.document_follow import follow_document, get_message_for_user
from frappe.utils.background_jobs import get_redis_connection_without_auth

from tests.support import factories, helpdesk
from tests.support.client import get_error

SECRET = "Between us: the account is under review"
FOLLOWS = {"document_follow_notify": 1, "document_follow_frequency": "Hourly", "follow_assigned_documents": 1}
METHOD = "orchestrator.helpdesk.add_issue_comment"


@pytest.fixture(scope="module")
def customer(frappe_site) -> str:
	return helpdesk.make_portal_user()


@pytest.fixture(scope="module")
def agent(frappe_site) -> str:
	return factories.make_user("Support Team", "Agent").name


@pytest.fixture(scope="module")
def events(frappe_site):
	"""Yield the messages that the site publishes to browsers in the meantime."""
	with get_redis_connection_without_auth().pubsub(ignore_subscribe_messages=True) as channel:
		channel.subscribe("events")
		yield channel


@pytest.fixture(scope="module", params=["issue", "shared issue", "hd ticket"])
def ticket(request, customer, callers, agent, events):
	"""Return a ticket of the customer with a note by API, a note written in Desk, and a reply that the
	customer may see.
	"""
	doc = (helpdesk.make_hd_ticket if request.param == "hd ticket" else factories.make_issue)(
		raised_by=customer
	)
	if request.param == "shared issue":
		factories.make_record(
			"DocShare", user=customer, share_doctype="Issue", share_name=doc.name, read=1, write=1
		)
	client = callers.api(agent)
	for body in ({"message": SECRET, "is_internal": True}, {"message": "You will hear from us."}):
		reply = client.post(METHOD, issue=str(doc.name), **body)
		assert reply.status_code == 201, reply.text
	reply = callers.browser(agent, factories.PASSWORD).request(
		"POST",
		"/api/method/frappe.desk.form.utils.add_comment",
		data={
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"content": SECRET,
			"comment_email": agent,
			"comment_by": agent,
		},
	)
	assert reply.status_code == 200, reply.text
	if doc.doctype == "HD Ticket":
		index_notes()
	return doc


def index_notes() -> None:
	"""Index notes, as Helpdesk does from time to time."""
	from helpdesk.search_sqlite import HelpdeskSearch

	frappe.db.rollback()
	HelpdeskSearch().build_index()


@pytest.fixture(scope="module")
def reads(ticket, customer, callers):
	"""Return every way of a customer to read the ticket, each as (name, reply)."""
	name, doctype = str(ticket.name), ticket.doctype
	columns = json.dumps(["name", "subject", "_comments"])
	calls = {
		"get": ("frappe.client.get", {"doctype": doctype, "name": name}),
		"list": ("frappe.client.get_list", {"doctype": doctype, "fields": columns}),
		"value": ("frappe.client.get_value", {"doctype": doctype, "filters": name, "fieldname": "_comments"}),
		"report": ("frappe.desk.reportview.get", {"doctype": doctype, "fields": columns}),
		"form": ("frappe.desk.form.load.getdoc", {"doctype": doctype, "name": name}),
		"docinfo": ("frappe.desk.form.load.get_docinfo", {"doctype": doctype, "name": name}),
		"comments": (
			"frappe.client.get_list",
			{"doctype": "Comment", "fields": '["content"]', "filters": json.dumps({"reference_name": name})},
		),
		"notes": ("frappe.client.get_list", {"doctype": "HD Ticket Comment", "fields": '["content"]'}),
		"helpdesk": ("helpdesk.helpdesk.doctype.hd_ticket.api.get_one", {"name": name}),
		"activities": ("helpdesk.helpdesk.doctype.hd_ticket.api.get_ticket_activities", {"ticket": name}),
		"search": ("helpdesk.api.search.search", {"query": "review"}),
		"search options": ("helpdesk.api.search.get_filter_options", {}),
		"room": factories.build_room_request(doctype, name),
		"sla": ("orchestrator.helpdesk.get_sla_status", {"issue": name}),
		"mine": ("orchestrator.helpdesk.get_my_tickets", {}),
	}
	return [
		(f"{kind} {call}", client.get(method, **params))
		for kind, client in (
			("api", callers.api(customer)),
			("browser", callers.browser(customer, factories.PASSWORD)),
		)
		for call, (method, params) in calls.items()
	]


def test_no_call_of_a_customer_gives_a_note(reads):
	# a search marks its matches, so that the whole sentence may be interrupted
	leaks = [call for call, reply in reads if "the account is" in reply.text or "under review" in reply.text]
	assert leaks == []


def test_the_calls_that_a_customer_may_make_still_answer(reads, ticket):
	answered = {call for call, reply in reads if reply.status_code == 200}
	assert {"api sla", "api mine", "browser sla", "browser mine"} <= answered
	if ticket.doctype == "HD Ticket":
		assert {"api get", "api list", "browser get", "browser list", "browser helpdesk"} <= answered


def test_a_note_is_published_only_to_the_room_of_open_forms_without_customers(
	reads, ticket, agent, events, api
):
	rooms = {event["room"] for event in list_published(events) if SECRET in json.dumps(event)}
	assert rooms == {f"doc:{ticket.doctype}/{ticket.name}"}
	# the request of Frappe's socket server, with the caller's credentials, before a user may join
	assert {reply.status_code for call, reply in reads if call.endswith(" room")} == {403}
	method, asked = factories.build_room_request(ticket.doctype, str(ticket.name))
	assert api(agent).get(method, **asked).json()["message"] is True


@pytest.mark.parametrize("verb", ["get", "post"])
def test_no_form_of_the_question_about_the_room_lets_a_customer_in(ticket, customer, api, verb):
	method, asked = factories.build_room_request(ticket.doctype, str(ticket.name))
	reply = getattr(api(customer), verb)(method, **asked)
	assert (reply.status_code, reply.json().get("message")) == (403, None)


def list_published(events) -> list[dict]:
	"""Return the events so far."""
	last = {"room": factories.make_unique("last")}
	frappe.publish_realtime("last", room=last["room"])
	told = (json.loads(message["data"]) for message in events.listen())
	return list(itertools.takewhile(lambda event: event["room"] != last["room"], told))


def test_saving_as_desk_does_gives_no_note_and_saves_nothing(ticket, customer, api):
	record = {**ticket.reload().as_dict(convert_dates_to_str=True), "subject": "Changed"}
	reply = api(customer).post("frappe.desk.form.save.savedocs", doc=json.dumps(record), action="Save")
	assert get_error(reply) == (403, "PermissionError")
	assert SECRET not in reply.text
	assert frappe.db.get_value(ticket.doctype, ticket.name, "subject") == ticket.subject


def test_a_customers_reply_by_api_gives_no_note(ticket, customer, api):
	reply = api(customer).post(METHOD, issue=str(ticket.name), message="Thank you.")
	assert reply.status_code == 201, reply.text
	assert SECRET not in reply.text


def test_the_portal_page_shows_the_reply_and_no_note(site, customer, api, agent):
	issue = factories.make_issue(raised_by=customer)
	client = api(agent)
	client.post(METHOD, issue=issue.name, message=SECRET, is_internal=True)
	client.post(METHOD, issue=issue.name, message="You will hear from us.")
	page = api(customer).request("GET", f"/issues/{issue.name}")
	assert page.status_code == 200
	assert issue.subject in page.text
	assert "You will hear from us." in page.text
	assert SECRET not in page.text


def test_without_a_role_a_customer_reads_no_issue_by_the_generic_calls(site, api):
	customer = helpdesk.make_portal_user()
	issue = factories.make_issue(raised_by=customer)
	client = api(customer)
	assert get_error(client.get("frappe.client.get", doctype="Issue", name=issue.name)) == (
		403,
		"PermissionError",
	)
	assert get_error(client.get("frappe.client.get_list", doctype="Issue")) == (403, "PermissionError")


def test_colleagues_see_the_notes_in_desk(ticket, agent, browser):
	desk = browser(agent, factories.PASSWORD)
	reply = desk.get("frappe.desk.form.load.getdoc", doctype=ticket.doctype, name=str(ticket.name))
	assert reply.status_code == 200
	comments = [comment["content"] for comment in reply.json()["docinfo"]["comments"]]
	# on an HD Ticket, a note by the API is Helpdesk's own, beside Desk's
	assert sum(SECRET in content for content in comments) == (2 if ticket.doctype == "Issue" else 1)


def test_agents_search_in_the_notes(site, agent, api):
	doc = helpdesk.make_hd_ticket()
	api(agent).post(METHOD, issue=str(doc.name), message=f"{SECRET} {doc.subject}", is_internal=True)
	index_notes()
	reply = api(agent).get("helpdesk.api.search.search", query=doc.subject.split()[1])
	found = {row["doctype"]: row["content"] for row in reply.json()["message"]["results"]}
	assert SECRET in found["HD Ticket Comment"]


def test_desk_still_counts_the_comments(site, agent):
	issue = factories.make_issue()
	for number in range(2):
		issue.add_comment("Comment", f"Note {number}")
	frappe.db.commit()
	copies = json.loads(frappe.db.get_value("Issue", issue.name, "_comments"))
	assert [(copy["by"], copy["comment"]) for copy in copies] == [("Administrator", "")] * 2
	comment = frappe.get_doc("Comment", copies[0]["name"])
	comment.content = "Changed"
	comment.save()
	assert "Changed" not in frappe.db.get_value("Issue", issue.name, "_comments")
	comment.delete()
	assert len(json.loads(frappe.db.get_value("Issue", issue.name, "_comments"))) == 1


def test_comments_on_other_records_are_as_frappe_has_them(site):
	lead = factories.make_lead()
	lead.add_comment("Comment", "Call back")
	assert "Call back" in frappe.db.get_value("Lead", lead.name, "_comments")


def test_a_form_of_another_record_is_none_of_our_business(site, api, customer):
	reply = api(customer).get("frappe.desk.form.load.getdoc", doctype="User", name=customer)
	assert reply.status_code == 200


def test_no_mail_to_the_customer_has_the_note(site, customer, api, agent):
	issue = factories.make_issue(raised_by=customer)
	with helpdesk.use_outgoing_account():
		client = api(agent)
		client.post(METHOD, issue=issue.name, message=SECRET, is_internal=True)
		client.post(METHOD, issue=issue.name, message="You will hear from us.")
	frappe.db.rollback()
	mails = frappe.get_all("Email Queue", {"reference_name": issue.name}, pluck="message")
	assert len(mails) == 1
	assert "under review" not in mails[0]


def test_a_customer_who_follows_a_ticket_gets_no_mail_with_a_note(site, agent, api):
	customer, colleague = helpdesk.make_portal_user(), factories.make_user("Support Team", **FOLLOWS).name
	followed = api(customer).post("frappe.client.set_value", doctype="User", name=customer, **FOLLOWS)
	assert followed.status_code == 200, followed.text
	issue, client = factories.make_issue(), api(agent)
	for user in (customer, colleague):
		assigned = client.post(
			"frappe.desk.form.assign_to.add", doctype="Issue", name=issue.name, assign_to=json.dumps([user])
		)
		assert assigned.status_code == 200, assigned.text
	client.post(METHOD, issue=issue.name, message=SECRET, is_internal=True)
	frappe.db.rollback()
	assert frappe.db.count("ToDo", {"reference_name": issue.name, "status": "Open"}) == 2
	assert frappe.get_all("Document Follow", {"ref_docname": issue.name}, pluck="user") == [colleague]
	assert "under review" in str(get_message_for_user("Hourly", colleague))
	assert get_message_for_user("Hourly", customer) == ([], [])


def test_customers_follow_other_records_that_they_may_read(site):
	customer, shared, hidden = (
		helpdesk.make_portal_user(**FOLLOWS),
		factories.make_customer(),
		factories.make_customer(),
	)
	frappe.share.add_docshare("Customer", shared.name, customer, flags={"ignore_share_permission": True})
	for record in (shared, hidden):
		follow_document("Customer", record.name, customer)
	followed = frappe.get_all("Document Follow", {"user": customer}, pluck="ref_docname")
	assert followed == [shared.name]


def test_a_mention_in_a_note_mails_it_to_agents_alone(site, api):
	customer, author, colleague = helpdesk.make_portal_user(), helpdesk.make_agent(), helpdesk.make_agent()
	doc = helpdesk.make_hd_ticket(raised_by=customer)
	marks = {user: mention(user) for user in (customer, colleague)}
	with helpdesk.use_outgoing_account():
		data = (
			api(author)
			.post(
				METHOD,
				issue=str(doc.name),
				message=f"<p>{' '.join(marks.values())} {SECRET}</p>",
				is_internal=True,
			)
			.json()["data"]
		)
	frappe.db.rollback()
	assert data["content"] == f"<p><span>@Name</span> {marks[colleague]} {SECRET}</p>"
	told = frappe.get_all("HD Notification", {"reference_comment": data["comment"]}, pluck="user_to")
	assert told == [colleague]
	assert not frappe.db.exists("Email Queue Recipient", {"recipient": customer})


def mention(user: str) -> str:
	"""Return a user's mention as Helpdesk's editor writes it."""
	return f'<span class="mention" data-id="{user}" data-label="Name" data-type="mention">@Name</span>'
