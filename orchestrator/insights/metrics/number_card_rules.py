"""Access to the Number Cards of this app: a card is shown to users who may read its records.

Frappe shows every card to System Managers, whose workspaces then open with an error for each card that they may not
compute.
"""

from typing import TYPE_CHECKING

import frappe

from orchestrator.compat import NO_OPINION

if TYPE_CHECKING:
	from frappe.desk.doctype.number_card.number_card import NumberCard

MODULE = "Orchestrator"


def has_permission(doc: "NumberCard", ptype: str | None = None, user: str | None = None) -> bool | None:
	"""Implement the hook has_permission of Number Card."""
	if ptype != "read" or doc.module != MODULE or doc.type != "Document Type":
		return NO_OPINION
	return NO_OPINION if frappe.has_permission(doc.document_type, "read", user=user) else False
