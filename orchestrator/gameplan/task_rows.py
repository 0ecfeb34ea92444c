"""The two kinds of tasks that a sprint holds, ERPNext's Task and Gameplan's GP Task, read as rows of one shape."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import frappe

from orchestrator.apps import is_installed
from orchestrator.gameplan.standing import DONE, Standing

TASK = "Task"
GP_TASK = "GP Task"
FIELD = "sprint"


class Source(NamedTuple):
	"""A DocType whose records are tasks, and how it says what all of them have."""

	doctype: str
	columns: str
	"""title, is_completed, due date, project: the columns whose names differ."""
	done: frozenset[str]
	dropped: frozenset[str]
	"""Statuses of what nobody is going to do."""


SOURCES = {
	TASK: Source(
		TASK,
		"subject, 0, exp_end_date, project",
		frozenset({"Completed"}),
		frozenset({"Cancelled", "Template"}),
	),
	GP_TASK: Source(
		GP_TASK,
		"title, is_completed, due_date, CAST(project AS CHAR)",
		frozenset({"Done"}),
		frozenset({"Canceled"}),
	),
}
DOCTYPES = tuple(SOURCES)
COMMON = "CAST(name AS CHAR), sprint, status, expected_time, progress, modified, priority, assigned_to"


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
	def standing(self) -> Standing:
		progress = DONE if self.is_done else float(self.percent or 0)
		return Standing(float(self.estimate or 0), progress, counts=not self.is_dropped)


def has_sprints(doctype: str) -> bool:
	"""True where tasks of this kind can be in sprints: their app is there, and so is our field."""
	if doctype == GP_TASK and not is_installed("gameplan"):
		return False
	return frappe.get_meta(doctype).has_field(FIELD)


def rows_of_sprint(sprint: str, lock: bool = False) -> list[TaskRow]:
	"""Every task of the sprint, whoever asks: its hours are the sum of all. `lock` keeps them as they are until the
	transaction ends, and reads what others have committed since it began."""
	condition = f"sprint = %(sprint)s{' FOR UPDATE' if lock else ''}"
	queries = [f"({_select(doctype, condition)})" for doctype in DOCTYPES if has_sprints(doctype)]
	rows = frappe.db.sql(" UNION ALL ".join(queries), {"sprint": sprint}) if queries else ()
	return [TaskRow(*row) for row in rows]


def rows_named(doctype: str, names: Sequence[str]) -> list[TaskRow]:
	"""The tasks of these names; those that are gone are left out, and with their app all of a kind are."""
	if not names or not has_sprints(doctype):
		return []
	keys = [int(name) for name in names] if doctype == GP_TASK else list(names)
	rows = frappe.db.sql(_select(doctype, "name IN %(names)s"), {"names": keys})
	return [TaskRow(*row) for row in rows]


def _select(doctype: str, condition: str) -> str:
	columns = SOURCES[doctype].columns
	return f"SELECT '{doctype}', {COMMON}, {columns} FROM `tab{doctype}` WHERE {condition}"  # noqa: S608 (this module's own)
