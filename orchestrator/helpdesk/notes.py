"""Comments on tickets are for colleagues: what Frappe and Desk do with one must not reach the customer."""

import json
from typing import TYPE_CHECKING

import frappe

from orchestrator.helpdesk.tickets import DOCTYPES

if TYPE_CHECKING:
	from frappe.core.doctype.comment.comment import Comment

COLUMN = "_comments"


def on_update(comment: "Comment", _method: str | None = None) -> None:
	"""Hook on_update of Comment: take the text out of the copy that Frappe keeps in the ticket's own row.

	Desk only counts these copies. But whoever may list a ticket may ask for the column, and a customer may list
	their own HD Tickets, or an Issue that was shared with them."""
	if comment.reference_doctype in DOCTYPES and comment.reference_name and comment.comment_type == "Comment":
		blank(comment.reference_doctype, comment.reference_name)


def blank(doctype: str, name: str) -> None:
	"""Keep who commented and how often, and not what they said."""
	stored = frappe.db.get_value(doctype, name, COLUMN)
	copies = json.loads(stored or "[]")
	if any(copy.get("comment") for copy in copies):
		text = json.dumps([{**copy, "comment": ""} for copy in copies])
		frappe.db.set_value(doctype, name, COLUMN, text, update_modified=False)
