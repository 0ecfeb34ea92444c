"""Whether a reply can leave by mail, and to which earlier mail it belongs."""

import frappe
from frappe import _
from frappe.email.doctype.email_account.email_account import EmailAccount
from frappe.model.document import Document
from frappe.utils import parse_addr, validate_email_address

from orchestrator.helpdesk.tickets import Ticket


def address_of_customer(doc: Document) -> str | None:
	"""Where the customer reads mail: who raised the ticket, else its contact. None where there is no address."""
	contact = frappe.db.get_value("Contact", doc.contact, "email_id") if doc.get("contact") else None
	for address in (doc.raised_by, contact):
		if found := validate_email_address(parse_addr(address or "")[1]):
			return found
	return None


def can_send(doctype: str) -> bool:
	"""True where the site has an account that sends the caller's mail about such a record."""
	return bool(EmailAccount.find_outgoing(match_by_email=frappe.session.user, match_by_doctype=doctype))


def answered(doc: Document) -> str | None:
	"""The Communication that a reply answers: the latest one that has been a mail, so that the customer's mail
	program shows both in one thread."""
	filters = {
		"reference_doctype": doc.doctype,
		"reference_name": str(doc.name),
		"communication_type": "Communication",
		"message_id": ("is", "set"),
	}
	return frappe.db.get_value("Communication", filters, order_by="communication_date desc, creation desc")


def is_queued(communication: str) -> bool:
	"""True where the reply waits in the site's queue, or has left it."""
	return bool(frappe.db.exists("Email Queue", {"communication": communication}))


def why_not(ticket: Ticket, recipient: str | None) -> str:
	"""What to tell the caller about a reply that goes nowhere by mail."""
	if not ticket.is_staff:
		return _("No mail was sent: the support team reads it on the ticket.")
	if not recipient:
		return _(
			"No mail was sent: the ticket has no email address of its customer. Enter one and reply again."
		)
	if not can_send(ticket.doc.doctype):
		return _(
			"No mail was sent: this site has no outgoing Email Account. The customer sees the reply in the portal."
		)
	return _("No mail was sent: the site is set not to send this reply by mail.")
