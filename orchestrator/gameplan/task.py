"""Rules of tasks in a sprint, and corrections to ERPNext's Task: the completion date is set, progress is
restored on reopening, progress notes stay in the timeline, and the previous project's percentage is updated.
"""

from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import cint, escape_html, flt

from orchestrator import clock
from orchestrator.doctypes import GP_TASK, SPRINT, TASK
from orchestrator.exceptions import ConflictError, refuse
from orchestrator.gameplan.sprint_rules import CLOSED, get_locked_state
from orchestrator.gameplan.task_rows import FIELD
from orchestrator.gameplan.task_state import DONE

if TYPE_CHECKING:
	from erpnext.projects.doctype.task.task import Task
	from frappe.model.document import Document

COMPLETED = "Completed"


class ClosedSprintConflictError(ConflictError):
	"""A task cannot join a sprint that is closed. 409."""


class InvalidTaskProjectError(frappe.ValidationError):
	"""The task is of another project or team than the sprint. 422."""


def before_validate(doc: "Task", _method: str | None = None) -> None:
	"""Handle the hook before_validate of Task: set the user, date and progress of its completion; reopening
	restores the progress.
	"""
	before = doc.get_doc_before_save()
	was = before.status if before else None
	if doc.status == COMPLETED and was != COMPLETED:
		doc.completed_on = doc.completed_on or clock.get_today()
		doc.completed_by = doc.completed_by or frappe.session.user
		doc.progress_before_completion = flt(before.progress if before else doc.progress)
	elif before and was == COMPLETED and doc.status != COMPLETED:
		doc.completed_on = doc.completed_by = None
		_restore_progress(doc, before)


def _restore_progress(doc: "Task", before: "Task") -> None:
	"""Restore the progress of a reopened task: ERPNext set it to 100 on completion and does not reset it."""
	if flt(doc.progress) == flt(before.progress) == DONE:
		doc.progress = flt(doc.get("progress_before_completion"))
	doc.progress_before_completion = 0


def validate(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook validate of Task and GP Task: refuse a task that may not be in its sprint."""
	if not doc.get(FIELD) or not any(map(doc.has_value_changed, (FIELD, "project", "team", "is_template"))):
		return
	sprint = frappe.db.get_value(
		SPRINT, doc.get(FIELD), ["name", "project", "team_type", "team"], as_dict=True
	)
	if sprint:  # otherwise Frappe's own check of links refuses it
		_check_sprint_open(doc, sprint)


def _check_sprint_open(doc: "Document", sprint: frappe._dict) -> None:
	"""Refuse (409) a closed sprint, and (422) one of another project or team, or one that the caller may not
	read.
	"""
	if doc.has_value_changed(FIELD):
		_check_sprint_access(doc, sprint)
		if get_locked_state(sprint.name) == CLOSED:
			refuse(
				_("{0} is closed. Put the task into a sprint that is planned or active.").format(sprint.name),
				ClosedSprintConflictError,
			)
	if doc.get("is_template"):
		refuse(
			_("A template cannot be added to a sprint. Create a task from it first."), InvalidTaskProjectError
		)
	if doc.doctype == TASK and sprint.project and doc.project != sprint.project:
		_raise_wrong_owner(doc, sprint, _("project"), sprint.project)
	if doc.doctype == GP_TASK and sprint.team_type == "GP Team" and _get_team(doc) != sprint.team:
		_raise_wrong_owner(doc, sprint, _("team"), sprint.team)


def _check_sprint_access(doc: "Document", sprint: frappe._dict) -> None:
	"""Refuse (422) a sprint that the caller may not read, as if it did not exist."""
	if not doc.flags.ignore_permissions and not frappe.has_permission(SPRINT, "read", sprint.name):
		refuse(_("Could not find {0}: {1}").format(_("Sprint"), sprint.name), frappe.LinkValidationError)


def _get_team(doc: "Document") -> str | None:
	"""Return the team of a GP Task, or of its project."""
	return doc.team or (frappe.db.get_value("GP Project", cint(doc.project), "team") if doc.project else None)


def _raise_wrong_owner(doc: "Document", sprint: frappe._dict, what: str, owner: str) -> None:
	refuse(
		_(
			"{0} is a sprint of the {1} {2}, and {3} does not belong to it. Move the task there, or clear its sprint."
		).format(sprint.name, what, owner, doc.name),
		InvalidTaskProjectError,
	)


def on_update(doc: "Task", _method: str | None = None) -> None:
	"""Handle the hook on_update of Task."""
	_add_progress_note(doc)
	_update_previous_project(doc)


def _add_progress_note(doc: "Task") -> None:
	"""Add the progress note to the timeline, with the task's progress at that time."""
	if doc.get("progress_notes") and doc.has_value_changed("progress_notes"):
		text = _("Progress {0} %").format(f"{flt(doc.progress, 2):g}")
		note = escape_html(doc.progress_notes).replace("\n", "<br>")
		doc.add_comment("Comment", f"<p>{text}</p><p>{note}</p>")


def _update_previous_project(doc: "Task") -> None:
	"""Update the percentage of the task's previous project. ERPNext recomputes the current one only."""
	before = doc.get_doc_before_save()
	previous_project = before.project if before else None
	if previous_project and previous_project != doc.project and frappe.db.exists("Project", previous_project):
		frappe.get_doc("Project", previous_project).update_project()
