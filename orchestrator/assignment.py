"""Keep the field `assigned_to` and Frappe's assignments (ToDo) in step, in both directions.

- Setting the field assigns, changing it moves the assignment, clearing it cancels that one assignment. Other
  assignees stay, and the field then names the first of those.
- Assigning in Desk sets the field; of several assignees it keeps the current one as long as that one is assigned.
- Completing a Task closes its assignments: the field still names the assignee, and reopening the record assigns it
  to that user again. Cancelling a Task cancels them.

Frappe writes the field itself, after the last hook of the ToDo: `assign_to.add` sets it to the newest
assignee, and closing or cancelling any assignment empties it. So the hooks mark the records that an
assignment touches, with the value before, and `_flush_pending` writes the right value: at the end of the
record's own save, and for every other record just before the commit. `modified` changes with an assignment,
as in Frappe: a form that was opened before must not write the old assignee back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.desk.form import assign_to

from orchestrator.apps import is_installed
from orchestrator.exceptions import InvalidAssigneeError, refuse

if TYPE_CHECKING:
	from frappe.desk.doctype.todo.todo import ToDo
	from frappe.model.document import Document

FIELD = "assigned_to"
# DocType -> the statuses in which its work is finished
FINISHED_STATUSES: dict[str, frozenset[str]] = {
	"Lead": frozenset({"Converted", "Do Not Contact"}),
	"Opportunity": frozenset({"Converted", "Lost", "Closed"}),
	"Issue": frozenset({"Resolved", "Closed"}),
	"HD Ticket": frozenset({"Resolved", "Closed"}),
	"Task": frozenset({"Completed"}),
}
OPEN = "Open"
DONE = "Closed"
Key = tuple[str, str]


@dataclass
class Assignees:
	"""The users assigned to a record, first to last, and those who have completed their part."""

	open: list[str] = field(default_factory=list)
	done: list[str] = field(default_factory=list)


def compute_assignee(current: str | None, assignees: Assignees, finished: bool) -> str | None:
	"""Return the new value of the field, which was `current`."""
	if current in assignees.open:
		return current
	if assignees.open:
		return assignees.open[0]
	return current if finished and current in assignees.done else None


# Hooks of the record


def before_validate(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook before_validate: remember the caller's choice, because Opportunity.validate fills an
	empty field from the lead's field of the same name.
	"""
	doc.flags.assigned_to = doc.get(FIELD) or None


def validate(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook validate: refuse a new assignee who has no access to the record."""
	doc.set(FIELD, doc.flags.assigned_to)
	if doc.get(FIELD) and doc.get(FIELD) != get_previous_value(doc):
		_check_assignee(doc, doc.get(FIELD))


def on_update(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook on_update: update the assignments from the field."""
	before, after = get_previous_value(doc), doc.get(FIELD) or None
	if before != after:
		_get_pending(doc.doctype, doc.name).current = after
		_reassign(doc, before, after)
	elif after and _is_reopened(doc):
		_reassign(doc, None, after)


def on_change(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook on_change, the end of a save: update the field from the assignments. The save's
	`modified` stays.
	"""
	name = str(doc.name)
	noted = list_pending().get((doc.doctype, name))
	if noted is None:
		return
	assignees = _get_assignees(doc.doctype, [name])[name]
	value = compute_assignee(noted.current, assignees, _is_finished(doc))
	frappe.db.set_value(
		doc.doctype, doc.name, FIELD, value, modified=doc.modified, modified_by=doc.modified_by
	)
	doc.set(FIELD, value)
	noted.current, noted.announced = value, True


def after_rename(doc: "Document", _method: str | None, _old: str, new: str, merge: bool = False) -> None:
	"""Handle the hook after_rename: a merged record takes over the other's assignments."""
	if merge:
		_mark_pending(doc.doctype, new)


def _check_assignee(doc: "Document", user: str) -> None:
	"""Refuse (422) a disabled user, and one without access to the record: Frappe would assign both.

	Frappe would share the record with the latter without the caller's knowledge.
	"""
	if not frappe.db.get_value("User", user, "enabled"):
		refuse(
			_(
				"{0} cannot be assigned because there is no enabled user with this name. Choose someone else."
			).format(user),
			InvalidAssigneeError,
		)
	if not frappe.has_permission(doc.doctype, "read", doc=doc, user=user):
		refuse(
			_("{0} cannot be assigned because they may not read this {1}. Give them access first.").format(
				user, _(doc.doctype)
			),
			InvalidAssigneeError,
		)


def get_previous_value(doc: "Document") -> str | None:
	"""Return the value of the field before this save."""
	before = doc.get_doc_before_save()
	return (before.get(FIELD) if before else None) or None


def _is_reopened(doc: "Document") -> bool:
	"""Return True in the save that reopens a finished record."""
	before = doc.get_doc_before_save()
	return bool(before and _is_finished(before) and not _is_finished(doc))


def _reassign(doc: "Document", before: str | None, after: str | None) -> None:
	"""Cancel one user's assignment and assign the other.

	The caller may write the record: saving it has checked that.
	"""
	name = str(doc.name)
	assigned = _get_assignees(doc.doctype, [name])[name].open
	if before in assigned:
		assign_to.remove(doc.doctype, doc.name, before, ignore_permissions=True)
	if after and after not in assigned:
		assign_to.add(
			{"doctype": doc.doctype, "name": doc.name, "assign_to": [after]}, ignore_permissions=True
		)


# Hooks of the assignments


def on_todo_change(todo: "ToDo", _method: str | None = None) -> None:
	"""Handle the hooks on_update and on_trash of ToDo: mark its record and its previous record as pending."""
	for doc in (todo, todo.get_doc_before_save()):
		if doc and doc.reference_name and _has_field(doc.reference_type):
			_mark_pending(doc.reference_type, doc.reference_name)


def _has_field(doctype: str) -> bool:
	"""Return True if the DocType has the field `assigned_to` on this site."""
	return doctype in FINISHED_STATUSES and (doctype != "HD Ticket" or is_installed("helpdesk"))


@dataclass
class PendingAssignment:
	"""A record that an assignment touched in this transaction: the value of its field before Frappe changed it,
	and whether open forms were notified.
	"""

	current: str | None
	announced: bool = False


def _mark_pending(doctype: str, name: str) -> None:
	"""Mark the record as pending."""
	_get_pending(doctype, name)


def _get_pending(doctype: str, name: str) -> PendingAssignment:
	"""Return the pending entry of the record, created if missing. The first entry has the value before this
	transaction.
	"""
	notes = list_pending()
	if not notes:
		frappe.db.before_commit.add(_flush_pending)
	key = (doctype, str(name))  # the name of an HD Ticket is a number, in its ToDos it is text
	if key not in notes:
		notes[key] = PendingAssignment(frappe.db.get_value(doctype, name, FIELD) or None)
	return notes[key]


def list_pending() -> dict[Key, PendingAssignment]:
	"""Return the records that assignments touched in this transaction.

	If `_flush_pending` does not wait for the present commit, the marks are of an earlier transaction: Frappe
	dropped it with a rollback, with a commit that failed before, or with the connection.
	"""
	notes = _get_all_pending()
	if notes and _flush_pending not in frappe.db.before_commit._functions:
		notes.clear()
	return notes


def _get_all_pending() -> dict[Key, PendingAssignment]:
	"""Return the pending entries of this process, of whichever transaction."""
	if not hasattr(frappe.local, "orchestrator_assignments"):
		frappe.local.orchestrator_assignments = {}
	return frappe.local.orchestrator_assignments


def _flush_pending() -> None:
	"""Run before the commit: update the field of every pending record."""
	notes = dict(_get_all_pending())
	_get_all_pending().clear()
	for doctype in {doctype for doctype, _name in notes}:
		_flush_doctype(doctype, {name: noted for (of, name), noted in notes.items() if of == doctype})


def _flush_doctype(doctype: str, notes: dict[str, PendingAssignment]) -> None:
	"""Update the field of the pending records of one DocType."""
	stored = _get_stored_values(doctype, list(notes))
	assignees = _get_assignees(doctype, stored)
	for name, row in stored.items():
		value = compute_assignee(notes[name].current, assignees[name], _is_finished(row))
		if value != (row.assigned_to or None):
			frappe.db.set_value(doctype, name, FIELD, value, update_modified=False)
		if not notes[name].announced:
			_publish_update(doctype, name, str(row.modified))


def _is_finished(doc: "Document | frappe._dict") -> bool:
	"""Return True if the record's work is finished."""
	return doc.status in FINISHED_STATUSES[doc.doctype]


def _get_stored_values(doctype: str, names: list[str]) -> dict[str, frappe._dict]:
	"""Return the field, status and `modified` of the records as they are stored."""
	# get_all: the fields of all records are updated, whoever assigns
	rows = frappe.get_all(
		doctype, filters={"name": ("in", names)}, fields=["name", "status", "modified", FIELD], limit=0
	)
	return {str(row.name): row.update(doctype=doctype) for row in rows}


def _get_assignees(doctype: str, names: Iterable[str]) -> dict[str, Assignees]:
	"""Return the assignees of each record, in the order they were assigned."""
	assignees = {name: Assignees() for name in names}
	# get_all: a user sees only their own ToDos
	todos = frappe.get_all(
		"ToDo",
		filters={
			"reference_type": doctype,
			"reference_name": ("in", list(assignees)),
			"status": ("in", (OPEN, DONE)),
			"allocated_to": ("is", "set"),
		},
		fields=["reference_name", "allocated_to", "status"],
		order_by="creation, name",
		limit=0,
	)
	for todo in todos:
		side = assignees[todo.reference_name]
		(side.open if todo.status == OPEN else side.done).append(todo.allocated_to)
	return assignees


def _publish_update(doctype: str, name: str, modified: str) -> None:
	"""Notify open forms that the record has changed, as a save does."""
	frappe.publish_realtime(
		"doc_update",
		{"doctype": doctype, "name": name, "modified": modified},
		doctype=doctype,
		docname=name,
		after_commit=True,
	)
