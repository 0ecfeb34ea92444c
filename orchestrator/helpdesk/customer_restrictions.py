"""Targets of `override_whitelisted_methods` for methods that would show a customer more of a ticket than
allowed: Desk's form, which includes all comments, the socket room of open forms, and Helpdesk's search, which
finds agents' notes.

Staff get the apps' own functions. As in `orchestrator.api.overrides`, the function is chosen in each request,
so that no frame of this app is on their stack.
"""

import json
from collections.abc import Callable
from typing import Any

import frappe
from frappe import _

from orchestrator.api.endpoint import READ, endpoint
from orchestrator.doctypes import HD_TICKET_COMMENT
from orchestrator.exceptions import refuse
from orchestrator.helpdesk.tickets import DOCTYPES, is_customer


def _is_customer_form() -> bool:
	"""Return True if a customer requests the form of a ticket, or its live updates."""
	return frappe.form_dict.get("doctype") in DOCTYPES and is_customer()


def _is_customer_room() -> bool:
	"""Return True if a customer requests live updates of one ticket; without a name, Frappe 16 asks about the
	list.
	"""
	return bool(frappe.form_dict.get("name")) and _is_customer_form()


def _is_saved_by_customer() -> bool:
	"""Return True if a customer saves a ticket as Desk's form does, whose reply contains the comments."""
	return is_customer() and _parse_doctype(frappe.form_dict.get("doc")) in DOCTYPES


def _is_note_hidden() -> bool:
	"""Return True if the user may not read the notes that a search would find."""
	return not frappe.has_permission(HD_TICKET_COMMENT, "read")


def _parse_doctype(text: Any) -> str | None:
	"""Return the DocType of a record as Desk sends it, None if it is not a record."""
	try:
		record = json.loads(text)
	except (TypeError, ValueError):
		return None
	return record.get("doctype") if isinstance(record, dict) else None


REFUSAL = "orchestrator.helpdesk.customer_restrictions.refuse_customer"
# our name -> the app's own function
METHODS = {
	"getdoc": "frappe.desk.form.load.getdoc",
	"get_docinfo": "frappe.desk.form.load.get_docinfo",
	"savedocs": "frappe.desk.form.save.savedocs",
	# called by the socket server to check who may join a record's room: the first in Frappe 15, the second in Frappe 16
	"can_subscribe_doc": "frappe.realtime.can_subscribe_doc",
	"has_permission": "frappe.realtime.has_permission",
	"search": "helpdesk.api.search.search",
	"get_filter_options": "helpdesk.api.search.get_filter_options",
}
IS_REFUSED: dict[str, Callable[[], bool]] = {
	"getdoc": _is_customer_form,
	"get_docinfo": _is_customer_form,
	"savedocs": _is_saved_by_customer,
	"can_subscribe_doc": _is_customer_form,
	"has_permission": _is_customer_room,
	"search": _is_note_hidden,
	"get_filter_options": _is_note_hidden,
}


def __getattr__(name: str) -> Callable[..., Any]:
	"""Return the function to run for this request."""
	if name not in METHODS:
		raise AttributeError(name)
	return frappe.get_attr(REFUSAL if IS_REFUSED[name]() else METHODS[name])


@frappe.whitelist(methods=["GET", "POST", "PUT", "DELETE"])
@endpoint(effect=READ, is_public=False)
def refuse_customer() -> None:
	"""Refuse a customer, in place of the platform's method.

	Returns:
		Nothing.

	Permissions:
		Nobody.

	Raises:
		PermissionError: 403. Always.
	"""
	refuse(
		_("Only the support team may do this. Read your own tickets in the portal or with get_my_tickets."),
		frappe.PermissionError,
	)
