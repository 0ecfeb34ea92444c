"""Check the permission levels of every column that a list query names."""

from typing import Any

import frappe
from frappe.model.db_query import DatabaseQuery

from orchestrator.access.field_levels import (
	NO_FIELDS,
	get_columns,
	get_internal_columns,
	get_unreadable_fields,
	get_unreadable_tables,
	get_unselectable_fields,
	refuse_field,
)
from orchestrator.access.identifiers import find_identifiers, strip_alias

Tables = dict[str, tuple[str, frozenset[str]]]


def check_conditions(doctype: str, conditions: list[str]) -> None:
	"""Refuse filter conditions that a custom search has built, on a column that the caller may not read.

	Args:
		doctype: The DocType of the search.
		conditions: The conditions in SQL.

	Raises:
		PermissionError: A condition uses a column that the caller may not read (403).
	"""
	query = _build_query(doctype)
	if tables := _find_tables(query):
		for condition in conditions:
			_check(query, tables, condition)


def check_query(query: DatabaseQuery) -> None:
	"""Remove unreadable columns from the fields, and refuse them in functions, filters, order and groups.

	Raises:
		PermissionError: A function, a filter, the order or the group uses a column that the reader may not read (403).
	"""
	if _has_no_levels(query):
		return
	tables = _find_tables(query)
	if not tables:
		return
	# The conditions of permissions follow those of the filters, one for each.
	filters = [*query.conditions[: len(query.filters)], *query.grouped_or_conditions]
	for text in (query.order_by, query.group_by, *filters):
		if isinstance(text, str):
			_check(query, tables, text)
	for index in reversed(range(len(query.fields))):
		_check_field(query, tables, index)


def _has_no_levels(query: DatabaseQuery) -> bool:
	"""Return True for a query of one table without fields above level 0, the most frequent case."""
	if query.link_tables or len(query.tables) > 1 or get_internal_columns(query.user):
		return False
	return not query.doctype_meta.get_high_permlevel_fields()


def check_functions(doctype: str, parent_doctype: str | None, fields: list[str]) -> None:
	"""Refuse functions of fields that the caller may not read, before Frappe removes them silently.

	Args:
		doctype: The DocType of a list request.
		parent_doctype: For a child table, the DocType of the parent.
		fields: The selected columns.

	Raises:
		PermissionError: A function uses a field that the caller may not read (403).
	"""
	query = _build_query(doctype, parent_doctype)
	if tables := _find_tables(query):
		for field in fields:
			if isinstance(field, str) and "(" in field:
				_check(query, tables, strip_alias(field))


def _build_query(doctype: str, parent_doctype: str | None = None) -> DatabaseQuery:
	"""Return a query of the DocType and all its child tables."""
	query = DatabaseQuery(doctype)
	query.parent_doctype = parent_doctype
	children = [field.options for field in frappe.get_meta(doctype).get_table_fields()]
	query.tables = [f"`tab{name}`" for name in (doctype, *children)]
	return query


def _check_field(query: DatabaseQuery, tables: Tables, index: int) -> None:
	"""Check one selected column."""
	text = query.fields[index]
	if text is None:
		return
	column = strip_alias(text)
	if found := _find_unreadable(query, tables, column):
		if "(" in column or query.as_list:  # rows without names: Frappe fails where a column is missing
			refuse_field(*found)
		query.remove_field(index)


def _check(query: DatabaseQuery, tables: Tables, sql: str) -> None:
	if found := _find_unreadable(query, tables, sql):
		refuse_field(*found)


def _find_unreadable(query: DatabaseQuery, tables: Tables, sql: str) -> tuple[str, str] | None:
	"""Return the DocType and name of the first unreadable column in `sql`."""
	for qualifier, name in find_identifiers(sql):
		for doctype, hidden in _find_candidates(query, tables, qualifier, name):
			if name in hidden:
				return doctype, name
	return None


def _find_candidates(
	query: DatabaseQuery, tables: Tables, qualifier: str | None, name: str
) -> list[tuple[str, frozenset[str]]]:
	"""Return the tables that a name may belong to: a name without table belongs to the main table if that has
	such a column.
	"""
	main = f"tab{query.doctype}".lower()
	if qualifier is None and name in get_columns(query.doctype):
		qualifier = main
	elif qualifier not in (main, *_get_table_names(query)):
		return list(tables.values())
	return [tables[qualifier]] if qualifier in tables else []


def _find_tables(query: DatabaseQuery) -> Tables:
	"""Return the tables of a query that have unreadable columns, by their name in the query."""
	found: dict[str, tuple[str, frozenset[str]]] = {}
	doctype, user = query.doctype, query.user
	parent = getattr(query, "parent_doctype", None)
	found[f"tab{doctype}".lower()] = (doctype, get_unreadable_fields(doctype, parent, user))
	for table in query.tables[1:]:
		child = table.strip("`")[3:]
		found[f"tab{child}".lower()] = (child, _get_hidden_in_child(child, doctype, user))
	for link in query.link_tables:
		alias = link.table_alias.strip("`").lower()
		found[alias] = (link.doctype, _get_hidden_in_link(query, link.doctype))
	return {name: entry for name, entry in found.items() if entry[1]}


def _get_hidden_in_child(child: str, doctype: str, user: str) -> frozenset[str]:
	if child in get_unreadable_tables(doctype, user):
		return get_columns(child)
	return get_unreadable_fields(child, doctype, user)


def _get_hidden_in_link(query: DatabaseQuery, doctype: str) -> frozenset[str]:
	hidden = get_unreadable_fields(doctype, user=query.user)
	if query.permission_map.get(doctype) == "select":
		return hidden | get_unselectable_fields(doctype)
	return hidden or NO_FIELDS


def _get_table_names(query: DatabaseQuery) -> set[str]:
	"""Return the tables that a query joins, in lower case."""
	names = {table.strip("`").lower() for table in query.tables}
	return names | {link.table_alias.strip("`").lower() for link in query.link_tables}


def check_filters(doctype: str, filters: Any, parent_doctype: str | None = None) -> None:
	"""Refuse filters of a single record by a field that the caller may not read. Raises PermissionError (403)."""
	if get_unreadable_fields(doctype, parent_doctype):
		frappe.get_list(doctype, filters=filters, parent_doctype=parent_doctype, limit=1, run=False)
