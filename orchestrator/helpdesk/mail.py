"""Replies by mail: whether one can be sent, and the earlier mail that it answers."""

from email.utils import getaddresses
from typing import Any

import frappe
from frappe import _
from frappe.email.doctype.email_account.email_account import EmailAccount
from frappe.model.document import Document
from frappe.utils import cint, parse_addr, validate_email_address

from orchestrator.api.parameters import parse_json
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk.tickets import Ticket

MAX_COPIES = 50


def get_customer_address(doc: Document) -> str | None:
	"""Return the customer's mail address: of the user who raised the ticket, otherwise of its contact.

	None if there is no address.
	"""
	contact = frappe.db.get_value("Contact", doc.contact, "email_id") if doc.get("contact") else None
	for address in (doc.raised_by, contact):
		if email := validate_email_address(parse_addr(address or "")[1]):
			return email
	return None


def parse_copies(value: Any) -> list[str] | None:
	"""Return the addresses of the parameter `cc`, a list or comma-separated text; None if none was sent.

	Raises:
		InvalidRequestError: It holds something that is no address, or too many of them (400).
	"""
	if value is None:
		return None
	entries = (
		parse_json("cc", value) if isinstance(value, list) or str(value).lstrip().startswith("[") else [value]
	)
	if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
		refuse(_("cc must be a list of email addresses."), InvalidRequestError)
	addresses = [address for _name, address in getaddresses([entry for entry in entries if entry.strip()])]
	if wrong := [address for address in addresses if not validate_email_address(address)]:
		refuse(
			_("{0} is not a valid email address. Correct cc.").format(wrong[0] or value), InvalidRequestError
		)
	if len(addresses) > MAX_COPIES:
		refuse(_("cc takes at most {0} addresses.").format(MAX_COPIES), InvalidRequestError)
	return list(dict.fromkeys(addresses))


def get_customer_copies(doc: Document) -> list[str]:
	"""Return the recipients of copies of the customer's latest mail, without the addresses of this site
	itself.
	"""
	filters = {
		"reference_doctype": doc.doctype,
		"reference_name": str(doc.name),
		"communication_type": "Communication",
		"sent_or_received": "Received",
		"message_id": ("is", "set"),
	}
	latest = frappe.db.get_value(
		"Communication", filters, "cc", order_by="communication_date desc, creation desc"
	)
	own = {
		address.lower() for address in frappe.get_all("Email Account", pluck="email_id", limit=0) if address
	}
	addresses = [address for _name, address in getaddresses([latest or ""])]
	copies = [
		address for address in addresses if validate_email_address(address) and address.lower() not in own
	]
	return list(dict.fromkeys(copies))[:MAX_COPIES]


def can_send(doctype: str) -> bool:
	"""Return True if the site has an account for the caller's mail about such a record."""
	return bool(EmailAccount.find_outgoing(match_by_email=frappe.session.user, match_by_doctype=doctype))


def get_answered_communication(doc: Document) -> str | None:
	"""Return the Communication that a reply answers: the latest one that was a mail, so that the customer's
	mail program shows both in one thread.
	"""
	filters = {
		"reference_doctype": doc.doctype,
		"reference_name": str(doc.name),
		"communication_type": "Communication",
		"message_id": ("is", "set"),
	}
	return frappe.db.get_value("Communication", filters, order_by="communication_date desc, creation desc")


def is_queued(communication: str) -> bool:
	"""Return True if the reply is in the site's queue, or was sent."""
	return bool(frappe.db.exists("Email Queue", {"communication": communication}))


def explain_if_unsendable(ticket: Ticket, recipient: str | None) -> str | None:
	"""Return the reason for which a reply would not be sent by mail, None if it would."""
	if not recipient:
		return _("No email will be sent: the ticket has no email address for its customer.")
	if not can_send(ticket.doc.doctype):
		return _(
			"No email will be sent: this site has no outgoing Email Account. The customer sees the reply in the portal."
		)
	if not ticket.is_issue and not _mails_helpdesk_replies(ticket.doc):
		return _("No email will be sent: Helpdesk is set not to send replies by email.")
	return None


def _mails_helpdesk_replies(doc: Document) -> bool:
	"""Return True if Helpdesk's own settings let it mail replies."""
	is_enabled = cint(frappe.db.get_single_value("HD Settings", "enable_reply_email_via_agent"))
	return bool(is_enabled) and not cint(doc.skip_email_workflow())


def explain_unsent(ticket: Ticket, recipient: str | None) -> str:
	"""Return the reason for which a reply is not sent by mail, for the caller."""
	if not ticket.is_staff:
		return _("No email was sent: the support team sees the comment on the ticket.")
	if not recipient:
		return _(
			"No email was sent: the ticket has no email address for its customer. Enter one and reply again."
		)
	if not can_send(ticket.doc.doctype):
		return _(
			"No email was sent: this site has no outgoing Email Account. The customer sees the reply in the portal."
		)
	return _("No email was sent: this site does not send such replies by email.")
