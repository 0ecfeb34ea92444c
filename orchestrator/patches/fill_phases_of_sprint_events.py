"""Store the phase of work in earlier events of sprints, from the status that they have recorded."""

import frappe


def execute() -> None:
	frappe.db.sql(
		"""
		UPDATE `tabSprint Event` SET phase = CASE
			WHEN counts = 0 THEN 'cancelled'
			WHEN progress >= 100 OR status IN ('Completed', 'Done') THEN 'done'
			WHEN status = 'Pending Review' THEN 'in_review'
			WHEN status IN ('Working', 'In Progress') OR (status = 'Overdue' AND progress > 0) THEN 'in_progress'
			WHEN COALESCE(status, '') = '' AND progress > 0 THEN 'in_progress'
			ELSE 'to_do'
		END
		WHERE COALESCE(phase, '') = '' AND kind NOT IN ('Left', 'Deleted')
		"""
	)
