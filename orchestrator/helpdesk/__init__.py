"""The helpdesk endpoints: comments on a ticket, its service level, the caller's own tickets."""

from typing import Annotated

import frappe
from frappe import _, _lt

from orchestrator.api import lists
from orchestrator.api.endpoint import CREATE, READ, endpoint
from orchestrator.api.schema_types import Names, OneOf, PageLength, RowOffset
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk import attachments as files
from orchestrator.helpdesk import mail, message_text, own_tickets, replies, service_level, tickets
from orchestrator.helpdesk.shapes import IssueComment, SlaStatus, TicketPage

TicketType = Annotated[str | None, OneOf(*tickets.DOCTYPES)]


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Comment added"), effect=CREATE)
def add_issue_comment(
	issue: str | int,
	message: str,
	is_internal: bool = False,
	attachments: Names = None,
	doctype: TicketType = None,
	cc: Names = None,
	format: Annotated[str | None, OneOf(message_text.TEXT, message_text.HTML)] = None,  # noqa: A002  # the parameter's name
) -> IssueComment:
	"""Reply to a ticket's customer, or add an internal note.

	A reply goes out through the site's mail queue, in the thread of earlier mail, and stops the first-response clock. Without an outgoing email account it is saved all the same, and the result says that no mail was sent. A customer may reply to their own ticket, which reopens it. HTML is sanitized.

	Args:
		issue: Name of the ticket, an Issue or an HD Ticket.
		message: Text of the comment or reply.
		is_internal: true: a note that customers never see. false: a reply to the customer. Default: false.
		attachments: Names of Files to attach, as a list.
		doctype: DocType of the ticket. Default: Issue, then HD Ticket where the name is a number.
		cc: Addresses that receive a copy, as a list; [] for nobody. Default: those whom the customer's latest mail copied.
		format: text or html. Default: html where the message has a known HTML tag.

	Returns:
		The comment, its recipients, and whether it is sent by mail.

	Permissions:
		Support staff for tickets that they may read. Customers for their own, without internal notes and `cc`.

	Raises:
		PermissionError: 403. The caller has no tickets, or is a customer who sends a note or `cc`.
		DoesNotExistError: 404. The ticket is missing or hidden.
		InvalidRequestError: 400. format, doctype, attachments or cc is malformed, or cc is sent with a note.
		ValidationError: 422. The message is empty.
		LinkValidationError: 422. A File is missing.
		MissingAppError: 501. An HD Ticket is meant, and Helpdesk is not installed.
	"""
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
def get_sla_status(issue: str | int, doctype: TicketType = None) -> SlaStatus:
	"""Return the state of a ticket's service level agreement.

	Args:
		issue: Name of the ticket, an Issue or an HD Ticket.
		doctype: DocType of the ticket. Default: Issue, then HD Ticket where the name is a number.

	Returns:
		Due times, seconds left, and the statuses of first response and resolution.

	Permissions:
		Support staff for tickets that they may read, customers for their own.

	Raises:
		PermissionError: 403. The caller may read no tickets.
		DoesNotExistError: 404. The ticket is missing or hidden.
		InvalidRequestError: 400. The DocType is not one of tickets.
		MissingAppError: 501. An HD Ticket is meant, and Helpdesk is not installed.
	"""
	return service_level.build_sla_status(tickets.get_ticket(issue, doctype).doc)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Tickets fetched"), effect=READ)
def get_my_tickets(
	relation: Annotated[str | None, OneOf(*own_tickets.RELATIONS)] = None,
	status: str | None = None,
	doctype: TicketType = None,
	limit_start: RowOffset = None,
	limit_page_length: PageLength = None,
) -> TicketPage:
	"""Return a page of the caller's own tickets, latest change first.

	Args:
		relation: assigned: tickets assigned to the caller, the default for support staff. raised: tickets raised by the caller or their contact, the default for customers.
		status: Only tickets with this status.
		doctype: DocType of the tickets. Default: all that the site has.
		limit_start: Number of tickets to skip. Default: 0.
		limit_page_length: Number of tickets on a page. Default: 20.

	Returns:
		The tickets of the page and the total.

	Permissions:
		Every user, for their own tickets alone.

	Raises:
		InvalidRequestError: 400. The relation, the DocType or the page does not exist.
		MissingAppError: 501. HD Tickets are asked for, and Helpdesk is not installed.
	"""
	wanted = own_tickets.parse_relation(relation)
	doctypes = own_tickets.parse_doctypes(doctype)
	start, length = lists.parse_page(limit_start, limit_page_length)
	return own_tickets.get_page(doctypes, wanted, status, start, length)
