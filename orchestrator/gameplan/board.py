"""A sprint's tasks by phase of work, for a board: both kinds of tasks in the same columns."""

from collections.abc import Iterable

import frappe
from frappe import _

from orchestrator.gameplan.burndown import round_hours
from orchestrator.gameplan.shapes import BoardColumn, BoardTask, SprintBoard
from orchestrator.gameplan.task_rows import DOCTYPES, FIELD, TaskRow, has_sprints, list_sprint_rows

TO_DO, IN_PROGRESS, IN_REVIEW, DONE, CANCELLED = "to_do", "in_progress", "in_review", "done", "cancelled"
COLUMNS = (TO_DO, IN_PROGRESS, IN_REVIEW, DONE, CANCELLED)
BEGUN_STATUSES = frozenset({"Working", "In Progress"})
REVIEW_STATUSES = frozenset({"Pending Review"})
# The phase depends on the progress, not on the due date.
LATE_STATUSES = frozenset({"Overdue"})
PRIORITIES = ("Urgent", "High", "Medium", "Low")


def build_board(sprint: frappe._dict) -> SprintBoard:
	"""Return the board with the tasks that the caller may read."""
	rows = list_sprint_rows(sprint.name)
	visible = _filter_readable_rows(sprint.name, rows)
	return SprintBoard(
		sprint=sprint.name,
		title=sprint.title,
		state=sprint.state,
		columns=_build_columns(visible),
		hidden_tasks=len(rows) - len(visible),
	)


def _filter_readable_rows(sprint: str, rows: list[TaskRow]) -> list[TaskRow]:
	"""Return those of the rows that the caller may read."""
	readable = {(doctype, name) for doctype in DOCTYPES for name in _list_readable_names(doctype, sprint)}
	return [row for row in rows if (row.doctype, row.name) in readable]


def _list_readable_names(doctype: str, sprint: str) -> list[str]:
	if not has_sprints(doctype) or not frappe.has_permission(doctype, "read"):
		return []
	return [str(name) for name in frappe.get_list(doctype, {FIELD: sprint}, pluck="name", limit=0)]


def _build_columns(rows: Iterable[TaskRow]) -> list[BoardColumn]:
	"""Return the columns, each with its tasks: most urgent first, then by due date."""
	by_column: dict[str, list[TaskRow]] = {column: [] for column in COLUMNS}
	for row in rows:
		by_column[_get_column(row)].append(row)
	return [_build_column(column, sorted(by_column[column], key=_compute_urgency)) for column in COLUMNS]


def _get_column(row: TaskRow) -> str:
	"""Return the phase of a task."""
	if row.is_dropped:
		return CANCELLED
	if row.is_done:
		return DONE
	if row.status in REVIEW_STATUSES:
		return IN_REVIEW
	begun = row.status in BEGUN_STATUSES or (row.status in LATE_STATUSES and (row.percent or 0) > 0)
	return IN_PROGRESS if begun else TO_DO


def _compute_urgency(row: TaskRow) -> tuple[int, str, str, str]:
	rank = PRIORITIES.index(row.priority) if row.priority in PRIORITIES else len(PRIORITIES)
	return rank, str(row.due_date or "9999-12-31"), row.doctype, row.name.zfill(12)


def _build_column(column: str, rows: list[TaskRow]) -> BoardColumn:
	titles = {
		TO_DO: _("To Do"),
		IN_PROGRESS: _("In Progress"),
		IN_REVIEW: _("In Review"),
		DONE: _("Done"),
		CANCELLED: _("Cancelled"),
	}
	return BoardColumn(
		column=column,
		title=titles[column],
		tasks=[_build_task(row) for row in rows],
		estimate_hours=round_hours(sum(row.state.estimate for row in rows)),
		remaining_hours=round_hours(sum(row.state.remaining for row in rows)),
	)


def _build_task(row: TaskRow) -> BoardTask:
	return BoardTask(
		doctype=row.doctype,
		name=row.name,
		title=row.title or "",
		status=row.status or "",
		priority=row.priority,
		assigned_to=row.assigned_to,
		due_date=str(row.due_date) if row.due_date else None,
		estimate_hours=round_hours(row.state.estimate),
		progress=round_hours(row.state.progress),
		remaining_hours=round_hours(row.state.remaining),
	)
