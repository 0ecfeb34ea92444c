"""Assign many records to one user. Each is assigned as by frappe.desk.form.assign_to.add, with repeated reads
done once.
"""

from functools import partial

import frappe
from frappe import _
from frappe.desk.doctype.todo.todo import ToDo
from frappe.desk.form.assign_to import notify_assignment
from frappe.desk.form.document_follow import follow_document
from frappe.model.base_document import get_controller
from frappe.model.document import Document

from orchestrator import clock
from orchestrator.api.bulk.requests import BulkRequest, get_bulk_meta
from orchestrator.api.listeners import has_update_listeners
from orchestrator.api.readable_names import Name, list_readable_names
from orchestrator.exceptions import InvalidAssigneeError, refuse

ASSIGNEE_FIELD = "assigned_to"


class BulkAssignment:
	"""The work of a bulk assignment. See `runs.Work`."""

	def __init__(self, request: BulkRequest) -> None:
		self.meta = get_bulk_meta(request.doctype)
		self.assignee = str(request.assigned_to)
		self.assigned: set[str] = set()
		self.visible: set[str] = set()
		self.created: set[Name] = set()
		self.saved: set[Name] = set()
		self.is_heard = False

	def check(self) -> None:
		"""Refuse (403) a DocType that the caller may not read, and (422) a user who cannot be assigned."""
		frappe.has_permission(self.meta.name, "read", throw=True)
		enabled = frappe.db.get_value("User", self.assignee, "enabled")
		if enabled is None or self.assignee == "Guest":
			refuse(
				_("User {0} was not found. Choose an existing user to assign to.").format(self.assignee),
				frappe.LinkValidationError,
			)
		if not enabled:
			refuse(
				_("User {0} is disabled. Assign to another user.").format(self.assignee), InvalidAssigneeError
			)

	def prepare(self, names: list[Name]) -> dict[str, Name]:
		"""Find the records that the caller may read, those already assigned, and those that the assignee may
		read.
		"""
		readable = list_readable_names(self.meta, names, frappe.session.user)
		self.assigned = self.list_assigned(readable)
		self.is_heard = self.meta.has_field(ASSIGNEE_FIELD) and has_update_listeners(self.meta.name)
		self.visible = (
			set(list_readable_names(self.meta, readable.values(), self.assignee)) if readable else set()
		)
		return readable

	def list_assigned(self, names: dict[str, Name]) -> set[str]:
		"""Return the records to which the assignee already has an open assignment."""
		filters = {
			"reference_type": self.meta.name,
			"reference_name": ("in", list(names)),
			"allocated_to": self.assignee,
			"status": "Open",
		}
		# get_all, as Frappe's own add: an assignment counts whether or not the caller may see it
		return (
			set(frappe.get_all("ToDo", filters=filters, pluck="reference_name", order_by=None))
			if names
			else set()
		)

	def sort_names(self, names: list[Name]) -> list[Name]:
		"""Return the names in the order of the request."""
		return names

	def apply(self, name: Name) -> None:
		"""Assign one record, unless it is assigned already."""
		if str(name) in self.assigned:
			return
		if str(name) not in self.visible:
			refuse(
				_(
					"{0} cannot be assigned because they may not read this record. Give them access first."
				).format(self.assignee),
				InvalidAssigneeError,
			)
		_insert_todo(self.meta.name, name, self.assignee)
		if frappe.get_cached_value("User", self.assignee, "follow_assigned_documents"):
			follow_document(self.meta.name, name, self.assignee)
		self.created.add(name)
		if self.is_heard:
			self.save_record(name)

	def save_record(self, name: Name) -> None:
		"""Fill the field of one record as a single change would, so that hooks, webhooks and notifications
		run.
		"""
		# The new assignment has not changed the field yet: it still has the previous value.
		doc = frappe.get_doc(self.meta.name, name)
		if not doc.get(ASSIGNEE_FIELD):
			doc.set(ASSIGNEE_FIELD, self.assignee)
			doc.save(ignore_permissions=True)  # users may assign every record that they may read
			self.saved.add(name)

	def apply_to_succeeded(self, succeeded: list[Name]) -> None:
		"""Fill the field assigned_to of records without assignee, and notify the assignee in one job after
		the commit.
		"""
		created = [name for name in succeeded if name in self.created]
		unsaved = [name for name in created if name not in self.saved]
		if unsaved and self.meta.has_field(ASSIGNEE_FIELD):
			self.fill_field(unsaved)
		if created and self.assignee != frappe.session.user:
			frappe.enqueue(
				_send_notifications,
				enqueue_after_commit=True,
				doctype=self.meta.name,
				names=created,
				assigned_by=frappe.session.user,
				assigned_to=self.assignee,
				lang=frappe.local.lang,
			)

	def fill_field(self, created: list[Name]) -> None:
		"""Set the field to the first assignee. `modified` changes, as with any assignment."""
		all_of_them = {"name": ("in", created)}
		frappe.db.set_value(self.meta.name, all_of_them, "modified_by", frappe.session.user)
		nobody_yet = {**all_of_them, ASSIGNEE_FIELD: ("is", "not set")}
		frappe.db.set_value(self.meta.name, nobody_yet, ASSIGNEE_FIELD, self.assignee, update_modified=False)


def _insert_todo(doctype: str, name: Name, user: str) -> None:
	"""Insert the assignment as a document, with its hooks: they comment on the record and update its `_assign`."""
	todo = frappe.get_doc(
		{
			"doctype": "ToDo",
			"allocated_to": user,
			"reference_type": doctype,
			"reference_name": str(name),
			"description": _build_description(doctype, name),
			"priority": "Medium",
			"status": "Open",
			"date": clock.get_today(),
			"assigned_by": frappe.session.user,
		}
	)
	if _is_comment_behavior_standard(doctype, todo):
		todo.add_assign_comment = partial(add_comment, doctype, str(name))
	todo.insert(
		ignore_permissions=True
	)  # as in Frappe's own add: users may assign every record that they may read


def _is_comment_behavior_standard(doctype: str, todo: Document) -> bool:
	"""Return True if no app has its own way of commenting on an assignment or on records of `doctype`."""
	return (
		type(todo).add_assign_comment is ToDo.add_assign_comment
		and get_controller(doctype).add_comment is Document.add_comment
	)


def add_comment(doctype: str, name: str, text: str, comment_type: str) -> None:
	"""Replace ToDo.add_assign_comment: comment without loading the record.

	Frappe's own method loads it for these two values, which takes a sixth of an assignment's time.
	"""
	Document.add_comment(frappe._dict(doctype=doctype, name=name), comment_type, text)


def _build_description(doctype: str, name: Name, lang: str | None = None) -> str:
	"""Return the text that Frappe gives an assignment without a description."""
	return _("Assignment for {0} {1}", lang=lang).format(doctype, name)


def _send_notifications(
	doctype: str, names: list[Name], assigned_by: str, assigned_to: str, lang: str
) -> None:
	"""Run as a job: create Frappe's notification for each record."""
	for name in names:
		description = _build_description(doctype, name, lang)
		notify_assignment(assigned_by, assigned_to, doctype, name, action="ASSIGN", description=description)
