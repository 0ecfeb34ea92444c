"""Common parts of the gameplan tests: members of a project, sprints, tasks, and passing days."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import add_days, getdate

from orchestrator import clock
from tests.support import factories


def make_sprint(project: str | None = None, **values: Any) -> Document:
	"""Create a sprint of a new project, from today for a fortnight, unless `values` say otherwise."""
	if project is None and "team" not in values:
		project = factories.make_project().name
	defaults = {
		"title": factories.make_unique("Sprint"),
		"project": project,
		"start_date": getdate(),
		"end_date": add_days(getdate(), 13),
	}
	return factories.make_record("Sprint", **{**defaults, **values})


def make_task(sprint: Document, hours: float = 8, **values: Any) -> Document:
	"""Create a task in the sprint."""
	defaults = {"project": sprint.project, "sprint": sprint.name, "expected_time": hours}
	return factories.make_task(**{**defaults, **values})


def make_gp_project() -> Document:
	team = factories.make_record(
		"GP Team", __newname=factories.make_unique("team"), title=factories.make_unique("Team")
	)
	return factories.make_record("GP Project", title=factories.make_unique("Project"), team=team.name)


def make_gp_task(sprint: Document | None = None, hours: float = 8, **values: Any) -> Document:
	defaults = {
		"title": factories.make_unique("Task"),
		"description": "",
		"sprint": sprint.name if sprint else None,
		"expected_time": hours,
	}
	return factories.make_record("GP Task", **{**defaults, **values})


def save(doc: Document, **values: Any) -> Document:
	"""Change the document as a user does, and commit."""
	doc.reload()
	doc.update(values)
	doc.save()
	frappe.db.commit()
	return doc


def list_events(sprint: str, *fields: str) -> list[tuple]:
	"""Return the sprint's events, first to last."""
	fields = fields or ("kind", "estimate", "progress", "counts")
	rows = frappe.get_all("Sprint Event", {"sprint": sprint}, list(fields), order_by="at, name")
	return [tuple(row[field] for field in fields) for row in rows]


@contextlib.contextmanager
def patch_now(moment: str) -> Iterator[None]:
	"""Set this process's time of sprints within the block."""
	before = clock.get_now
	clock.get_now = iterate_moments(frappe.utils.get_datetime(moment))
	try:
		yield
	finally:
		clock.get_now = before


def iterate_moments(moment: datetime) -> Callable[[], datetime]:
	return lambda: moment
