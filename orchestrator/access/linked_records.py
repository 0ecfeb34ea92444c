"""Linked records in lists and replies, only those that the caller may read."""

from collections.abc import Iterable
from typing import Any

import frappe
from frappe.model.db_query import DatabaseQuery
from frappe.model.meta import Meta
from frappe.utils import cstr

from orchestrator.access.record_conditions import NO_RECORDS, build_list_condition

LINK_TYPES = ("Link", "Dynamic Link")


def limit_linked_tables(query: DatabaseQuery) -> None:
	"""Restrict each joined linked DocType to the records that the reader may read: fields of other records
	are empty.
	"""
	for link in query.link_tables:
		conditions = build_list_condition(link.doctype, query.user)
		if conditions is None:
			conditions = NO_RECORDS
		if conditions:
			link.table_name = f"(select * from `tab{link.doctype}` where {conditions})"  # noqa: S608  # Frappe's own conditions


def can_read(doctype: str, name: str, user: str | None = None) -> bool:
	"""Return True if a user, by default the caller, may read this record, False also if it does not exist."""
	try:
		# The DocType first: for a record whose DocType is not readable, Frappe 16 adds a message to the reply.
		return bool(
			frappe.has_permission(doctype, "read", user=user)
			and frappe.has_permission(doctype, "read", doc=name, user=user)
		)
	except frappe.DoesNotExistError:
		frappe.clear_last_message()
		return False


def can_choose(doctype: str, name: str) -> bool:
	"""Return True if the caller may read this record, or find it in a link field."""
	if can_read(doctype, name):
		return True
	if not frappe.only_has_select_perm(doctype):
		return False
	return bool(frappe.get_list(doctype, filters={"name": name}, pluck="name", limit=1))


def attach_expanded_links(doctype: str, docs: list[Any], fields_to_expand: list[str]) -> None:
	"""Replace links in rows by the linked records that the caller may read; other links stay names.

	Args:
		doctype: The DocType of the rows.
		docs: The rows, changed in place.
		fields_to_expand: The link fields to replace.
	"""
	links = _get_links(frappe.get_meta(doctype), fields_to_expand or [])
	records: dict[str, dict[str, Any]] = {}
	for linked, names in _collect_names(links, docs).items():
		records[linked] = _get_records(linked, names)
	for row in docs:
		for fieldname, source in links.items():
			target, value = _get_linked_doctype(row, source), row.get(fieldname)
			if value and target and value in records.get(target, {}):
				row[fieldname] = records[target][value]


def expand_document(values: Any) -> None:
	"""Replace the links of a record by the linked records that the caller may read; other links stay names."""
	meta = frappe.get_meta(values.doctype)
	fields = [field.fieldname for field in [*meta.get_link_fields(), *meta.get_dynamic_link_fields()]]
	expanded = {}
	for fieldname, source in _get_links(meta, fields).items():
		name, doctype = values.get(fieldname), _get_linked_doctype(values, source)
		if name and doctype and can_read(doctype, name):
			expanded[fieldname] = frappe.get_doc(doctype, name)
			expanded[fieldname].apply_fieldlevel_read_permissions()
	values.update(expanded)


def _get_links(meta: Meta, fieldnames: Iterable[str]) -> dict[str, tuple[str, str]]:
	"""Return the link fields among the names, each with its type and options."""
	fields = {name: meta.get_field(name) for name in fieldnames}
	return {
		name: (field.fieldtype, field.options)
		for name, field in fields.items()
		if field and field.fieldtype in LINK_TYPES
	}


def _get_linked_doctype(row: Any, source: tuple[str, str]) -> str | None:
	"""Return the DocType that a link field of a row leads to."""
	fieldtype, options = source
	return options if fieldtype == "Link" else row.get(options)


def _collect_names(links: dict[str, tuple[str, str]], docs: list[Any]) -> dict[str, set[str]]:
	"""Return the names to read, by DocType."""
	wanted: dict[str, set[str]] = {}
	for row in docs:
		for fieldname, source in links.items():
			name, linked = row.get(fieldname), _get_linked_doctype(row, source)
			if isinstance(name, str | int) and name and isinstance(linked, str):
				wanted.setdefault(linked, set()).add(cstr(name))
	return wanted


def _get_records(doctype: str, names: set[str]) -> dict[str, Any]:
	"""Return the records that the caller may read, by name."""
	if not frappe.has_permission(doctype, "read"):
		return {}
	if frappe.only_has_select_perm(doctype):
		names = {name for name in names if can_read(doctype, name)}
	rows = frappe.get_list(doctype, filters={"name": ["in", list(names)]}, fields=["*"]) if names else []
	return {row["name"]: row for row in rows}
