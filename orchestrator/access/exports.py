"""Exports of records with their child rows, without the fields that the caller may not read."""

from typing import Any

from orchestrator.access.field_levels import NO_FIELDS, get_unreadable_fields, get_unreadable_tables


def _get_hidden_columns(doctype: str, parent_doctype: str) -> frozenset[str] | None:
	"""Return the unreadable columns of an exported table, None if the whole table is unreadable.

	Args:
		doctype: The exported DocType or child table.
		parent_doctype: The exported DocType itself.
	"""
	if doctype == parent_doctype:
		return get_unreadable_fields(doctype)
	if doctype in get_unreadable_tables(parent_doctype):
		return None
	return get_unreadable_fields(doctype, parent_doctype) or NO_FIELDS


def filter_fields(doctype: str, parent_doctype: str, fields: list[Any]) -> list[Any]:
	"""Return the exported fields that the caller may read."""
	hidden = _get_hidden_columns(doctype, parent_doctype)
	if hidden is None:
		return []
	return [field for field in fields if field.fieldname.lower() not in hidden]


def filter_row(doctype: str, parent_doctype: str, row: Any) -> Any:
	"""Return an exported row without the fields that the caller may not read."""
	hidden = _get_hidden_columns(doctype, parent_doctype)
	if hidden == NO_FIELDS:
		return row
	kept = {key: value for key, value in row.items() if hidden is not None and key.lower() not in hidden}
	return type(row)({"name": row.get("name"), **kept})
