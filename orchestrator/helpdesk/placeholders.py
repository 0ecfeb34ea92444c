"""Placeholders in the messages of macros: `{{ customer_name }}` and a few more. No other code is evaluated."""

import html
import re
from collections.abc import Mapping

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.exceptions import refuse

NAMES = ("customer_name", "agent_name", "ticket", "subject")
PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


def check(text: str | None) -> None:
	"""Refuse (422) a message with a placeholder that does not exist, or braces that are none."""
	text = text or ""
	unknown = [name for name in PLACEHOLDER.findall(text) if name not in NAMES]
	rest = PLACEHOLDER.sub("", text)
	if unknown or "{{" in rest or "{%" in rest:
		refuse(
			_("{0} is not a placeholder. Use one of: {1}.").format(
				frappe.bold(html.escape(unknown[0] if unknown else "{{")), ", ".join(NAMES)
			),
			frappe.ValidationError,
		)


def fill(text: str, values: Mapping[str, str]) -> str:
	"""Return the HTML with the values in place of the placeholders. Values are text: their HTML is escaped."""
	return PLACEHOLDER.sub(lambda match: html.escape(values.get(match[1], ""), quote=False), text)


def get_values(doc: Document) -> dict[str, str]:
	"""Return the values of a ticket for the session's user."""
	return {
		"customer_name": _get_customer_name(doc),
		"agent_name": frappe.utils.get_fullname(frappe.session.user),
		"ticket": str(doc.name),
		"subject": doc.subject or "",
	}


def _get_customer_name(doc: Document) -> str:
	"""Return the name of the person who wrote, or of their company, or the address."""
	contact = doc.get("contact") and frappe.db.get_value("Contact", doc.contact, ["first_name", "last_name"])
	person = " ".join(part for part in contact or () if part)
	user = frappe.db.get_value("User", doc.raised_by, "full_name") if doc.raised_by else None
	return person or user or doc.get("customer_name") or doc.get("customer") or doc.raised_by or ""
