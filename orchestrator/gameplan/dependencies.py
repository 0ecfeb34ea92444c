"""Detect circular dependencies among tasks. ERPNext follows fifteen tasks only and does not name the circle."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.doctypes import TASK
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from erpnext.projects.doctype.task.task import Task

Edges = Callable[[list[str]], list[tuple[str, str]]]


class CircularDependencyError(frappe.ValidationError):
	"""The task would depend on itself, directly or through others. 422."""


def validate(doc: "Task", _method: str | None = None) -> None:
	"""Handle the hook validate of Task: refuse a circular dependency, and name it."""
	dependencies = _list_dependencies(doc)
	before = doc.get_doc_before_save()
	if not dependencies or (before and dependencies == _list_dependencies(before)):
		return
	if circle := find_cycle(doc.name, dependencies, _get_stored_edges):
		refuse(
			_(
				"These tasks would depend on each other in a circle: {0}. Remove one of the dependencies."
			).format(" → ".join(circle)),
			CircularDependencyError,
		)


def _list_dependencies(doc: "Task") -> list[str]:
	"""Return the tasks that the task depends on directly."""
	return sorted({row.task for row in doc.depends_on if row.task})


def find_cycle(task: str, dependencies: Iterable[str], edges: Edges) -> list[str]:
	"""Return the shortest cycle from the task through its new dependencies back to it, empty if there is
	none. `edges` returns pairs (task, dependency) of given tasks: it is called once per step.
	"""
	came_from = dict.fromkeys(dependencies, task)
	step = list(came_from)
	while step and task not in came_from:
		predecessors: dict[str, str] = {}
		for of, on in edges(step):
			if on not in came_from:
				predecessors.setdefault(on, of)
		came_from |= predecessors
		step = list(predecessors)
	if task not in came_from:
		return []
	circle = [task]
	while (previous := came_from[circle[-1]]) != task:
		circle.append(previous)
	return [task, *reversed(circle)]


def _get_stored_edges(tasks: list[str]) -> list[tuple[str, str]]:
	"""Return the stored dependencies of these tasks."""
	# get_all: a cycle must be found regardless of permissions on its tasks
	rows = frappe.get_all(
		"Task Depends On",
		{"parent": ("in", tasks), "parenttype": TASK, "task": ("is", "set")},
		["parent", "task"],
		order_by="parent, idx",
		as_list=True,
		limit=0,
	)
	return [(of, on) for of, on in rows]
