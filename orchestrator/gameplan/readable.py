"""Tasks that the caller may read, and the names of the users in them."""

from collections.abc import Iterable

import frappe

from orchestrator.gameplan.task_rows import DOCTYPES, FIELD, TaskRow, has_sprints


def filter_readable_rows(sprint: str, rows: list[TaskRow]) -> list[TaskRow]:
	"""Return those of the sprint's rows that the caller may read. One query for each kind of tasks in them."""
	readable = {
		(doctype, name)
		for doctype in DOCTYPES
		if any(row.doctype == doctype for row in rows)
		for name in _list_readable_names(doctype, sprint)
	}
	return [row for row in rows if (row.doctype, row.name) in readable]


def _list_readable_names(doctype: str, sprint: str) -> list[str]:
	if not has_sprints(doctype) or not frappe.has_permission(doctype, "read"):
		return []
	return [str(name) for name in frappe.get_list(doctype, {FIELD: sprint}, pluck="name", limit=0)]


def list_full_names(users: Iterable[str | None]) -> dict[str, str]:
	"""Return the full names of users whose names the caller may read, in one query."""
	names = sorted({user for user in users if user})
	if not names:
		return {}
	# get_all: Desk shows everybody's full name, and users may not read User
	rows = frappe.get_all("User", {"name": ("in", names)}, ["name", "full_name"], limit=0)
	return {row.name: row.full_name or row.name for row in rows}
