"""Access to this app's dashboards: for users with a role in the list, or any Desk user if the list is empty."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.doctypes import DASHBOARD
from orchestrator.insights.shapes import DashboardChoice

if TYPE_CHECKING:
	from frappe.model.document import Document

MANAGERS = frozenset({"System Manager", "Orchestrator Manager", "Dashboard Manager"})
HAS_ROLE = "Has Role"
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


def list_dashboards_by_role() -> list[DashboardChoice]:
	"""Return the enabled dashboards for the caller's roles, the oldest first.

	Managers may open all dashboards, to edit them; those for other roles would show them nothing.
	"""
	rows = frappe.get_list(
		DASHBOARD, {"disabled": 0}, ["name", "title"], order_by="creation asc, name asc", limit_page_length=0
	)
	listed: dict[str, set[str]] = {row.name: set() for row in rows}
	# get_all: the caller may open these dashboards
	for row in frappe.get_all(
		HAS_ROLE, {"parenttype": DASHBOARD, "parent": ("in", list(listed))}, ["parent", "role"]
	):
		listed[row.parent].add(row.role)
	roles = set(frappe.get_roles())
	return [
		{"dashboard": row.name, "title": _(row.title)}
		for row in rows
		if not listed[row.name] or listed[row.name] & roles
	]
