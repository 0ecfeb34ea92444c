"""The index by which a change feed finds what was modified lately.

Frappe 16 creates it only for DocTypes that are sorted by `modified`. Without it, each call reads the whole table.
"""

import frappe

from orchestrator.doctypes import CHANGE_FEED

COLUMN = "modified"


def enqueue_index(doctype: str) -> None:
	"""Have a job create the index after the present transaction, where the table of a DocType has none."""
	if not _has_index(doctype):
		frappe.enqueue(
			create_index,
			queue="long",
			job_id=f"orchestrator-change-feed-index-{frappe.scrub(doctype)}",
			deduplicate=True,
			enqueue_after_commit=True,
			doctype=doctype,
		)


def create_index(doctype: str) -> None:
	"""Create the index of a DocType unless its table has one. Commits."""
	if frappe.db.table_exists(doctype) and not _has_index(doctype):
		# The primary key is in each index anyway. Named here, it keeps Frappe from customizing `modified` as a field.
		frappe.db.add_index(doctype, [COLUMN, "name"])


def create_indexes() -> None:
	"""Create the index of each DocType with a feed: what a job has missed, and feeds of earlier versions."""
	for doctype in set(frappe.get_all(CHANGE_FEED, pluck="reference_doctype")):
		create_index(doctype)


def _has_index(doctype: str) -> bool:
	found = frappe.db.sql(
		f"show index from `tab{doctype}` where Column_name = %s and Seq_in_index = 1",
		COLUMN,
	)
	return bool(found)
