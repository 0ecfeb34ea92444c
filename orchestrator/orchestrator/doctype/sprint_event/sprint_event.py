import frappe
from frappe.model.document import Document

from orchestrator.doctypes import SPRINT_EVENT
from orchestrator.gameplan import sprint_event_rules


class SprintEvent(Document):
	"""One change of a task in a sprint, and the task's state after it. Deleted with its sprint only."""

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
			"Moved",
		]
		phase: DF.Literal["", "to_do", "in_progress", "in_review", "done", "cancelled"]
		progress: DF.Percent
		sprint: DF.Link
		status: DF.Data | None
		task: DF.Data
		task_doctype: DF.Literal["Task", "GP Task"]

	# end: auto-generated types

	def validate(self) -> None:
		sprint_event_rules.refuse_change()

	def on_trash(self) -> None:
		sprint_event_rules.refuse_change()


def on_doctype_update() -> None:
	frappe.db.add_index(SPRINT_EVENT, ["sprint", "at"], "by_sprint")
	frappe.db.add_index(SPRINT_EVENT, ["task_doctype", "task", "at"], "by_task")
