"""The rules of a Sprint, called by its DocType's controller."""

from datetime import date, datetime
from typing import TYPE_CHECKING, NoReturn

import frappe
from frappe import _
from frappe.utils import date_diff, get_datetime, getdate

from orchestrator.apps import require_app
from orchestrator.doctypes import SPRINT_EVENT
from orchestrator.exceptions import ConflictError, refuse
from orchestrator.gameplan.task_rows import list_sprint_rows

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.sprint.sprint import Sprint

PLANNED, ACTIVE, CLOSED = "Planned", "Active", "Closed"
MAX_DAYS = 366  # days
# Written only by starting and closing.
SYSTEM_FIELDS = (
	"state", "started_at", "closed_at", "committed_hours", "completed_hours", "unfinished_hours", "completed_tasks",
	"unfinished_tasks",
)  # fmt: skip
OWNER_FIELDS = ("project", "team_type", "team")
DATE_FIELDS = ("start_date", "end_date")

OVERLAP_CONDITION = """
	SELECT name FROM `tabSprint`
	WHERE {field} = %(owner)s AND state = 'Active' AND name != %(name)s
		AND start_date <= %(end_date)s AND end_date >= %(start_date)s
	LIMIT 1 FOR UPDATE
"""


class SprintStateConflictError(ConflictError):
	"""The sprint's state forbids the action. 409."""


class SprintOverlapConflictError(ConflictError):
	"""Another active sprint of the same project or team overlaps in time. 409."""


def get_locked_state(sprint: str) -> str:
	"""Return the sprint's current state, locked until the transaction ends: a concurrent start or close of
	the sprint waits, or is waited for.
	"""
	return frappe.db.sql("SELECT state FROM `tabSprint` WHERE name = %s LOCK IN SHARE MODE", sprint)[0][0]


def check_team_app(doc: "Sprint") -> None:
	"""Refuse (501) a team of Gameplan on a site without Gameplan."""
	if doc.team_type == "GP Team":
		require_app("gameplan")


def check_owner(doc: "Sprint") -> None:
	"""Refuse (422) a sprint without a project or team."""
	if not doc.team:
		doc.team_type = ""
	if not (doc.project or doc.team):
		refuse(
			_("A sprint belongs to a project or a team. Set project, or team_type and team."),
			frappe.ValidationError,
		)


def check_dates(doc: "Sprint") -> None:
	"""Refuse (422) dates in the wrong order."""
	doc.validate_from_to_dates("start_date", "end_date")
	if date_diff(doc.end_date, doc.start_date) >= MAX_DAYS:
		refuse(
			_("A sprint can last at most {0} days. Choose dates that are closer together.").format(MAX_DAYS),
			frappe.ValidationError,
		)


def check_members(doc: "Sprint") -> None:
	"""Refuse (422) a member who is listed twice."""
	users = [member.user for member in doc.members]
	if twice := sorted({user for user in users if users.count(user) > 1}):
		refuse(
			_("{0} is listed twice among the members. Remove one row.").format(", ".join(twice)),
			frappe.ValidationError,
		)


def check_system_fields(doc: "Sprint") -> None:
	"""Refuse (409) a state that is not set by the calls."""
	if doc.flags.moved:
		return
	if doc.is_new():
		given = [name for name in SYSTEM_FIELDS if doc.get(name) and doc.get(name) != PLANNED]
	else:
		given = [name for name in SYSTEM_FIELDS if _is_changed(doc, name)]
	if given:
		refuse(
			_(
				"{0} cannot be set. A new sprint is Planned; use Start Sprint and Close Sprint to change that."
			).format(", ".join(given)),
			SprintStateConflictError,
		)


def _is_changed(doc: "Sprint", name: str) -> bool:
	"""Return True if the save changes the field.

	None, zero and an empty string are equal, and so are a timestamp and its text: a document in memory has
	the one, the stored one the other.
	"""
	now, before = doc.get(name) or None, doc.get_doc_before_save().get(name) or None
	if isinstance(before, date) and now:
		now = get_datetime(now) if isinstance(before, datetime) else getdate(now)
	return now != before


def check_frozen_fields(doc: "Sprint") -> None:
	"""Refuse (409) a change that would falsify a started sprint."""
	if doc.is_new() or doc.flags.moved:
		return
	owner_changed = any(_is_changed(doc, name) for name in OWNER_FIELDS)
	if doc.state == CLOSED and (owner_changed or any(_is_changed(doc, name) for name in DATE_FIELDS)):
		refuse(
			_("{0} is closed, so its dates, project and team cannot be changed.").format(doc.name),
			SprintStateConflictError,
		)
	if owner_changed and list_sprint_rows(doc.name):
		refuse(
			_("{0} has tasks. Remove them before you change its project or team.").format(doc.name),
			SprintStateConflictError,
		)


def check_overlap(doc: "Sprint") -> None:
	"""Refuse (409) an overlap with another active sprint of the same project or team.

	The owner's row is locked first, so that of two concurrent starts the second sees the first.
	"""
	if doc.state != ACTIVE:
		return
	for doctype, field in (("Project", "project"), (doc.team_type, "team")):
		owner = doc.get(field)
		if not owner:
			continue
		frappe.db.get_value(doctype, owner, "name", for_update=True)
		values = {"owner": owner, "name": doc.name, "start_date": doc.start_date, "end_date": doc.end_date}
		if other := frappe.db.sql(OVERLAP_CONDITION.format(field=field), values):
			refuse(
				_(
					"{0} of the same {1} is active on some of these days. Close it first, or choose other dates."
				).format(other[0][0], _(doctype)),
				SprintOverlapConflictError,
			)


def delete_events(doc: "Sprint") -> None:
	"""Delete the events with their sprint. Frappe itself refuses to delete a sprint with tasks."""
	frappe.db.delete(SPRINT_EVENT, {"sprint": doc.name})


def refuse_merge() -> NoReturn:
	"""Refuse (409) to merge the histories of two sprints."""
	refuse(_("Sprints cannot be merged. Move the tasks instead."), SprintStateConflictError)
