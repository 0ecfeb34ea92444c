"""Set the completion date of completed tasks that have none, to the day of their last change: figures count by it."""

import frappe


def execute() -> None:
	frappe.db.sql(
		"UPDATE `tabTask` SET completed_on = DATE(modified) WHERE status = 'Completed' AND completed_on IS NULL"
	)
