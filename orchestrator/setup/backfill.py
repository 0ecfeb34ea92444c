"""Fill values that existing records need, in set-based SQL. A repetition changes nothing."""

from pypika import Case

import frappe

from orchestrator.crm.stages import OPEN, STAGE_BY_STATUS

ASSIGNABLE = ("Lead", "Opportunity", "Issue", "HD Ticket", "Task")
# Statuses of ToDos that Frappe counts in `_assign`.
OPEN_ASSIGNMENT = """
	reference_type = %(doctype)s AND status NOT IN ('Cancelled', 'Closed') AND COALESCE(allocated_to, '') != ''
"""


def run_backfill() -> None:
	_update_pipeline_stages()
	for doctype in ASSIGNABLE:
		if frappe.db.exists("DocType", doctype):
			_update_assignees(doctype)


def _update_pipeline_stages() -> None:
	"""Set the stage of each opportunity with the default stage by its status."""
	opportunity = frappe.qb.DocType("Opportunity")
	moved = {status: stage for status, stage in STAGE_BY_STATUS.items() if stage != OPEN}
	stage_of_status = Case()
	for status, stage in moved.items():
		stage_of_status = stage_of_status.when(opportunity.status == status, stage)
	(
		frappe.qb.update(opportunity)
		.set(opportunity.pipeline_stage, stage_of_status)
		.where(opportunity.pipeline_stage.isnull() | opportunity.pipeline_stage.isin(["", OPEN]))
		.where(opportunity.status.isin(list(moved)))
		.run()
	)


def _update_assignees(doctype: str) -> None:
	"""Set the assignee of each record without one to the user of its first open assignment."""
	frappe.db.sql(
		f"""
		UPDATE `tab{doctype}`
		SET assigned_to = (
			SELECT allocated_to FROM `tabToDo`
			WHERE {OPEN_ASSIGNMENT} AND reference_name = `tab{doctype}`.name
			ORDER BY creation, name LIMIT 1
		)
		WHERE COALESCE(assigned_to, '') = ''
			AND name IN (SELECT reference_name FROM `tabToDo` WHERE {OPEN_ASSIGNMENT})
		""",  # noqa: S608 (the names are this module's own; pypika cannot set a field to a query)
		{"doctype": doctype},
	)
