"""Find the tickets of the helpdesk calls: ERPNext's Issue and, if Helpdesk is installed, its HD Ticket.

A name is looked up in both. An HD Ticket's name is a number, an Issue's rarely: of two with the same name,
the Issue is used, unless the caller may not read it or names the DocType.
"""

import re
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.api.records import raise_not_found
from orchestrator.apps import is_installed, require_app
from orchestrator.assignment import FIELD, get_previous_value
from orchestrator.doctypes import HD_TICKET, ISSUE
from orchestrator.exceptions import InvalidRequestError, refuse

DOCTYPES = (ISSUE, HD_TICKET)
PORTAL_ROLES = frozenset({"Customer", "Supplier"})
TICKET_NUMBER = re.compile(r"^\d{1,18}$")


@dataclass(frozen=True)
class Ticket:
	"""A ticket that the caller may read. `is_staff` is False for a caller who reads it as its customer."""

	doc: Document
	is_staff: bool

	@property
	def is_issue(self) -> bool:
		return self.doc.doctype == ISSUE


def get_ticket(name: str | int, doctype: str | None = None) -> Ticket:
	"""Return the ticket of that name, as the caller may see it.

	Raises DoesNotExistError (404) for one that is missing or hidden, PermissionError (403) if the caller may
	see no tickets at all, InvalidRequestError (400) for a `doctype` that is not one of tickets,
	MissingAppError (501).
	"""
	doctypes = _list_doctypes(str(name), doctype)
	for candidate in doctypes:
		doc = get_document(candidate, _parse_name(candidate, name))
		if doc and (ticket := _build_caller_view(doc)):
			return ticket
	if doctypes == [ISSUE] and not is_customer():
		frappe.has_permission(ISSUE, "read", throw=True)
	raise_not_found(doctypes[-1], name)
	raise AssertionError


def _parse_name(doctype: str, name: str | int) -> str:
	"""Return the name of a ticket. A number is padded where its DocType pads: Helpdesk 1.20 and later have 0043 for 43."""
	text = str(name)
	if isinstance(name, int) and doctype == HD_TICKET and not frappe.db.exists(HD_TICKET, text):
		return text.zfill((frappe.get_meta(HD_TICKET).autoname or "").count("#"))
	return text


def _list_doctypes(name: str, doctype: str | None) -> list[str]:
	"""Return the DocTypes that may have a ticket of that name, in the order of the look-up."""
	if doctype:
		check_doctype(doctype)
		return [doctype]
	return [ISSUE, HD_TICKET] if TICKET_NUMBER.match(name) and is_installed("helpdesk") else [ISSUE]


def check_doctype(doctype: str) -> None:
	"""Refuse (400) a DocType that is not one of tickets, and (501) an HD Ticket without Helpdesk."""
	if doctype not in DOCTYPES:
		refuse(_("doctype must be one of: {0}.").format(", ".join(DOCTYPES)), InvalidRequestError)
	if doctype == HD_TICKET:
		require_app("helpdesk")


def get_document(doctype: str, name: str) -> Document | None:
	"""Return the record, None if it does not exist. The permission is not checked yet."""
	if doctype == HD_TICKET and not _is_ticket_number(name):
		return None
	try:
		return frappe.get_doc(doctype, name)
	except frappe.DoesNotExistError:
		frappe.clear_last_message()
		return None


def _is_ticket_number(name: str) -> bool:
	"""Return True for a possible name of an HD Ticket. Helpdesk below 1.20 stores them in a column of
	numbers, where MariaDB would also find ticket 5 by "5th floor" and by "05".
	"""
	if not TICKET_NUMBER.match(name):
		return False
	return frappe.get_meta(HD_TICKET).autoname != "autoincrement" or not name.startswith("0")


def _build_caller_view(doc: Document) -> Ticket | None:
	"""Return the ticket as staff or as customer. None if the caller may not read it.

	Customers have no role for issues: ERPNext lets them read their own ones in its portal.
	"""
	if doc.doctype == HD_TICKET:
		return Ticket(doc, is_staff=is_agent()) if doc.has_permission("read") else None
	if is_customer():
		return (
			Ticket(doc, is_staff=False) if _is_visible_in_portal(doc) or doc.has_permission("read") else None
		)
	if doc.has_permission("read"):
		return Ticket(doc, is_staff=True)
	return Ticket(doc, is_staff=False) if _is_visible_in_portal(doc) else None


def _is_visible_in_portal(doc: Document) -> bool:
	"""Return True if the caller may read the issue in ERPNext's portal: of a customer they are a portal user
	of, or raised by themselves. Not called for support staff, because the portal would read a list of
	customers, which they may not.
	"""
	in_portal = PORTAL_ROLES.intersection(frappe.get_roles()) or not has_role_for_issues()
	return bool(in_portal and frappe.has_website_permission(doc))


def has_role_for_issues() -> bool:
	"""Return True if a role lets the caller read issues."""
	return bool(frappe.has_permission(ISSUE, "read"))


def is_customer(user: str | None = None) -> bool:
	"""Return True for a portal user: a customer."""
	user = user or frappe.session.user
	return frappe.db.get_value("User", user, "user_type") != "System User"


def is_agent(user: str | None = None) -> bool:
	"""Return True if Helpdesk lists the user, by default the caller, as an agent."""
	from helpdesk.utils import is_agent as helpdesk_knows

	return bool(helpdesk_knows(user))


def validate(doc: Document, _method: str | None = None) -> None:
	"""Handle the hook validate of HD Ticket: its customer, who may write it, cannot change its assignment."""
	before = get_previous_value(doc)
	if doc.get(FIELD) == before or is_agent():
		return
	if doc.get(FIELD):
		refuse(_("Only agents may assign tickets. Leave assigned_to out."), frappe.PermissionError)
	doc.flags.assigned_to = before
