"""Validation of Ticket Macro."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import strip_html

from orchestrator.apps import is_installed
from orchestrator.doctypes import HD_TICKET, ISSUE
from orchestrator.exceptions import refuse
from orchestrator.helpdesk import placeholders, ticket_fields

MESSAGES = ("reply", "note")
CHANGES = ("status", "priority", "assign_to", "tags")
MAX_TAGS = 20


def validate(doc: Document) -> None:
	"""Handle the hook validate."""
	for field in MESSAGES:
		if not is_message(doc.get(field)):
			doc.set(field, None)
		placeholders.check(doc.get(field))
	if doc.assign_to_me:
		doc.assign_to = None
	_check_steps(doc)
	_check_assignee(doc)
	_check_values(doc)


def is_message(text: str | None) -> bool:
	"""Return True for text that says something: an emptied editor leaves tags behind."""
	return bool(text and (strip_html(text).strip() or "<img" in text))


def split_tags(text: str | None) -> list[str]:
	"""Return the tags of the field, without repetitions."""
	return list(dict.fromkeys(tag for part in (text or "").split(",") if (tag := part.strip())))


def list_doctypes(doc: Document) -> list[str]:
	"""Return the types of tickets that the macro is for."""
	if doc.ticket_type:
		return [doc.ticket_type]
	return [ISSUE, *([HD_TICKET] if is_installed("helpdesk") else [])]


def _check_steps(doc: Document) -> None:
	if not any(doc.get(field) for field in (*MESSAGES, *CHANGES, "assign_to_me")):
		refuse(_("Add a message or a change: this macro does nothing yet."), frappe.ValidationError)
	if len(split_tags(doc.tags)) > MAX_TAGS:
		refuse(_("A macro adds at most {0} tags.").format(MAX_TAGS), frappe.ValidationError)


def _check_assignee(doc: Document) -> None:
	if doc.assign_to and not frappe.db.get_value("User", doc.assign_to, "enabled"):
		refuse(_("{0} is disabled. Choose someone else.").format(doc.assign_to), frappe.ValidationError)


def _check_values(doc: Document) -> None:
	"""Refuse a status or priority that none of the macro's types of tickets has."""
	doctypes = list_doctypes(doc)
	statuses = [status for doctype in doctypes for status in ticket_fields.list_statuses(doctype)]
	if doc.status and doc.status not in statuses:
		refuse(
			_("{0} is not a status of these tickets. Use one of: {1}.").format(
				frappe.bold(doc.status), ", ".join(dict.fromkeys(statuses))
			),
			frappe.ValidationError,
		)
	if doc.priority and not any(ticket_fields.has_priority(doctype, doc.priority) for doctype in doctypes):
		refuse(
			_("{0} is not a priority of these tickets.").format(frappe.bold(doc.priority)),
			frappe.ValidationError,
		)
