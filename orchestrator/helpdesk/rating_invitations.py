"""Invitations to rate a ticket, mailed to its customer once the ticket is resolved or closed."""

import json
from datetime import timedelta

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.translate import get_user_lang, print_language
from frappe.utils import cint

from orchestrator import clock
from orchestrator.assignment import FIELD
from orchestrator.configuration import get_settings
from orchestrator.doctypes import HD_TICKET, TICKET_RATING
from orchestrator.helpdesk import mail, tickets
from orchestrator.helpdesk.pauses import is_finished
from orchestrator.helpdesk.rating_links import build_link

SCORES = range(1, 6)
SILENT_FLAGS = ("in_import", "in_install", "in_migrate", "in_patch", "in_setup_wizard")


def on_update(doc: Document, _method: str | None = None) -> None:
	"""Handle the hook on_update of Issue and HD Ticket: invite the customer when the ticket is finished."""
	before = doc.get_doc_before_save()
	if not is_finished(doc) or not before or is_finished(before) or not get_settings().ask_for_ratings:
		return
	if any(frappe.flags.get(flag) for flag in SILENT_FLAGS) or _has_own_survey(doc) or _is_invited(doc):
		return
	recipient = mail.get_customer_address(doc)
	if recipient and mail.can_send(doc.doctype):
		_invite(doc, recipient)


def delete_ratings(doc: Document, _method: str | None = None) -> None:
	"""Handle the hook on_trash: the links of a deleted ticket end with it."""
	frappe.db.delete(TICKET_RATING, {"reference_doctype": doc.doctype, "reference_name": str(doc.name)})


def _has_own_survey(doc: Document) -> bool:
	"""Return True where Helpdesk itself asks for feedback: no customer is asked twice."""
	if doc.doctype != HD_TICKET:
		return False
	return bool(cint(frappe.db.get_single_value("HD Settings", "enable_email_ticket_feedback")))


def _is_invited(doc: Document) -> bool:
	"""Return True if the ticket had an invitation within the time in which a link is valid."""
	since = clock.get_now() - timedelta(days=get_settings().rating_link_days)
	filters = {
		"reference_doctype": doc.doctype,
		"reference_name": str(doc.name),
		"invited_at": (">", since),
	}
	return bool(frappe.db.exists(TICKET_RATING, filters))


def _invite(doc: Document, recipient: str) -> None:
	"""Store the invitation and queue its mail."""
	now = clock.get_now_to_second()
	rating = frappe.new_doc(TICKET_RATING)
	rating.update(
		{
			"reference_doctype": doc.doctype,
			"reference_name": str(doc.name),
			"agent": _get_agent(doc),
			"team": doc.get("agent_group"),
			"invited_at": now,
			"expires_at": now + timedelta(days=get_settings().rating_link_days),
		}
	)
	rating.insert(ignore_permissions=True)  # whoever may close the ticket
	language = get_user_lang(recipient) if frappe.db.exists("User", recipient) else frappe.local.lang
	with print_language(language):
		_send_mail(doc, rating, recipient)


def _send_mail(doc: Document, rating: Document, recipient: str) -> None:
	"""Queue the mail. It names the ticket's number but not its subject, which may be personal."""
	link = build_link(rating.name, rating.expires_at)
	frappe.sendmail(
		recipients=[recipient],
		subject=_("How did we do? Your request {0}").format(doc.name),
		template="ticket_rating",
		args={
			"ticket": doc.name,
			"links": [(score, f"{link}&score={score}") for score in SCORES],
			"days": get_settings().rating_link_days,
		},
		reference_doctype=doc.doctype,
		reference_name=str(doc.name),
		add_unsubscribe_link=0,
	)


def _get_agent(doc: Document) -> str | None:
	"""Return whom the rating is about: the assignee, otherwise the agent who closes the ticket."""
	assignees = [doc.get(FIELD)] if doc.get(FIELD) else json.loads(doc.get("_assign") or "[]")
	if assignees:
		return assignees[0]
	user = frappe.session.user
	is_person = user not in frappe.STANDARD_USERS and not tickets.is_customer(user)
	return user if is_person else None
