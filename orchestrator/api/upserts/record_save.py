"""Save one record of an upsert as a single insert or change would: with its permissions, hooks and rules."""

from collections.abc import Iterable
from typing import Any, NoReturn

import frappe
import frappe.client
from frappe import _
from frappe.model.document import Document

from orchestrator.api.field_access import check_field_permissions, check_links
from orchestrator.api.record_changes import check_not_modified_since, save_changes, translate_link_errors
from orchestrator.api.upserts.comparison import has_changes
from orchestrator.api.upserts.outcomes import Outcome
from orchestrator.api.upserts.record_values import Key, KeyedRecord, UpsertTarget, build_changes
from orchestrator.exceptions import InvalidRequestError, refuse


def find_names(target: UpsertTarget, keys: Iterable[Key], *, for_update: bool = False) -> dict[str, Key]:
	"""Return the names of the records that have one of the keys, by the key as text.

	Args:
		target: The DocType and its key.
		keys: The keys.
		for_update: Lock the records, and find those that were committed after this transaction began.
	"""
	table = frappe.qb.DocType(target.meta.name)
	wanted = {str(key) for key in keys}
	if not wanted:
		return {}
	# No permissions: whether the caller may read and change each is checked when it is saved.
	query = frappe.qb.from_(table).select(table.name, table[target.key_field])
	query = query.where(table[target.key_field].isin(sorted(wanted)))
	rows = (query.for_update() if for_update else query).run()
	# The database compares without regard to case, accents and trailing blanks; a key does not.
	return {str(key): name for name, key in rows if str(key) in wanted}


def save_record(target: UpsertTarget, record: KeyedRecord, name: Key | None) -> Outcome:
	"""Create the record, or change the one that has its key.

	Args:
		target: The DocType and its key.
		record: The record.
		name: The name of the record that has its key, None if there is none.
	"""
	return _create_record(target, record) if name is None else _update_record(target, record, name)


def _create_record(target: UpsertTarget, record: KeyedRecord) -> Outcome:
	if not frappe.has_permission(target.meta.name, "create"):
		refuse_hidden()
	values = build_new_values(record)
	check_field_permissions(frappe.new_doc(target.meta.name), values)
	check_links(target.meta, values)
	with translate_link_errors():
		created = frappe.client.insert_doc({"doctype": target.meta.name, **values})
	check_stored_key(target, created, record.key)
	return Outcome(record.line, "created", created.name)


def _update_record(target: UpsertTarget, record: KeyedRecord, name: Key) -> Outcome:
	doc = frappe.get_doc(target.meta.name, name, for_update=True)
	changes = prepare_changes(target, record, doc)
	if not has_changes(doc, changes):
		return Outcome(record.line, "unchanged", doc.name)
	save_changes(target.meta, doc, doc.name, changes)
	return Outcome(record.line, "updated", doc.name)


def build_new_values(record: KeyedRecord) -> dict[str, Any]:
	"""Return the values of a new record."""
	return {field: value for field, value in record.values.items() if field != "modified"}


def prepare_changes(target: UpsertTarget, record: KeyedRecord, doc: Document) -> dict[str, Any]:
	"""Return what a record changes of an existing one, if the caller may.

	Raises:
		PermissionError: 403. The caller may not read or change the record, or one of the fields.
		TimestampMismatchError: 409. The record has been changed since it was read.
	"""
	if not doc.has_permission("read"):
		refuse_hidden()
	doc.check_permission("write")
	changes = build_changes(target, record, doc.name)
	check_not_modified_since(doc, changes.pop("modified", None))
	check_field_permissions(doc, changes)
	return changes


def refuse_hidden() -> NoReturn:
	"""403 alike for a record that may not be created, and one that exists and that the caller may not read."""
	refuse(
		_("You do not have permission to create this record, or to read the one that has its key."),
		frappe.PermissionError,
	)


def check_stored_key(target: UpsertTarget, doc: Document, key: Key) -> None:
	"""400 for a new record that the same key would not find: sent again, it would be created again."""
	stored = doc.get(target.key_field)
	if str(stored) == str(key):
		return
	if target.key_field == "name":
		text = _(
			"There is no record of this name, and the site names new records of {0} itself. Identify the records by a unique field instead."
		).format(_(target.meta.name))
	else:
		text = _(
			"The site does not store this value of {0} as it was sent. Send one that it does not change."
		).format(target.key_field)
	refuse(text, InvalidRequestError)
