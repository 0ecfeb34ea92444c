"""Indexes that this app adds to tables of other apps, for queries that would otherwise read the whole table."""

from typing import NamedTuple

import frappe


class Index(NamedTuple):
	doctype: str
	name: str
	columns: tuple[str, ...]


INDEXES = (
	# covers all columns of the pipeline summary, in the order of its grouping
	Index(
		"Opportunity",
		"orchestrator_pipeline",
		("pipeline_stage", "company", "currency", "opportunity_amount", "conversion_rate"),
	),
	# appointments of a client: see orchestrator/sync/clients
	Index("Event Participants", "orchestrator_participant", ("reference_docname",)),
	Index("Appointment", "orchestrator_party", ("party",)),
)


def sync_indexes() -> None:
	"""Add the indexes that are missing."""
	for index in INDEXES:
		frappe.db.add_index(index.doctype, list(index.columns), index.name)


def delete_indexes() -> None:
	"""Drop the indexes."""
	for index in INDEXES:
		if index.name not in list_missing_indexes():
			frappe.db.sql_ddl(f"ALTER TABLE `tab{index.doctype}` DROP INDEX `{index.name}`")


def list_missing_indexes() -> list[str]:
	"""Return the names of the indexes that this site lacks."""
	return [index.name for index in INDEXES if not frappe.db.has_index(f"tab{index.doctype}", index.name)]
