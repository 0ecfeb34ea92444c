"""Undo what the demo created and changed, and nothing else."""

from typing import NamedTuple

import frappe
from frappe.model.delete_doc import delete_dynamic_links

from orchestrator.docs import storage
from orchestrator.doctypes import DOCUMENT, DOCUMENT_AUDIT_ENTRY, DOCUMENT_FOLDER, DOCUMENT_VERSION
from orchestrator.setup.demo import clinic, ledger


class RemovalResult(NamedTuple):
	removed: int
	kept: list[str]
	"""`DocType name: why` of each record that something of the site's own still needs."""


def delete_demo() -> RemovalResult:
	"""Remove the demo, including records that users have edited since. Users' own records stay, and so does a
	demo record that they refer to: the next removal, without the reference, deletes it.
	"""
	with ledger.open_silent_transaction():
		bytes_of_documents = _list_storage_keys()
		_restore_settings()
		clinic.count_synced_records()
		with ledger.record_inserts() as written:
			removal = _delete_records()
		_delete_traces(written)
	storage.delete_unreferenced(bytes_of_documents)  # a silent transaction does not do this after its commit
	return removal


def _restore_settings() -> None:
	"""Reset each setting that still has the demo's value."""
	for row, change in ledger.list_changed():
		if str(frappe.db.get_single_value(change.doctype, change.fieldname)) == change.after:
			frappe.db.set_single_value(change.doctype, change.fieldname, change.before)
		ledger.delete_row(row)


def _list_storage_keys() -> list[str]:
	"""Return the storage keys of the demo's documents."""
	demo = [row.record for row in ledger.list_created() if row.doctype == DOCUMENT]
	return frappe.get_all(DOCUMENT_VERSION, {"document": ("in", demo)}, pluck="storage_key", limit=0)


def _delete_records() -> RemovalResult:
	"""Delete records, youngest first; repeat as long as that frees others."""
	removed, rows = 0, ledger.list_created()
	while True:
		blocked = [(row, reason) for row in rows if (reason := _delete_record_with_row(row))]
		removed += len(rows) - len(blocked)
		if not blocked or len(blocked) == len(rows):
			return RemovalResult(
				removed, [f"{row.doctype} {row.record}: {reason}" for row, reason in blocked]
			)
		rows = [row for row, _reason in blocked]


def _delete_record_with_row(row: frappe._dict) -> str | None:
	"""Delete one record and its row. Return the reason if it is referred to, or is deleted with another."""
	frappe.db.savepoint("demo_record")
	try:
		if frappe.db.exists(row.doctype, row.record):
			_delete_document(row.doctype, row.record)
	except frappe.ValidationError as error:
		frappe.db.rollback(save_point="demo_record")
		frappe.clear_last_message()
		return frappe.utils.strip_html(str(error))
	ledger.delete_row(row.name)
	return None


def _delete_traces(written: list[ledger.CreatedRecord]) -> None:
	"""Delete the comments in which Frappe recorded the removal itself, with the names of the records."""
	for doctype, name in written:
		if doctype == "Comment":
			frappe.db.delete(doctype, {"name": name})


def _delete_trail(doctype: str, name: str) -> None:
	"""Delete the audit trail of demo documents. That of the site's own documents stays."""
	if field := {DOCUMENT: "document", DOCUMENT_FOLDER: "document_folder"}.get(doctype):
		frappe.db.delete(DOCUMENT_AUDIT_ENTRY, {field: name})


def _delete_document(doctype: str, name: str) -> None:
	doc = frappe.get_doc(doctype, name)
	if doc.docstatus.is_submitted():
		doc.flags.ignore_permissions = True
		doc.cancel()
	frappe.delete_doc(doctype, name, ignore_permissions=True, delete_permanently=True)
	_delete_trail(doctype, name)
	delete_dynamic_links(doctype, name)  # comments and similar records, which Frappe deletes in a job
	if doctype == "User":
		frappe.defaults.clear_default(parent=name)  # Frappe never deletes these
