"""Access to sprints: for users who may read sprints and the sprint's project. User permissions on
a company or a customer hide its projects, and a sprint has neither field.
"""

from typing import TYPE_CHECKING

import frappe

from orchestrator.access.record_conditions import build_read_condition
from orchestrator.doctypes import SPRINT

if TYPE_CHECKING:
	from frappe.model.document import Document

VISIBLE_SPRINTS_CONDITION = "(COALESCE(`tabSprint`.project, '') = '' OR `tabSprint`.project IN (SELECT name FROM `tabProject` WHERE {0}))"
EVENTS_OF_VISIBLE_CONDITION = "`tabSprint Event`.sprint IN (SELECT name FROM `tabSprint` WHERE {0})"


def build_conditions(user: str | None = None, doctype: str = SPRINT) -> str:
	"""Implement the hook permission_query_conditions of Sprint and Sprint Event."""
	user = user or frappe.session.user
	of_project = _build_project_conditions(user)
	if not of_project:
		return ""
	visible = VISIBLE_SPRINTS_CONDITION.format(of_project)
	return visible if doctype == SPRINT else EVENTS_OF_VISIBLE_CONDITION.format(visible)


def _build_project_conditions(user: str) -> str:
	"""Return the conditions that restrict the projects of the user, empty if there are none."""
	readable = build_read_condition("Project", user)
	return "1 = 0" if readable is None else readable


def has_permission(doc: "Document", user: str | None = None) -> bool:
	"""Implement the hook has_permission of Sprint."""
	return not doc.project or bool(frappe.has_permission("Project", "read", doc.project, user=user))
