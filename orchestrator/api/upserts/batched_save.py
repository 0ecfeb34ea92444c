"""Write many records of an upsert at once, with the same rows as if each were saved by itself.

Only where saving has no other effects: see save_effects.py. Each record is still a Document that Frappe checks. What is
refused here is left to be saved by itself, which finds the error, or that there is none.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import frappe
from frappe.desk.notifications import clear_doctype_notifications
from frappe.model.document import Document

from orchestrator.api.field_access import check_field_permissions
from orchestrator.api.savepoints import WHOLE_CALL_ERRORS, isolate_in_savepoint
from orchestrator.api.upserts.comparison import has_changes
from orchestrator.api.upserts.outcomes import Outcome
from orchestrator.api.upserts.record_save import build_new_values, check_stored_key, prepare_changes
from orchestrator.api.upserts.record_values import Key, KeyedRecord, UpsertTarget
from orchestrator.api.upserts.save_effects import VERSION
from orchestrator.rows import insert_rows, upsert_rows

SAVEPOINT = "orchestrator_upsert_batch"
# Columns that a change of a record leaves as they are
PRESERVED_COLUMNS = frozenset({"name", "owner", "creation", "idx", "docstatus"})


@dataclass
class PreparedRecord:
	"""A record that Frappe has checked. `before` is the record as it is stored, None for a new one."""

	line: int
	doc: Document
	before: Document | None = None
	is_changed: bool = True


def save_batch(
	target: UpsertTarget, records: Collection[KeyedRecord], names: Mapping[str, Key], *, all_or_none: bool
) -> list[Outcome]:
	"""Write records at once.

	Args:
		target: The DocType and its key.
		records: The records.
		names: The names of those that exist, by the key as text.
		all_or_none: Write nothing if one of the records is refused.

	Returns:
		The outcomes of the written records. The others have to be saved by themselves.
	"""
	try:
		with isolate_in_savepoint(SAVEPOINT):
			prepared = _keep_linked(target, list(_prepare_records(target, records, names)))
			if all_or_none and len(prepared) < len(records):
				return []
			_write_records(target.meta.name, prepared)
	except WHOLE_CALL_ERRORS:
		raise
	except Exception:
		return []  # such as a duplicate; saved by itself, each finds its own error
	return [_build_outcome(each) for each in prepared]


def _build_outcome(prepared: PreparedRecord) -> Outcome:
	if prepared.before is None:
		return Outcome(prepared.line, "created", prepared.doc.name)
	return Outcome(prepared.line, "updated" if prepared.is_changed else "unchanged", prepared.doc.name)


def _prepare_records(
	target: UpsertTarget, records: Collection[KeyedRecord], names: Mapping[str, Key]
) -> Iterator[PreparedRecord]:
	known = [names[str(each.key)] for each in records if str(each.key) in names]
	stored = _lock_records(target.meta.name, known)
	blank = frappe.new_doc(target.meta.name)
	defaults = frappe.new_doc(target.meta.name, as_dict=True)
	for record in records:
		name = names.get(str(record.key))
		messages = len(frappe.local.message_log)
		try:
			if name is None:
				yield PreparedRecord(record.line, _prepare_new(target, record, blank, defaults))
			elif row := stored.get(name):
				yield _prepare_change(target, record, row)
		except WHOLE_CALL_ERRORS:
			raise
		except Exception:
			del frappe.local.message_log[messages:]


def _lock_records(doctype: str, names: Collection[Key]) -> dict[Key, dict[str, Any]]:
	if not names:
		return {}
	table = frappe.qb.DocType(doctype)
	rows = (
		frappe.qb.from_(table)
		.select("*")
		.where(table.name.isin(sorted(names)))
		.for_update()
		.run(as_dict=True)
	)
	return {row.name: row for row in rows}


def _prepare_new(
	target: UpsertTarget, record: KeyedRecord, blank: Document, defaults: Mapping[str, Any]
) -> Document:
	"""Return a new document as Document.insert has it before it writes the row."""
	values = build_new_values(record)
	if values.get("docstatus"):
		raise frappe.ValidationError
	doc = frappe.get_doc({"doctype": target.meta.name, **values})
	doc.set("__islocal", True)
	check_field_permissions(blank, values)
	doc.update_if_missing(defaults)
	doc.set_user_and_timestamp()
	doc.check_permission("create")
	doc.set_new_name()
	_check_document(doc)
	check_stored_key(target, doc, record.key)
	return doc


def _prepare_change(target: UpsertTarget, record: KeyedRecord, row: dict[str, Any]) -> PreparedRecord:
	"""Return the record as Document.save has it before it writes the row."""
	doc = frappe.get_doc({"doctype": target.meta.name, **row})
	changes = prepare_changes(target, record, doc)
	if not has_changes(doc, changes):
		return PreparedRecord(record.line, doc, doc, is_changed=False)
	doc.check_if_locked()
	doc._doc_before_save = before = frappe.get_doc({"doctype": target.meta.name, **row})
	doc.update(changes)
	if doc.docstatus != before.docstatus:
		raise frappe.ValidationError
	doc.check_permission("write", "save")
	doc.set_user_and_timestamp()
	_check_document(doc)
	return PreparedRecord(record.line, doc, before)


def _check_document(doc: Document) -> None:
	doc._action = "save"
	doc.validate_higher_perm_levels()
	doc.set_title_field()
	doc._validate()


def _keep_linked(target: UpsertTarget, prepared: list[PreparedRecord]) -> list[PreparedRecord]:
	"""Return the records whose links lead to records that exist under exactly this name and are not cancelled."""
	for field in target.meta.get_link_fields():
		linked = {str(value) for each in prepared if (value := each.doc.get(field.fieldname))}
		# No permissions, as when Frappe checks a link
		found = _find_linkable(field.options, linked)
		prepared = [
			each
			for each in prepared
			if not each.is_changed or str(each.doc.get(field.fieldname) or "") in found
		]
	return prepared


def _find_linkable(doctype: str, names: Collection[str]) -> set[str]:
	if not names:
		return {""}
	filters = {"name": ("in", sorted(names)), "docstatus": ("<", 2)}
	return {"", *map(str, frappe.get_all(doctype, filters=filters, pluck="name", order_by=None))}


def _write_records(doctype: str, prepared: Collection[PreparedRecord]) -> None:
	created = [each.doc for each in prepared if each.before is None]
	changed = [each for each in prepared if each.before is not None and each.is_changed]
	insert_rows(doctype, map(_build_row, created))
	upsert_rows(doctype, [_build_row(each.doc) for each in changed], preserved=PRESERVED_COLUMNS)
	insert_rows(VERSION, _build_version_rows(changed))
	for each in changed:
		each.doc.clear_cache()
		_notify_form(each.doc)
	if written := [*created, *(each.doc for each in changed)]:
		_notify_lists(written[-1])
		clear_doctype_notifications(written[-1])


def _build_row(doc: Document) -> dict[str, Any]:
	return doc.get_valid_dict(convert_dates_to_str=True, ignore_virtual=True)


def _build_version_rows(changed: Collection[PreparedRecord]) -> Iterator[dict[str, Any]]:
	for each in changed:
		if not each.doc.meta.track_changes:
			continue
		version = frappe.new_doc(VERSION)
		if version.update_version_info(each.before, each.doc):
			version.set_user_and_timestamp()
			version.set_new_name()
			yield _build_row(version)


def _notify_form(doc: Document) -> None:
	"""Have those who have the record open in Desk see that it was changed."""
	data = {"modified": doc.modified, "doctype": doc.doctype, "name": doc.name}
	frappe.publish_realtime("doc_update", data, doctype=doc.doctype, docname=doc.name, after_commit=True)


def _notify_lists(doc: Document) -> None:
	"""Have open lists in Desk read anew, once for all records."""
	data = {"doctype": doc.doctype, "name": doc.name, "user": frappe.session.user}
	frappe.publish_realtime("list_update", data, after_commit=True)
