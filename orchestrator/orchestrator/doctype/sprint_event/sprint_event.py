import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.doctypes import SPRINT_EVENT
from orchestrator.exceptions import refuse


class SprintEvent(Document):
	"""One thing that happened to a task in a sprint, and how the task stood then. Written by
	orchestrator/gameplan/events.py alone, never changed, and gone only with its sprint."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		at: DF.Datetime
		counts: DF.Check
		estimate: DF.Float
		found_later: DF.Check
		kind: DF.Literal[
			"Joined",
			"Left",
			"Estimated",
			"Progressed",
			"Completed",
			"Reopened",
			"Cancelled",
			"Restored",
			"Deleted",
		]
		progress: DF.Percent
		sprint: DF.Link
		status: DF.Data | None
		task: DF.Data
		task_doctype: DF.Literal["Task", "GP Task"]

	# end: auto-generated types

	def validate(self) -> None:
		refuse_change()

	def on_trash(self) -> None:
		refuse_change()


def refuse_change() -> None:
	"""403, also for the Administrator."""
	refuse(
		_(
			"The history of a sprint is recorded automatically and cannot be changed. Change the task instead."
		),
		frappe.PermissionError,
	)


def on_doctype_update() -> None:
	frappe.db.add_index(SPRINT_EVENT, ["sprint", "at"], "by_sprint")
	frappe.db.add_index(SPRINT_EVENT, ["task_doctype", "task", "at"], "by_task")
