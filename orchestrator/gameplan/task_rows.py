"""ERPNext's Task and Gameplan's GP Task, read as rows of one shape."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import frappe

from orchestrator.apps import is_installed
from orchestrator.compat import AS_TEXT
from orchestrator.doctypes import GP_TASK, TASK
from orchestrator.gameplan import phases
from orchestrator.gameplan.task_state import DONE, TaskState

FIELD = "sprint"


class TaskSource(NamedTuple):
	"""A DocType of tasks, and the columns that hold what all tasks have."""

	doctype: str
	columns: str
	"""title, is_completed, due date, project, is_covered: the columns whose names differ."""
	done: frozenset[str]
	dropped: frozenset[str]
	"""Statuses of what nobody is going to do."""


# A group's own estimate replaces those of its tasks, unless one of these has an estimate in the same sprint.
COVERED = """is_group AND EXISTS(
	SELECT 1 FROM `tabTask` below
	WHERE below.sprint = `tabTask`.sprint AND below.lft > `tabTask`.lft AND below.rgt < `tabTask`.rgt
		AND below.expected_time > 0 AND below.status NOT IN ('Cancelled', 'Template')
)"""
SOURCES = {
	TASK: TaskSource(
		TASK,
		f"subject, 0, DATE(exp_end_date), project, {COVERED}",
		frozenset({"Completed"}),
		frozenset({"Cancelled", "Template"}),
	),
	GP_TASK: TaskSource(
		GP_TASK,
		f"title, is_completed, due_date, {AS_TEXT.format('project')}, 0",
		frozenset({"Done"}),
		frozenset({"Canceled"}),
	),
}
DOCTYPES = tuple(SOURCES)
MATCHING = """
	WITH found (
		doctype, name, sprint, status, expected_time, progress, modified, priority, assigned_to, title,
		is_completed, due_date, project, is_covered
	) AS ({0})
	SELECT * FROM found ORDER BY COALESCE(NULLIF(FIELD(priority, 'Urgent', 'High', 'Medium', 'Low'), 0), 9),
		COALESCE(due_date, '9999-12-31'), doctype, LPAD(name, 12, '0')
	LIMIT %(limit)s
"""
COMMON = f"{AS_TEXT.format('name')}, sprint, status, expected_time, progress, modified, priority, assigned_to"


class TaskRow(NamedTuple):
	"""A task as it is stored."""

	doctype: str
	name: str
	sprint: str | None
	status: str | None
	estimate: float | None
	percent: float | None
	modified: datetime
	priority: str | None
	assigned_to: str | None
	title: str | None
	is_completed: int
	due_date: date | None
	project: str | None
	is_covered: int = 0

	@property
	def is_done(self) -> bool:
		return bool(self.is_completed) or self.status in SOURCES[self.doctype].done

	@property
	def is_dropped(self) -> bool:
		return self.status in SOURCES[self.doctype].dropped

	@property
	def is_unfinished(self) -> bool:
		return not (self.is_done or self.is_dropped)

	@property
	def phase(self) -> str:
		if self.is_dropped:
			return phases.CANCELLED
		return phases.DONE if self.is_done else phases.get_open_phase(self.status, self.percent)

	@property
	def state(self) -> TaskState:
		progress = DONE if self.is_done else float(self.percent or 0)
		estimate = 0.0 if self.is_covered else float(self.estimate or 0)
		return TaskState(estimate, progress, counts=not self.is_dropped, phase=self.phase)

	@property
	def is_unestimated(self) -> bool:
		"""Return True for a task that counts but has no estimate."""
		return not (self.is_covered or self.is_dropped) and float(self.estimate or 0) <= 0


def find_groups(sprints: Collection[str]) -> list[str]:
	"""Return the group tasks of these sprints."""
	if not sprints:
		return []
	rows = frappe.db.sql(
		"SELECT name FROM `tabTask` WHERE sprint IN %(sprints)s AND is_group = 1", {"sprints": tuple(sprints)}
	)
	return [name for (name,) in rows]


def has_sprints(doctype: str) -> bool:
	"""Return True if tasks of this kind can be in sprints: their app and this app's field exist."""
	if doctype == GP_TASK and not is_installed("gameplan"):
		return False
	return frappe.get_meta(doctype).has_field(FIELD)


def list_sprint_rows(sprint: str, lock: bool = False) -> list[TaskRow]:
	"""Return every task of the sprint, regardless of permissions: the sprint's hours are the sum of all.

	With `lock`, the rows cannot change until the transaction ends, and include what others have committed
	since it began.
	"""
	condition = f"sprint = %(sprint)s{' FOR UPDATE' if lock else ''}"
	queries = [f"({_select_rows(doctype, condition)})" for doctype in DOCTYPES if has_sprints(doctype)]
	rows = frappe.db.sql(" UNION ALL ".join(queries), {"sprint": sprint}) if queries else ()
	return [TaskRow(*row) for row in rows]


def list_rows_by_name(doctype: str, names: Sequence[str]) -> list[TaskRow]:
	"""Return the tasks of these names, without deleted ones and those of a missing app."""
	if not names or not has_sprints(doctype):
		return []
	keys = [int(name) for name in names] if doctype == GP_TASK else list(names)
	rows = frappe.db.sql(_select_rows(doctype, "name IN %(names)s"), {"names": keys})
	return [TaskRow(*row) for row in rows]


def list_matching_rows(conditions: Mapping[str, str], values: Mapping[str, Any], limit: int) -> list[TaskRow]:
	"""Return the most urgent tasks that match the SQL condition of their DocType, in one query."""
	if not conditions:
		return []
	union = " UNION ALL ".join(
		f"({_select_rows(doctype, condition)})" for doctype, condition in conditions.items()
	)
	return [TaskRow(*row) for row in frappe.db.sql(MATCHING.format(union), {**values, "limit": limit})]


def _select_rows(doctype: str, condition: str) -> str:
	columns = SOURCES[doctype].columns
	return f"SELECT '{doctype}', {COMMON}, {columns} FROM `tab{doctype}` WHERE {condition}"  # noqa: S608 (this module's own)
