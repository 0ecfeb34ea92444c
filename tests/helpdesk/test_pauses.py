"""Pauses of tickets and their reasons: by the call, by a save as Desk's form does, and without any reason."""

import json

import pytest

import frappe

from tests.support import factories, helpdesk
from tests.support.client import get_data, get_error

METHOD = "orchestrator.helpdesk.pause_ticket"


@pytest.fixture(scope="module")
def agent(frappe_site: str) -> str:
	return factories.make_user("Support Team", "Agent").name


def list_pauses(doc) -> list[tuple]:
	"""Return status, reason, note and whether it has ended, of each pause in its order."""
	frappe.db.rollback()
	rows = frappe.get_all(
		"Ticket Pause",
		{"reference_doctype": doc.doctype, "reference_name": str(doc.name)},
		["status", "reason", "note", "ended_at"],
		order_by="creation",
	)
	return [(row.status, row.reason, row.note, bool(row.ended_at)) for row in rows]


@pytest.fixture(params=["Issue", "HD Ticket"])
def ticket(request, site):
	return factories.make_issue() if request.param == "Issue" else helpdesk.make_hd_ticket()


def test_call_pauses_and_stores_the_reason(api, agent, ticket) -> None:
	status = "On Hold" if ticket.doctype == "Issue" else "Replied"
	data = get_data(
		api(agent).post(
			METHOD,
			issue=str(ticket.name),
			doctype=ticket.doctype,
			reason="Waiting for Third Party",
			note="Bank",
		)
	)
	assert data.pop("paused_since")
	assert data == {
		"issue": str(ticket.name), "doctype": ticket.doctype, "status": status,
		"reason": "Waiting for Third Party", "note": "Bank",
	}  # fmt: skip
	assert list_pauses(ticket) == [(status, "Waiting for Third Party", "Bank", False)]
	assert frappe.db.get_value(ticket.doctype, ticket.name, "status") == status


def test_second_call_changes_the_reason_of_the_same_pause(api, agent, ticket) -> None:
	client = api(agent)
	name, doctype = str(ticket.name), ticket.doctype
	get_data(client.post(METHOD, issue=name, doctype=doctype, reason="Waiting for Customer"))
	get_data(client.post(METHOD, issue=name, doctype=doctype, reason="Other", note="On leave"))
	assert [pause[1:] for pause in list_pauses(ticket)] == [("Other", "On leave", False)]


def test_reopening_ends_the_pause(api, agent, ticket) -> None:
	get_data(api(agent).post(METHOD, issue=str(ticket.name), doctype=ticket.doctype, reason="Other"))
	frappe.db.rollback()
	ticket.reload()
	ticket.status = "Open"
	ticket.save()
	frappe.db.commit()
	assert [pause[-1] for pause in list_pauses(ticket)] == [True]


def test_each_pause_has_its_own_reason(api, agent, ticket) -> None:
	statuses = ["Replied", "Open", "Replied", "Open"]
	for status in statuses:
		ticket.reload()
		ticket.status = status
		ticket.save()
	frappe.db.commit()
	get_data(api(agent).post(METHOD, issue=str(ticket.name), doctype=ticket.doctype, reason="Other"))
	assert [pause[1::2] for pause in list_pauses(ticket)] == [
		("Waiting for Customer", True), ("Waiting for Customer", True), ("Other", False),
	]  # fmt: skip


def test_desk_sends_the_reason_with_the_form(callers, agent) -> None:
	issue = factories.make_issue()
	doc = {
		**json.loads(issue.as_json()),
		"status": "On Hold",
		"pause_reason": "Scheduled for Later",
		"pause_note": "May",
	}
	reply = callers.browser(agent, factories.PASSWORD).request(
		"POST", "/api/method/frappe.desk.form.save.savedocs", data={"doc": json.dumps(doc), "action": "Save"}
	)
	assert reply.status_code == 200, reply.text
	assert list_pauses(issue) == [("On Hold", "Scheduled for Later", "May", False)]


def test_answered_ticket_waits_for_its_customer(site) -> None:
	issue = factories.make_issue()
	issue.status = "Replied"
	issue.save()
	frappe.db.commit()
	assert list_pauses(issue) == [("Replied", "Waiting for Customer", None, False)]


def test_deleted_ticket_leaves_no_pause(site) -> None:
	issue = factories.make_issue()
	issue.status = "On Hold"
	issue.save()
	issue.delete()
	frappe.db.commit()
	assert list_pauses(issue) == []


def test_renamed_ticket_keeps_its_pause(api, site) -> None:
	issue = factories.make_issue()
	issue.status = "On Hold"
	issue.save()
	frappe.db.commit()
	new = factories.make_unique("ISS")
	renamed = api().post("frappe.client.rename_doc", doctype="Issue", old_name=issue.name, new_name=new)
	assert renamed.status_code == 200, renamed.text
	assert len(list_pauses(frappe._dict(doctype="Issue", name=new))) == 1


@pytest.mark.parametrize(
	("body", "expected"),
	[
		({"reason": "Because"}, (400, "InvalidRequestError")),
		({"reason": "Other", "status": "Open"}, (400, "InvalidRequestError")),
		({"reason": "Other", "status": "Closed"}, (400, "InvalidRequestError")),
		({"reason": "Other", "note": "x" * 1001}, (400, "InvalidRequestError")),
	],
)
def test_malformed_requests_change_nothing(api, agent, body, expected) -> None:
	issue = factories.make_issue()
	assert get_error(api(agent).post(METHOD, issue=issue.name, **body)) == expected
	assert list_pauses(issue) == []
	assert frappe.db.get_value("Issue", issue.name, "status") == "Open"


def test_closed_ticket_cannot_be_paused(api, agent, ticket) -> None:
	ticket.status = "Closed"
	ticket.save()
	frappe.db.commit()
	reply = api(agent).post(METHOD, issue=str(ticket.name), doctype=ticket.doctype, reason="Other")
	assert get_error(reply) == (409, "ConflictError")
	assert list_pauses(ticket) == []


def test_customers_cannot_pause_or_give_reasons(api, guest, ticket) -> None:
	customer = helpdesk.make_portal_user()
	frappe.db.set_value(ticket.doctype, ticket.name, "raised_by", customer)
	frappe.db.commit()
	body = {"issue": str(ticket.name), "doctype": ticket.doctype, "reason": "Other"}
	assert get_error(api(customer).post(METHOD, **body)) == (403, "PermissionError")
	assert get_error(api(helpdesk.make_portal_user()).post(METHOD, **body)) == (404, "DoesNotExistError")
	assert get_error(guest.post(METHOD, **body)) == (401, "AuthenticationError")
	assert list_pauses(ticket) == []


def test_reader_without_write_permission_cannot_pause(api) -> None:
	issue, reader = factories.make_issue(), factories.make_user("Desk User").name
	factories.make_record("DocShare", user=reader, share_doctype="Issue", share_name=issue.name, read=1)
	assert get_error(api(reader).post(METHOD, issue=issue.name, reason="Other"))[0] in (403, 404)
	assert list_pauses(issue) == []


def test_pauses_are_read_with_their_tickets_alone(api, agent) -> None:
	issue = factories.make_issue()
	get_data(api(agent).post(METHOD, issue=issue.name, reason="Other", note="Private"))
	reply = api(agent).get("frappe.client.get_list", doctype="Ticket Pause", fields='["note"]')
	assert get_error(reply) == (403, "PermissionError")


def test_timeline_shows_pauses_to_staff_and_escapes_the_note(callers, agent) -> None:
	issue = factories.make_issue()
	get_data(callers.api(agent).post(METHOD, issue=issue.name, reason="Other", note="<img src=x onerror=1>"))
	reply = callers.browser(agent, factories.PASSWORD).get(
		"frappe.desk.form.load.getdoc", doctype="Issue", name=issue.name
	)
	(entry,) = reply.json()["docinfo"]["additional_timeline_content"]
	# Frappe removes the handler, the timeline shows the rest as text
	assert entry["content"].endswith("paused the ticket (On Hold): Other. &lt;img src=&quot;x&quot;&gt;")
