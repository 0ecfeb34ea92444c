"""Where the unfinished tasks of a sprint go when it is closed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import frappe
from frappe import _

from orchestrator.api.parameters import parse_json
from orchestrator.api.records import get_writable
from orchestrator.doctypes import SPRINT
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.gameplan.sprint_rules import CLOSED, OWNER_FIELDS, get_locked_state
from orchestrator.gameplan.task_rows import TaskRow

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.sprint.sprint import Sprint

BACKLOG = "backlog"
STAYS = "stays"
KEYS = ("doctype", "task", "moved_to")
MAX_DESTINATIONS = 2000
Key = tuple[str, str]


class InvalidNextSprintError(frappe.ValidationError):
	"""Unfinished tasks cannot move to this sprint. 422."""


class InvalidDestinationError(frappe.ValidationError):
	"""A destination names a task that is not unfinished in the sprint, or that the caller may not read. 422."""


class Destinations(NamedTuple):
	"""The destination of each task that has one of its own, and of all others: a sprint, BACKLOG or STAYS."""

	default: str
	by_task: Mapping[Key, str]

	def get_destination(self, row: TaskRow) -> str:
		return self.by_task.get((row.doctype, row.name), self.default)


def parse_destinations(value: Any) -> dict[Key, str]:
	"""Return the destinations that a request names.

	Raises:
		InvalidRequestError: 400. They are malformed, too many, or name a task twice.
	"""
	entries = parse_json("destinations", value)
	if entries is None:
		return {}
	if not isinstance(entries, list) or len(entries) > MAX_DESTINATIONS:
		refuse(
			_("destinations must be a list of at most {0} objects.").format(MAX_DESTINATIONS),
			InvalidRequestError,
		)
	found: dict[Key, str] = {}
	for entry in entries:
		key, moved_to = _parse_destination(entry)
		if key in found:
			refuse(_("destinations has {0} twice.").format(key[1]), InvalidRequestError)
		found[key] = moved_to
	return found


def _parse_destination(entry: Any) -> tuple[Key, str]:
	texts = isinstance(entry, dict) and all(isinstance(value, str) and value for value in entry.values())
	if not texts or set(entry) != set(KEYS):
		refuse(
			_("Each of the destinations is an object with {0}, all texts.").format(", ".join(KEYS)),
			InvalidRequestError,
		)
	return (entry["doctype"], entry["task"]), entry["moved_to"]


def build_destinations(doc: "Sprint", next_sprint: str | None, by_task: dict[Key, str]) -> Destinations:
	"""Return the destinations, with each named sprint checked and locked, in the order of their names.

	The database finds a name in another case too, so that the stored ones are returned.
	"""
	default = next_sprint or BACKLOG
	stored = {BACKLOG: BACKLOG, STAYS: STAYS}
	for name in sorted({default, *by_task.values()} - set(stored)):
		stored[name] = _lock_target_sprint(doc, name)
	return Destinations(stored[default], {key: stored[name] for key, name in by_task.items()})


def _lock_target_sprint(doc: "Sprint", name: str) -> str:
	"""Lock a sprint for unfinished tasks and return its stored name: 404 if the caller may not read it, 403 if they may not write it, 422
	if it cannot take the tasks.
	"""
	target = get_writable(frappe.get_meta(SPRINT), name)
	target.state = get_locked_state(target.name)
	same_owner = all((target.get(field) or None) == (doc.get(field) or None) for field in OWNER_FIELDS)
	if target.name == doc.name or target.state == CLOSED or not same_owner:
		refuse(
			_(
				"The unfinished tasks cannot be moved to {0}. Choose an open sprint of the same project or team."
			).format(name),
			InvalidNextSprintError,
		)
	return str(target.name)


def check_tasks(sprint: str, by_task: Mapping[Key, str], visible: list[TaskRow]) -> None:
	"""Refuse (422) a task that is not among the unfinished ones that the caller may read."""
	known = {(row.doctype, row.name) for row in visible}
	if unknown := sorted(name for doctype, name in by_task if (doctype, name) not in known):
		refuse(
			_(
				"These are not unfinished tasks of {0}: {1}. Read the sprint again and repeat the call."
			).format(sprint, ", ".join(unknown)),
			InvalidDestinationError,
		)
