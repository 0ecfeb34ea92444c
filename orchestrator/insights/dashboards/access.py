"""Access to this app's dashboards: for users with a role in the list, or any Desk user if the list is empty."""

from typing import TYPE_CHECKING

import frappe

if TYPE_CHECKING:
	from frappe.model.document import Document

MANAGERS = frozenset({"System Manager", "Orchestrator Manager", "Dashboard Manager"})
LISTED_CONDITION = """
	(NOT EXISTS (SELECT 1 FROM `tabHas Role` WHERE parenttype = 'Orchestrator Dashboard'
		AND parent = `tabOrchestrator Dashboard`.name)
	OR EXISTS (SELECT 1 FROM `tabHas Role` WHERE parenttype = 'Orchestrator Dashboard'
		AND parent = `tabOrchestrator Dashboard`.name AND role IN ({roles})))
"""


def has_permission(doc: "Document", ptype: str | None = None, user: str | None = None) -> bool:  # noqa: ARG001
	"""Implement the hook has_permission, for every permission type. Managers manage all dashboards; shares
	are Frappe's own.
	"""
	roles = set(frappe.get_roles(user))
	listed = {row.role for row in doc.roles}
	return not listed or bool(roles & (listed | MANAGERS))


def build_conditions(user: str | None) -> str:
	"""Implement the hook permission_query_conditions: limit lists to the dashboards that the user may open."""
	roles = frappe.get_roles(user)
	if MANAGERS.intersection(roles):
		return ""
	return LISTED_CONDITION.format(roles=", ".join(frappe.db.escape(role, percent=False) for role in roles))
