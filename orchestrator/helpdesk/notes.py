"""Internal notes on tickets: keep what Frappe and Desk do with a comment from reaching the customer."""

import json
from typing import TYPE_CHECKING, Any

from bs4 import BeautifulSoup

import frappe

from orchestrator.helpdesk.tickets import DOCTYPES, is_agent, is_customer

if TYPE_CHECKING:
	from frappe.core.doctype.comment.comment import Comment
	from frappe.model.document import Document

COLUMN = "_comments"


def on_update(comment: "Comment", _method: str | None = None) -> None:
	"""Handle the hook on_update of Comment: remove the text from the copy that Frappe keeps in the ticket's
	own row.

	Desk only counts these copies. But users who may list a ticket may request the column, and a customer may
	list their own HD Tickets, or an Issue that was shared with them.
	"""
	if comment.reference_doctype in DOCTYPES and comment.reference_name and comment.comment_type == "Comment":
		_remove_text(comment.reference_doctype, comment.reference_name)


def _remove_text(doctype: str, name: str) -> None:
	"""Remove the text of each comment, but keep its author and the number of comments."""
	stored = frappe.db.get_value(doctype, name, COLUMN)
	copies = json.loads(stored or "[]")
	if any(copy.get("comment") for copy in copies):
		text = json.dumps([{**copy, "comment": ""} for copy in copies])
		frappe.db.set_value(doctype, name, COLUMN, text, update_modified=False)


def after_follow(follow: "Document", _method: str | None = None) -> None:
	"""Handle the hook after_insert of Document Follow: a customer cannot follow a ticket. Frappe mails all
	comments to followers, and makes users follow records shared with or assigned to them, so that a refusal
	would also refuse the share.
	"""
	if follow.ref_doctype in DOCTYPES and is_customer(follow.user):
		frappe.db.delete(follow.doctype, {"name": follow.name})


def validate(note: "Document", _method: str | None = None) -> None:
	"""Handle the hook validate of HD Ticket Comment: turn mentions of customers into plain names. Helpdesk
	mails the note to everyone who is mentioned.
	"""
	note.content = _remove_customer_mentions(note.content)


def _remove_customer_mentions(content: str | None) -> str | None:
	"""Return the note with mentions of agents only."""
	if not content or "data-id" not in content:
		return content
	page = BeautifulSoup(content, "html.parser")
	mentions: list[Any] = page.find_all(attrs={"data-id": True})
	strangers = [mention for mention in mentions if not is_agent(mention["data-id"])]
	for mention in strangers:
		mention.attrs = {}
	return str(page) if strangers else content
