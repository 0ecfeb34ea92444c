"""Add replies, which the customer gets, and internal notes, which no customer sees. Each is written as the
ticket's own app does.
"""

import frappe
from frappe import _
from frappe.core.doctype.communication.email import add_attachments, make
from frappe.model.document import Document

from orchestrator.doctypes import HD_TICKET_COMMENT
from orchestrator.exceptions import refuse
from orchestrator.helpdesk import attachments, mail
from orchestrator.helpdesk.attachments import Attachment
from orchestrator.helpdesk.shapes import IssueComment
from orchestrator.helpdesk.tickets import Ticket


def add_note(ticket: Ticket, content: str, files: list[Attachment]) -> IssueComment:
	"""Add an internal note. Refuse (403) a customer."""
	if not ticket.is_staff:
		refuse(
			_("Internal notes are for the support team. Send the reply with is_internal false."),
			frappe.PermissionError,
		)
	if ticket.is_issue:
		note = _add_note_to_issue(ticket.doc, content + attachments.render_links(files))
	else:
		note = _add_note_to_hd_ticket(ticket.doc, content)
	attachments.attach_files(files, note)
	return _serialize_reply(ticket, note, files, recipients=[], is_internal=True)


def _add_note_to_issue(doc: Document, content: str) -> Document:
	"""Add a comment. Desk shows its text but no files, which become links."""
	return doc.add_comment("Comment", content)


def _add_note_to_hd_ticket(doc: Document, content: str) -> Document:
	doc.new_comment(content)
	return _get_latest(HD_TICKET_COMMENT, {"reference_ticket": doc.name})


def add_reply(
	ticket: Ticket, content: str, files: list[Attachment], copies: list[str] | None = None
) -> IssueComment:
	"""Add a reply that both sides see: the support team's goes to the customer, the customer's reopens the
	ticket.

	`copies` are further recipients; if None, those who got copies of the customer's latest mail.
	"""
	if not ticket.is_staff:
		if copies:
			refuse(_("Only the support team may send copies. Leave cc out."), frappe.PermissionError)
		write = _create_customer_reply_on_issue if ticket.is_issue else _create_customer_reply_on_hd_ticket
		return _serialize_reply(ticket, write(ticket.doc, content, files), files, recipients=[])
	recipient = mail.get_customer_address(ticket.doc)
	copies = mail.get_customer_copies(ticket.doc) if copies is None else copies
	copies = [address for address in copies if address != recipient]
	reply = _send_staff_reply_on_issue if ticket.is_issue else _send_staff_reply_on_hd_ticket
	written = reply(ticket.doc, content, files, recipient, copies)
	return _serialize_reply(
		ticket, written, files, recipients=[recipient] if recipient else [], copies=copies
	)


def _send_staff_reply_on_issue(
	doc: Document, content: str, files: list[Attachment], recipient: str | None, copies: list[str]
) -> Document:
	"""Send a reply as Desk's mail dialog does. Refuse (403) without the permission to send mail about the
	issue.
	"""
	written = make(
		doctype=doc.doctype,
		name=doc.name,
		subject=f"Re: {doc.subject}",
		content=content,
		recipients=recipient,
		cc=", ".join(copies) or None,
		send_email=bool(recipient) and mail.can_send(doc.doctype),
		attachments=[file.name for file in files] or None,
		communication_type="Communication",
		in_reply_to=mail.get_answered_communication(doc),
	)
	return frappe.get_doc("Communication", written["name"])


def _send_staff_reply_on_hd_ticket(
	doc: Document, content: str, files: list[Attachment], _recipient: str | None, copies: list[str]
) -> Document:
	"""Send a reply as Helpdesk does.

	Helpdesk refuses to save a reply that it cannot mail, or that answers no message: for such a ticket, set
	the attributes that it checks.
	"""
	if not doc.sender_email():
		doc.skip_email_workflow = lambda: True
	if not doc.get_last_communication():
		doc.get_last_communication = lambda: frappe._dict()
	doc.reply_via_agent(
		content,
		to=doc.raised_by,  # Helpdesk below 1.20 does so by itself
		cc=", ".join(copies) or None,
		attachments=attachments.copy_files(files),
	)
	return _get_latest_communication(doc)


def _create_customer_reply_on_issue(doc: Document, content: str, files: list[Attachment]) -> Document:
	"""Create the customer's reply like one received by mail: Frappe reopens the issue, and ERPNext resumes
	its service level.
	"""
	received = frappe.get_doc(
		{
			"doctype": "Communication",
			"communication_type": "Communication",
			"communication_medium": "Email",
			"sent_or_received": "Received",
			"email_status": "Open",
			"subject": f"Re: {doc.subject}",
			"sender": frappe.session.user,
			"content": content,
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"in_reply_to": mail.get_answered_communication(doc),
			"has_attachment": int(bool(files)),
		}
	)
	# as ERPNext's portal does for the first message: users who may read the ticket there may reply
	received.insert(ignore_permissions=True)
	add_attachments(received.name, [file.name for file in files])
	return received


def _create_customer_reply_on_hd_ticket(doc: Document, content: str, files: list[Attachment]) -> Document:
	"""Create a customer's reply as Helpdesk does. It mails the agents, and fails without an e-mail account."""
	if not mail.can_send(doc.doctype):
		doc.send_reply_email_to_agent = lambda *_message: None
	doc.create_communication_via_contact(
		content, attachments=[{"name": name} for name in attachments.copy_files(files)]
	)
	return _get_latest_communication(doc)


def _get_latest_communication(doc: Document) -> Document:
	return _get_latest("Communication", {"reference_doctype": doc.doctype, "reference_name": str(doc.name)})


def _get_latest(doctype: str, filters: dict[str, str]) -> Document:
	"""Return the record that the caller has just created by a method of Helpdesk that does not return it."""
	return frappe.get_last_doc(doctype, {**filters, "owner": frappe.session.user}, order_by="creation desc")


def _serialize_reply(
	ticket: Ticket,
	written: Document,
	files: list[Attachment],
	recipients: list[str],
	copies: list[str] | None = None,
	is_internal: bool = False,
) -> IssueComment:
	"""Return the reply's fields that the caller gets."""
	queued = not is_internal and mail.is_queued(written.name)
	recipient = recipients[0] if recipients else None
	return IssueComment(
		comment=str(written.name),
		doctype=written.doctype,
		issue=str(ticket.doc.name),
		is_internal=is_internal,
		content=written.content,
		sender=frappe.session.user,
		recipients=recipients,
		cc=copies or [],
		attachments=[file.name for file in files],
		mail_queued=queued,
		mail_note=None if queued or is_internal else mail.explain_unsent(ticket, recipient),
		status=frappe.db.get_value(ticket.doc.doctype, ticket.doc.name, "status"),
	)
