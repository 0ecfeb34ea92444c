"""An agent's work on tickets in Desk: countdowns, a pause with its reason, reply and note, macros."""

from collections.abc import Callable

import pytest

import frappe
from frappe.utils import add_to_date, now_datetime

from tests.support import factories, helpdesk
from tests.support.desk import Desk

OpenDesk = Callable[[str], Desk]
LEVEL = ".ticket-level .ticket-pill"


@pytest.fixture
def agent(site: str) -> str:
	user = factories.make_user("Desk User", "Support Team", "Agent")
	factories.make_record("HD Agent", user=user.name, agent_name=user.first_name)
	return user.name


def open_menu_action(page, label: str) -> None:
	"""Run a button of the form, which a phone shows in a menu."""
	page.wait_for_function(
		"label => { const button = cur_frm?.custom_buttons[label]; return button && button.trigger('click'); }",
		arg=label,
	)


def count(doctype: str, ticket, **filters: object) -> int:
	frappe.db.rollback()
	reference = {"reference_doctype": ticket.doctype, "reference_name": str(ticket.name)}
	return frappe.db.count(doctype, {**reference, **filters})


def test_list_counts_down(open_desk: OpenDesk, agent: str) -> None:
	customer = frappe.db.get_value("Service Level Agreement", helpdesk.get_agreement(), "entity")
	late, held = (factories.make_issue(customer=customer, priority="High") for _number in range(2))
	values = {"first_responded_on": now_datetime(), "sla_resolution_by": add_to_date(now_datetime(), days=-7)}
	frappe.db.set_value("Issue", late.name, values)
	held.update({"status": "On Hold", "pause_reason": "Waiting for Third Party"})
	held.save()
	factories.make_record(
		"Ticket Escalation", reference_doctype="Issue", reference_name=late.name, stage="Resolution Breached",
		due=frappe.utils.now(), escalated_to=agent,
	)  # fmt: skip
	page = open_desk(agent).open(f"/app/issue?customer={customer}", ".list-row-container .ticket-marks")
	page.wait_for_selector(".ticket-pill.red >> text=Overdue by")
	page.wait_for_selector(".ticket-pill.red >> text=Escalated")
	page.wait_for_selector(".ticket-pill.blue >> text=Paused: Waiting for Third Party")
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_pause_asks_for_its_reason(open_desk: OpenDesk, agent: str) -> None:
	issue = factories.make_issue()
	page = open_desk(agent).open(f"/app/issue/{issue.name}", ".form-layout")
	page.wait_for_function("name => cur_frm?.doc.name === name && cur_frm.saved_status", arg=issue.name)
	page.evaluate("cur_frm.set_value('status', 'On Hold').then(() => { cur_frm.save(); })")
	page.wait_for_selector(".modal.show select[data-fieldname=reason]")
	page.select_option(".modal.show select[data-fieldname=reason]", "Waiting for Colleague")
	page.fill(".modal.show textarea[data-fieldname=note]", "Ask Kim")
	page.click(".modal.show .btn-modal-primary")
	page.wait_for_selector(f"{LEVEL} >> text=because: Waiting for Colleague")
	page.wait_for_selector(".ticket-level >> text=Ask Kim")
	frappe.db.rollback()
	row = frappe.db.get_value("Ticket Pause", {"reference_name": issue.name}, ["status", "reason", "note"])
	assert row == ("On Hold", "Waiting for Colleague", "Ask Kim")


def write_message(page, kind: str, text: str) -> None:
	page.wait_for_selector(f".ticket-dialog.ticket-{kind}.show .ql-editor")
	page.fill(f".ticket-dialog.ticket-{kind}.show .ql-editor", text)


@pytest.mark.parametrize("doctype", ["Issue", "HD Ticket"])
def test_note_and_reply_are_two_things(open_desk: OpenDesk, agent: str, doctype: str) -> None:
	with helpdesk.use_outgoing_account():
		ticket = factories.make_issue() if doctype == "Issue" else helpdesk.make_hd_ticket()
		slug = frappe.scrub(doctype).replace("_", "-")
		page = open_desk(agent).open(f"/app/{slug}/{ticket.name}", ".form-layout")
		page.wait_for_function("cur_frm?.custom_buttons['Internal Note']")
		mails = count("Email Queue", ticket)
		open_menu_action(page, "Internal Note")
		write_message(page, "note", "Between us")
		page.wait_for_selector(".ticket-note.show .ticket-banner >> text=Nothing is sent to the customer")
		page.click(".ticket-note.show .btn-modal-primary")
		page.wait_for_selector(".ticket-note.show", state="detached")
		assert count("Email Queue", ticket) == mails
		open_menu_action(page, "Reply to Customer")
		write_message(page, "reply", "For you")
		page.wait_for_selector(f".ticket-reply.show .ticket-banner >> text=Goes to {ticket.raised_by}")
		page.click(".ticket-reply.show .btn-modal-primary")
		page.wait_for_selector(".ticket-reply.show", state="detached")
		assert count("Email Queue", ticket) == mails + 1


def test_macro_is_previewed_and_applied(open_desk: OpenDesk, agent: str) -> None:
	title = factories.make_unique("Macro")
	factories.make_record("Ticket Macro", title=title, note="<p>Checked</p>", status="Closed", assign_to_me=1)
	ticket = helpdesk.make_hd_ticket()
	page = open_desk(agent).open(f"/app/hd-ticket/{ticket.name}", ".form-layout")
	page.wait_for_function("cur_frm?.custom_buttons['Macro']")
	open_menu_action(page, "Macro")
	page.select_option(".modal.show select[data-fieldname=macro]", title)
	page.wait_for_selector(".ticket-preview li >> text=Status: Open becomes Closed")
	page.wait_for_selector(".ticket-preview .ticket-note >> text=Checked")
	page.click(".modal.show .btn-modal-primary")
	page.wait_for_function("cur_frm.doc.status === 'Closed'")
	frappe.db.rollback()
	assert frappe.db.get_value("HD Ticket", ticket.name, ["status", "assigned_to"]) == ("Closed", agent)
