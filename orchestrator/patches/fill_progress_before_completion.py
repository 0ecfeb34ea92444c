"""Store the progress before completion of completed tasks, where the history of sprints contains it."""

import frappe

from orchestrator.setup import custom_fields


def execute() -> None:
	custom_fields.sync_custom_fields()
	frappe.db.sql(
		"""
		UPDATE `tabTask` task SET progress_before_completion = COALESCE((
			SELECT event.progress FROM `tabSprint Event` event
			WHERE event.task_doctype = 'Task' AND event.task = task.name AND event.progress < 100
				AND event.kind NOT IN ('Left', 'Deleted')
			ORDER BY event.at DESC LIMIT 1
		), 100)
		WHERE status = 'Completed' AND COALESCE(progress_before_completion, 0) = 0
		"""
	)
