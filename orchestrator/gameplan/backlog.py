"""The backlog of a sprint's project or team: unfinished tasks without a sprint that the caller may read."""

from typing import Any

import frappe
from frappe import _

from orchestrator.access.record_conditions import build_read_condition
from orchestrator.doctypes import GP_TASK, TASK
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.gameplan.board import build_tasks
from orchestrator.gameplan.shapes import SprintBacklog
from orchestrator.gameplan.task_rows import DOCTYPES, has_sprints, list_matching_rows

MAX_TASKS = 200
DEFAULT_TASKS = 50
WITHOUT_SPRINT = "COALESCE(sprint, '') = ''"
OPEN_CONDITIONS = {
	TASK: "status NOT IN ('Completed', 'Cancelled', 'Template') AND is_template = 0",
	GP_TASK: "COALESCE(is_completed, 0) = 0 AND COALESCE(status, '') NOT IN ('Done', 'Canceled')",
}
TITLE_COLUMNS = {TASK: "subject", GP_TASK: "title"}
# Tasks that the sprint may take, by what it belongs to.
OF_PROJECT = "project = %(project)s"
OF_DEPARTMENT = "department = %(team)s"
OF_GP_TEAM = "COALESCE(NULLIF(team, ''), (SELECT team FROM `tabGP Project` WHERE name = `tabGP Task`.project)) = %(team)s"


def check_limit(limit: int) -> None:
	"""Refuse (400) a number out of bounds."""
	if not 1 <= limit <= MAX_TASKS:
		refuse(_("limit must be between 1 and {0}.").format(MAX_TASKS), InvalidRequestError)


def build_backlog(sprint: frappe._dict, text: str | None, limit: int) -> SprintBacklog:
	"""Return the most urgent tasks of the backlog, in one query for tasks and one for names."""
	conditions = {
		doctype: condition for doctype in DOCTYPES if (condition := _build_condition(doctype, sprint, text))
	}
	values = {"project": sprint.project, "team": sprint.team, "text": _build_pattern(text)}
	rows = list_matching_rows(conditions, values, limit + 1)
	return SprintBacklog(sprint=sprint.name, tasks=build_tasks(rows[:limit]), has_more=len(rows) > limit)


def _build_condition(doctype: str, sprint: frappe._dict, text: str | None) -> str | None:
	"""Return the SQL condition on the tasks of one kind, None if the sprint takes none or the caller may read
	none.
	"""
	owner = _get_owner_condition(doctype, sprint)
	if owner is None or not has_sprints(doctype):
		return None
	readable = build_read_condition(doctype, frappe.session.user)
	if readable is None:
		return None
	parts = [owner, WITHOUT_SPRINT, OPEN_CONDITIONS[doctype]]
	if text:
		parts.append(f"(`tab{doctype}`.name LIKE %(text)s OR {TITLE_COLUMNS[doctype]} LIKE %(text)s)")
	if readable:
		parts.append(readable.replace("%", "%%"))
	return " AND ".join(f"({part})" for part in parts)


def _get_owner_condition(doctype: str, sprint: frappe._dict) -> str | None:
	if doctype == GP_TASK:
		return OF_GP_TEAM if sprint.team_type == "GP Team" else None
	if sprint.project:
		return OF_PROJECT
	return OF_DEPARTMENT if sprint.team_type == "Department" else None


def _build_pattern(text: str | None) -> Any:
	"""Return the pattern for LIKE that finds the text anywhere, literally."""
	escaped = (text or "").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
	return f"%{escaped}%"
