"""Versions of a record: only for users who may read the record, with the fields that they may read."""

import json
from typing import TYPE_CHECKING, Any

import frappe

from orchestrator.access.field_levels import NO_FIELDS, get_unreadable_fields
from orchestrator.access.key_scope import is_unlimited
from orchestrator.access.linked_records import can_read
from orchestrator.access.record_conditions import build_read_condition
from orchestrator.access.switch import is_guarded
from orchestrator.compat import NO_OPINION

if TYPE_CHECKING:
	from frappe.model.document import Document


def build_conditions(user: str | None) -> str:
	"""Implement the hook permission_query_conditions of Version: the versions whose record and fields the user may read."""
	user = user or frappe.session.user
	if is_unlimited(user) or not is_guarded():
		return ""
	recorded = frappe.db.sql_list("select distinct ref_doctype from `tabVersion`")
	allowed = [condition for name in recorded if name and (condition := _build_condition(name, user))]
	return f"({' or '.join(allowed)})" if allowed else "1 = 0"


def has_permission(doc: "Document", user: str) -> bool | None:
	"""Implement the hook has_permission of Version: False if the user may not read its record or a changed
	field.
	"""
	if is_unlimited(user) or not is_guarded():
		return NO_OPINION
	if not doc.ref_doctype or not frappe.db.exists("DocType", doc.ref_doctype):
		return NO_OPINION
	if build_read_condition(doc.ref_doctype, user) is None:
		return False
	if any(f'"{name}"' in (doc.data or "").lower() for name in _get_hidden_names(doc.ref_doctype, user)):
		return False
	if not frappe.db.exists(doc.ref_doctype, doc.docname):
		return NO_OPINION if not build_read_condition(doc.ref_doctype, user) else False
	return NO_OPINION if can_read(doc.ref_doctype, doc.docname, user) else False


def filter_data(doctype: str, text: str | None, user: str | None = None) -> str | None:
	"""Return the data of a version without the fields that the user may not read.

	Args:
		doctype: The DocType of the changed record.
		text: The field `data` of a Version, JSON.
		user: The reader, by default the session's user.

	Returns:
		The same text where nothing is hidden, None if nothing is left of it.
	"""
	if not text or not _get_hidden_names(doctype, user):
		return text
	data = json.loads(text)
	before = json.dumps(data)
	for key, keep in (
		("changed", _keep_change),
		("row_changed", _keep_row_change),
		("added", _keep_row),
		("removed", _keep_row),
	):
		if data.get(key):
			kept = (keep(doctype, user, entry) for entry in data[key])
			data[key] = [entry for entry in kept if entry is not None]
	if json.dumps(data) == before:
		return text
	if not any(data.get(key) for key in ("changed", "row_changed", "added", "removed")):
		return None
	return frappe.as_json(data, indent=None, separators=(",", ":"))


def filter_timeline(doctype: str, user: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Return the entries of a follower's mail without the fields that the follower may not read."""
	if not _get_hidden_names(doctype, user):
		return items
	return [item for item in items if _is_entry_readable(doctype, user, item["data"])]


def _build_condition(doctype: str, user: str) -> str:
	"""Return the condition of the versions of one DocType, an empty string if the user may read none."""
	if not frappe.db.exists("DocType", doctype):
		return ""
	meta = frappe.get_meta(doctype)
	readable = build_read_condition(doctype, user)
	if readable is None:
		return ""
	parts = [f"`tabVersion`.ref_doctype = {frappe.db.escape(doctype, percent=False)}"]
	if readable and not meta.issingle and not meta.get("is_virtual"):
		parts.append(
			f"`tabVersion`.docname in (select `tab{doctype}`.name from `tab{doctype}` where {readable})"  # noqa: S608  # Frappe's own conditions
		)
	for name in sorted(_get_hidden_names(doctype, user)):
		quoted = frappe.db.escape(f'"{name}"', percent=False)
		parts.append(f"locate({quoted}, ifnull(`tabVersion`.data, '')) = 0")
	return f"({' and '.join(parts)})"


def _get_hidden_names(doctype: str, user: str | None) -> frozenset[str]:
	"""Return the unreadable fields of a DocType and of its child tables."""
	hidden = set(get_unreadable_fields(doctype, user=user))
	for table in frappe.get_meta(doctype).get_table_fields():
		hidden |= get_unreadable_fields(table.options, doctype, user)
	return frozenset(hidden)


def _get_hidden_in_table(doctype: str, user: str | None, fieldname: str) -> frozenset[str]:
	"""Return the unreadable fields of the rows in a table field."""
	table = frappe.get_meta(doctype).get_field(fieldname)
	return get_unreadable_fields(table.options, doctype, user) if table and table.options else NO_FIELDS


def _is_hidden(doctype: str, user: str | None, fieldname: Any) -> bool:
	return str(fieldname).lower() in get_unreadable_fields(doctype, user=user)


def _keep_change(doctype: str, user: str | None, entry: list[Any]) -> list[Any] | None:
	"""Return a changed field, None if it is hidden."""
	return None if _is_hidden(doctype, user, entry[0]) else entry


def _keep_row_change(doctype: str, user: str | None, entry: list[Any]) -> list[Any] | None:
	"""Return a changed row without its hidden fields, None if nothing is left."""
	if _is_hidden(doctype, user, entry[0]):
		return None
	hidden = _get_hidden_in_table(doctype, user, entry[0])
	changes = [change for change in entry[3] if str(change[0]).lower() not in hidden]
	return [*entry[:3], changes] if changes else None


def _keep_row(doctype: str, user: str | None, entry: list[Any]) -> list[Any] | None:
	"""Return an added or removed row without its hidden fields."""
	if _is_hidden(doctype, user, entry[0]):
		return None
	hidden = _get_hidden_in_table(doctype, user, entry[0])
	if not hidden or not isinstance(entry[1], dict):
		return entry
	return [entry[0], {key: value for key, value in entry[1].items() if key.lower() not in hidden}]


def _is_entry_readable(doctype: str, user: str, data: dict[str, Any]) -> bool:
	"""Return False for an entry of a mail on a field that is hidden from the user."""
	table = data.get("table_field")
	if table:
		hidden = _get_hidden_in_table(doctype, user, table)
		return not _is_hidden(doctype, user, table) and str(data.get("field")).lower() not in hidden
	return not _is_hidden(doctype, user, data.get("field") or data.get("to"))
