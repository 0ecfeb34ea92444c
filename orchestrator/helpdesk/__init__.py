"""The helpdesk endpoints: replies and notes, service levels, pauses, macros, ratings, the caller's own tickets."""

from typing import Annotated

import frappe
from frappe import _, _lt

from orchestrator.api import lists
from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.api.schema_types import ListOf, Names, OneOf, OptionalDay, PageLength, RowOffset
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk import attachments as files
from orchestrator.helpdesk import (
	countdown,
	macros,
	mail,
	message_text,
	own_tickets,
	pauses,
	replies,
	satisfaction,
	service_level,
	tickets,
)
from orchestrator.helpdesk.shapes import (
	CountdownPage,
	IssueComment,
	MacroPreview,
	MacroRun,
	MacroSummary,
	ReplyRecipients,
	Satisfaction,
	SlaStatus,
	TicketPage,
	TicketPauseState,
)

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


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Recipients fetched"), effect=READ)
def get_reply_recipients(issue: str | int, doctype: TicketType = None) -> ReplyRecipients:
	"""Return who would get a reply to a ticket.

	Args:
		issue: Name of the ticket, an Issue or an HD Ticket.
		doctype: DocType of the ticket. Default: Issue, then HD Ticket where the name is a number.

	Returns:
		The customer's address, the addresses that get a copy, and why no mail would be sent, if so.

	Permissions:
		Support staff for tickets that they may read.

	Raises:
		PermissionError: 403. The caller may read no tickets, or is the ticket's customer.
		DoesNotExistError: 404. The ticket is missing or hidden.
		InvalidRequestError: 400. The DocType is not one of tickets.
		MissingAppError: 501. An HD Ticket is meant, and Helpdesk is not installed.
	"""
	ticket = tickets.get_ticket(issue, doctype)
	if not ticket.is_staff:
		refuse(_("Only the support team sees who gets a reply."), frappe.PermissionError)
	recipient = mail.get_customer_address(ticket.doc)
	return ReplyRecipients(
		issue=str(ticket.doc.name),
		doctype=ticket.doc.doctype,
		recipient=recipient,
		cc=[address for address in mail.get_customer_copies(ticket.doc) if address != recipient],
		mail_note=mail.explain_if_unsendable(ticket, recipient),
	)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Countdowns fetched"), effect=READ)
def get_sla_countdowns(
	names: Annotated[str | list, ListOf(maximum=countdown.MAX_TICKETS)], doctype: TicketType = None
) -> CountdownPage:
	"""Return the working time until the next target of each ticket, of a whole list page at once.

	Args:
		names: Names of the tickets as a list, at most 500.
		doctype: DocType of the tickets. Default: Issue.

	Returns:
		A countdown for each ticket that the caller may read; others are left out. Reasons of pauses and escalations are for support staff.

	Permissions:
		Read permission on the tickets.

	Raises:
		PermissionError: 403. The caller may read no such tickets.
		InvalidRequestError: 400. The names are no list, or too many, or the DocType is not one of tickets.
		MissingAppError: 501. HD Tickets are meant, and Helpdesk is not installed.
	"""
	kind = doctype or tickets.DOCTYPES[0]
	tickets.check_doctype(kind)
	return countdown.get_page(kind, countdown.parse_names(names))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Ticket paused"), effect=WRITE)
def pause_ticket(
	issue: str | int,
	reason: Annotated[str, OneOf(*pauses.REASONS)],
	note: str | None = None,
	status: str | None = None,
	doctype: TicketType = None,
) -> TicketPauseState:
	"""Put a ticket on hold and store the reason, or change the reason of its present pause.

	Args:
		issue: Name of the ticket, an Issue or an HD Ticket.
		reason: Why the ticket waits.
		note: Details for the support team, at most 1,000 characters. Customers never see them.
		status: Status that the ticket gets, one that pauses it. Default: its present one if it is paused, otherwise On Hold.
		doctype: DocType of the ticket. Default: Issue, then HD Ticket where the name is a number.

	Returns:
		The pause with its reason.

	Permissions:
		Support staff with write permission on the ticket.

	Raises:
		PermissionError: 403. The caller is not support staff, or may not write the ticket.
		DoesNotExistError: 404. The ticket is missing or hidden.
		InvalidRequestError: 400. The reason, the status or the DocType does not exist, or the note is too long.
		ConflictError: 409. The ticket is resolved or closed.
		ValidationError: 422. The ticket itself refuses to be saved.
		MissingAppError: 501. An HD Ticket is meant, and Helpdesk is not installed.
	"""
	return pauses.pause_ticket(tickets.get_ticket(issue, doctype), reason, note, status)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Macros fetched"), effect=READ)
def get_macros(doctype: TicketType = None) -> list[MacroSummary]:
	"""Return the macros that the caller may apply to tickets of a type.

	Args:
		doctype: DocType of the tickets. Default: Issue.

	Returns:
		Name, description, team and steps of each macro, by title.

	Permissions:
		Support staff. A macro of a team is for users with its role.

	Raises:
		PermissionError: 403. The caller is not support staff.
		InvalidRequestError: 400. The DocType is not one of tickets.
		MissingAppError: 501. HD Tickets are meant, and Helpdesk is not installed.
	"""
	kind = doctype or tickets.DOCTYPES[0]
	tickets.check_doctype(kind)
	return macros.list_macros(kind)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Macro previewed"), effect=READ)
def preview_macro(macro: str, issue: str | int, doctype: TicketType = None) -> MacroPreview:
	"""Return what a macro would do to a ticket. Nothing is changed or sent.

	Args:
		macro: Name of the macro.
		issue: Name of the ticket, an Issue or an HD Ticket.
		doctype: DocType of the ticket. Default: Issue, then HD Ticket where the name is a number.

	Returns:
		The reply with its recipients, the note, the changes, and the reason for which the macro would be refused.

	Permissions:
		Support staff for tickets that they may read, and macros of their teams.

	Raises:
		PermissionError: 403. The caller is not support staff.
		DoesNotExistError: 404. The ticket or the macro is missing, hidden, or for other tickets.
		InvalidRequestError: 400. The DocType is not one of tickets.
		MissingAppError: 501. An HD Ticket is meant, and Helpdesk is not installed.
	"""
	return macros.preview(macro, tickets.get_ticket(issue, doctype))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Macro applied"), effect=WRITE)
def apply_macro(
	macro: str,
	issues: Annotated[str | list, ListOf(minimum=1, maximum=macros.MAX_TICKETS)],
	doctype: TicketType = None,
) -> MacroRun:
	"""Apply a macro to tickets. Each ticket is changed as a whole or not at all.

	Args:
		macro: Name of the macro.
		issues: Names of 1 to 50 tickets of one type, as a list.
		doctype: DocType of the tickets. Default: Issue, or HD Ticket where the names are numbers.

	Returns:
		The result of each ticket, with the error of those that failed.

	Permissions:
		Support staff. Each step needs the permission that it needs by hand.

	Raises:
		PermissionError: 403. The caller is not support staff.
		DoesNotExistError: 404. The macro is missing, hidden, or for other tickets.
		InvalidRequestError: 400. The tickets are no list, too many, or of different types.
		MissingAppError: 501. HD Tickets are meant, and Helpdesk is not installed.
	"""
	names = macros.parse_tickets(issues)
	return macros.apply(macro, names, macros.resolve_doctype(doctype, names))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Satisfaction fetched"), effect=READ)
def get_satisfaction(
	group_by: Annotated[str | None, OneOf(*satisfaction.KEYS)] = None,
	from_date: OptionalDay = None,
	to_date: OptionalDay = None,
	doctype: TicketType = None,
) -> Satisfaction:
	"""Return how customers rated the handling of their tickets, by agent, team or time.

	Args:
		group_by: agent, team, day, week or month. Default: agent.
		from_date: First day on which customers were asked, as YYYY-MM-DD. Default: 89 days before to_date.
		to_date: Last day on which customers were asked, as YYYY-MM-DD. Default: today.
		doctype: DocType of the tickets. Default: all that the site has.

	Returns:
		Average, number of answers and response rate, in total and for each group.

	Permissions:
		Read permission on Ticket Rating; ratings of tickets that the caller may read.

	Raises:
		PermissionError: 403. The caller may read no ratings.
		InvalidRequestError: 400. The grouping, a date or the DocType is malformed, or the period too long.
		MissingAppError: 501. HD Tickets are meant, and Helpdesk is not installed.
	"""
	if doctype:
		tickets.check_doctype(doctype)
	first, last = satisfaction.parse_period(from_date, to_date)
	return satisfaction.get_satisfaction(satisfaction.parse_grouping(group_by), first, last, doctype)
