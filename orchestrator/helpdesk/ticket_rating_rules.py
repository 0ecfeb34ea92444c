"""Permissions of Ticket Rating: whoever may read ratings reads those of tickets that they may read."""

import frappe
from frappe.model.document import Document

from orchestrator.access.record_conditions import NO_RECORDS, build_membership
from orchestrator.apps import is_installed
from orchestrator.doctypes import HD_TICKET, ISSUE, TICKET_RATING


def build_conditions(user: str | None = None) -> str:
	"""Handle the hook permission_query_conditions."""
	user = user or frappe.session.user
	if user == "Administrator":
		return ""
	table = f"`tab{TICKET_RATING}`"
	kinds = [ISSUE, *([HD_TICKET] if is_installed("helpdesk") else [])]
	parts = []
	for kind in kinds:
		membership = build_membership(kind, f"{table}.reference_name", user)
		if membership:
			parts.append(f"({table}.reference_doctype = {frappe.db.escape(kind)} and {membership})")
	return f"({' or '.join(parts)})" if parts else NO_RECORDS


def has_permission(doc: Document, user: str | None = None) -> bool:
	"""Handle the hook has_permission: only for a ticket that the user may read. Frappe's roles decide first."""
	user = user or frappe.session.user
	if user == "Administrator" or not doc.reference_name:
		return True
	if not frappe.db.exists(doc.reference_doctype, doc.reference_name):
		return False
	ticket = frappe.get_doc(doc.reference_doctype, doc.reference_name)
	return bool(ticket.has_permission("read", user=user))
