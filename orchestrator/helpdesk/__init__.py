"""The helpdesk endpoints: comments on a ticket, its service level, one's own tickets."""

import frappe
from frappe import _, _lt

from orchestrator.api import lists
from orchestrator.api.endpoint import CREATE, READ, endpoint
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk import attachments as files
from orchestrator.helpdesk import mail, message_text, own_tickets, replies, service_level, tickets
from orchestrator.helpdesk.shapes import IssueComment, SlaStatus, TicketPage


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Comment added"), effect=CREATE)
def add_issue_comment(
	issue: str | int,
	message: str,
	is_internal: bool = False,
	attachments: str | list | None = None,
	doctype: str | None = None,
	cc: str | list | None = None,
	format: str | None = None,  # noqa: A002  # the parameter's name
) -> IssueComment:
	"""Write on a ticket, an Issue or an HD Ticket. HTML is sanitised; `attachments` are names of Files.

	`format` says whether the message is text or html; without it, a known tag of HTML decides, and of a text every
	character and line stays. `cc` are addresses that get a copy of the mail; without it, those whom the customer's
	latest mail went to as copies, with an empty list nobody.

	Public: the reply goes to the customer through the site's mail queue, in the thread of earlier mail, and stops
	the first-response clock; without an outgoing account it is written all the same, and the reply says that no
	mail was sent. A customer may reply on their own ticket, which reopens it. Internal: a note that no customer
	sees. Raises DoesNotExistError (404) or PermissionError (403) as get_sla_status does, PermissionError also for
	an internal note or `cc` by a customer, InvalidRequestError (400) for another format, for `cc` that is no list of addresses or
	that goes with a note, ValidationError (422) for an empty message or a File that is missing."""
	ticket = tickets.get_ticket(issue, doctype)
	content = message_text.render_message(message, format)
	copies = mail.parse_copies(cc)
	attached = files.parse_attachments(attachments)
	if is_internal:
		if copies:
			refuse(_("Internal notes are not sent by email. Leave cc out."), InvalidRequestError)
		return replies.add_note(ticket, content, attached)
	return replies.add_reply(ticket, content, attached, copies)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Service level checked"), effect=READ)
def get_sla_status(issue: str | int, doctype: str | None = None) -> SlaStatus:
	"""How a ticket stands against its service level agreement. For who may read it: support staff, its customer.

	A name is looked for among Issues, then, where it is a number, among HD Tickets; `doctype` says which one is
	meant. Raises DoesNotExistError (404) for a ticket that is missing or hidden, PermissionError (403) where the
	caller may read no tickets at all, InvalidRequestError (400) for another DocType, MissingAppError (501) for an HD Ticket
	without Helpdesk."""
	return service_level.build_sla_status(tickets.get_ticket(issue, doctype).doc)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Tickets fetched"), effect=READ)
def get_my_tickets(
	relation: str | None = None,
	status: str | None = None,
	doctype: str | None = None,
	limit_start: str | int | None = None,
	limit_page_length: str | int | None = None,
) -> TicketPage:
	"""A page of the caller's own tickets, Issues and HD Tickets together, the latest change first.

	`relation` is assigned (to the caller, the default for support staff) or raised (by the caller, or by their
	contact, the default for customers). Everyone may ask, for themselves alone. Raises InvalidRequestError (400) for an
	unknown relation, DocType or page, MissingAppError (501) for HD Tickets without Helpdesk."""
	wanted = own_tickets.parse_relation(relation)
	doctypes = own_tickets.parse_doctypes(doctype)
	start, length = lists.parse_page(limit_start, limit_page_length)
	return own_tickets.get_page(doctypes, wanted, status, start, length)
