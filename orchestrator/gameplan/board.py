"""A sprint's tasks by phase of work, for a board: both kinds of tasks in the same columns."""

from collections.abc import Iterable, Mapping

import frappe
from frappe import _

from orchestrator.doctypes import SPRINT
from orchestrator.gameplan import phases
from orchestrator.gameplan.burndown import round_hours
from orchestrator.gameplan.readable import filter_readable_rows, list_full_names
from orchestrator.gameplan.shapes import BoardColumn, BoardTask, SprintBoard
from orchestrator.gameplan.task_rows import TaskRow, list_sprint_rows

PRIORITIES = ("Urgent", "High", "Medium", "Low")


def build_board(sprint: frappe._dict) -> SprintBoard:
	"""Return the board with the tasks that the caller may read."""
	rows = list_sprint_rows(sprint.name)
	visible = filter_readable_rows(sprint.name, rows)
	return SprintBoard(
		sprint=sprint.name,
		title=sprint.title,
		state=sprint.state,
		project=sprint.project or None,
		team_type=sprint.team_type or None,
		team=sprint.team or None,
		start_date=str(sprint.start_date),
		end_date=str(sprint.end_date),
		can_write=bool(frappe.has_permission(SPRINT, "write")),
		columns=_build_columns(visible),
		hidden_tasks=len(rows) - len(visible),
	)


def build_tasks(rows: Iterable[TaskRow]) -> list[BoardTask]:
	"""Return tasks as on a board: most urgent first, then by due date."""
	ordered = sorted(rows, key=_compute_urgency)
	names = list_full_names(row.assigned_to for row in ordered)
	return [_build_task(row, names) for row in ordered]


def _build_columns(rows: list[TaskRow]) -> list[BoardColumn]:
	"""Return the columns with their tasks."""
	tasks = build_tasks(rows)
	row_by_key = {(row.doctype, row.name): row for row in rows}
	by_column: dict[str, list[BoardTask]] = {phase: [] for phase in phases.PHASES}
	for task in tasks:
		by_column[row_by_key[task["doctype"], task["name"]].phase].append(task)
	return [_build_column(column, members) for column, members in by_column.items()]


def _compute_urgency(row: TaskRow) -> tuple[int, str, str, str]:
	rank = PRIORITIES.index(row.priority) if row.priority in PRIORITIES else len(PRIORITIES)
	return rank, str(row.due_date or "9999-12-31"), row.doctype, row.name.zfill(12)


def _build_column(column: str, tasks: list[BoardTask]) -> BoardColumn:
	titles = {
		phases.TO_DO: _("To Do"),
		phases.IN_PROGRESS: _("In Progress"),
		phases.IN_REVIEW: _("In Review"),
		phases.DONE: _("Done"),
		phases.CANCELLED: _("Cancelled"),
	}
	return BoardColumn(
		column=column,
		title=titles[column],
		tasks=tasks,
		estimate_hours=round_hours(sum(task["estimate_hours"] for task in tasks)),
		remaining_hours=round_hours(sum(task["remaining_hours"] for task in tasks)),
	)


def _build_task(row: TaskRow, names: Mapping[str, str]) -> BoardTask:
	return BoardTask(
		doctype=row.doctype,
		name=row.name,
		title=row.title or "",
		status=row.status or "",
		priority=row.priority,
		assigned_to=row.assigned_to,
		assigned_to_name=names.get(row.assigned_to or "", row.assigned_to),
		due_date=str(row.due_date) if row.due_date else None,
		estimate_hours=round_hours(row.state.estimate),
		progress=round_hours(row.state.progress),
		remaining_hours=round_hours(row.state.remaining),
	)
