"""Permission levels and linked records in the query builder that Frappe 16 makes its lists by.

Frappe checks the levels of most names itself, and refuses them with 403. The rest is checked here: levels of
`User`, rows of tables above level 0, names of child tables, aliases that are columns. See
docs/decisions/0039.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from pypika.queries import Table
from pypika.terms import Field

import frappe
from frappe.database import query as frappe_query

from orchestrator.access import child_rows
from orchestrator.access.field_levels import (
	get_columns,
	get_unreadable_fields,
	get_unreadable_tables,
	get_unselectable_fields,
	refuse_field,
)
from orchestrator.access.record_conditions import build_list_condition
from orchestrator.access.switch import is_guarded

Native = Callable[..., Any]
TABLE_PREFIX = "tab"
SINGLE_PERCENT = re.compile(r"(?<!%)%(?!%)")


class ReadableTable(Table):
	"""A joined table, restricted to the rows that the reader may read, or may choose in a link field."""

	def __init__(self, doctype: str, alias: str, conditions: str, link: str) -> None:
		super().__init__(f"{TABLE_PREFIX}{doctype}", alias=alias)
		self.conditions = conditions
		self.link = link

	def get_sql(self, **kwargs: Any) -> str:
		if not self.conditions:
			return str(super().get_sql(**kwargs))
		where = self.conditions.replace("%", "%%") if kwargs.get("param_wrapper") else self.conditions
		return f"(select * from `{self._table_name}` where {where}) `{self.alias}`"  # noqa: S608  # Frappe's own conditions


def filter_selected(native: Native, engine: Any) -> list[Any]:
	"""Return the selected fields that the reader may read. Functions of other fields are refused later."""
	return [field for field in native(engine) if _is_selectable(engine, field)]


def add_permission_conditions(native: Native, engine: Any) -> None:
	"""Refuse fields that the reader may not read, and restrict the query to readable records.

	This is the last step: what Frappe itself refuses was refused before, without a frame of this app on the
	stack.
	"""
	if not engine.apply_permissions:
		return
	if is_guarded():
		_check_names(engine)
	native(engine)
	if engine.doctype == engine.permission_doctype:
		return
	# For rows of a child table, Frappe applies only the conditions of the parent, and none if that is a Single.
	if rows := child_rows.build_conditions(engine.user, doctype=engine.doctype):
		engine.query = engine.query.where(frappe_query.RawCriterion(f"({rows})"))


def double_percent_signs(native: Native, criterion: Any, **kwargs: Any) -> str:
	"""Return the SQL of a condition for a query with parameters: with each percent sign doubled.

	Frappe 16 inserts the conditions of hooks into such queries unchanged. A list then fails if a role, a
	folder or a permitted record has a percent sign in its name. Signs that a hook has doubled itself stay.
	"""
	sql = str(native(criterion, **kwargs))
	return SINGLE_PERCENT.sub("%%", sql) if kwargs.get("param_wrapper") else sql


def join_linked_table(native: Native, field: Any, query: Any, engine: Any = None) -> Any:
	"""Join the readable records of a linked DocType, once for each link field: fields of unreadable records
	are empty.

	Frappe's own join omits rows whose linked record is not readable, uses the first link field to a DocType
	for all of them, and confuses a record with the one that it links to in its own DocType.
	"""
	if not engine or not engine.apply_permissions:
		return native(field, query, engine)
	conditions = build_list_condition(field.doctype, engine.user)
	if conditions is None:
		return native(field, query, engine)  # refuses
	table = _find_joined(query, field) or ReadableTable(
		field.doctype, _choose_alias(query, field), conditions, field.link_fieldname
	)
	field.table, field.field = table, table[field.fieldname]
	if query.is_joined(table):
		return query
	main = frappe.qb.DocType(field.parent_doctype)
	return query.left_join(table).on(table.name == main[field.link_fieldname])


def select_linked_field(native: Native, field: Any, query: Any, engine: Any = None) -> Any:
	"""Select a field of the table that `join_linked_table` has joined for its link field."""
	if not engine or not engine.apply_permissions:
		return native(field, query, engine)
	query = field.apply_join(query, engine=engine)
	return query.select(field.table[field.fieldname].as_(field.alias or None))


def _find_joined(query: Any, field: Any) -> ReadableTable | None:
	"""Return the table that is already joined for a link field."""
	for join in query._joins:
		table = join.item
		if isinstance(table, ReadableTable) and (table.link, table._table_name) == (
			field.link_fieldname,
			f"{TABLE_PREFIX}{field.doctype}",
		):
			return table
	return None


def _choose_alias(query: Any, field: Any) -> str:
	"""Return the name of a joined table in the query: its own, unless that is taken."""
	name = f"{TABLE_PREFIX}{field.doctype}"
	return f"{name}_{field.link_fieldname}" if name in _get_doctypes_by_table(query) else name


def _get_doctypes_by_table(query: Any) -> dict[str, str]:
	"""Return the DocTypes of a query by the names of their tables in it."""
	tables = [*query._from, *(join.item for join in query._joins)]
	return {
		table.get_table_name(): table._table_name.removeprefix(TABLE_PREFIX)
		for table in tables
		if isinstance(table, Table)
	}


def _get_hidden_fields(engine: Any, doctype: str, parent_doctype: str | None) -> frozenset[str]:
	"""Return the fields of a DocType in the query that the reader may not read, in lower case."""
	if not frappe.get_meta(doctype).istable:
		hidden = get_unreadable_fields(doctype, user=engine.user)
		if doctype != engine.doctype and engine.get_permission_type(doctype) == "select":
			hidden |= get_unselectable_fields(doctype)
		return hidden
	if doctype == engine.doctype:
		# `child_rows` leaves out the rows of unreadable tables
		return get_unreadable_fields(doctype, engine.parent_doctype, engine.user)
	parent = parent_doctype or engine.doctype
	if doctype in get_unreadable_tables(parent, engine.user):
		return get_columns(doctype)
	return get_unreadable_fields(doctype, parent, engine.user)


def _is_selectable(engine: Any, field: Any) -> bool:
	"""Return True for a selected field that is readable."""
	if isinstance(field, frappe_query.ChildQuery):
		hidden = _get_hidden_fields(engine, field.doctype, field.parent_doctype)
		field.fields = [name for name in field.fields if name.lower() not in hidden]
		return bool(field.fields)
	if isinstance(field, frappe_query.DynamicTableField):
		return field.fieldname.lower() not in _get_hidden_fields(engine, field.doctype, field.parent_doctype)
	if isinstance(field, Field):
		return field.name.lower() not in _get_hidden_fields(engine, _get_doctype(engine, field), None)
	return True


def _get_doctype(engine: Any, field: Field) -> str:
	name = getattr(field.table, "_table_name", None)
	return str(name).removeprefix(TABLE_PREFIX) if name else str(engine.doctype)


def _check_names(engine: Any) -> None:
	"""Refuse a field in a filter, a function, the order or the group that the reader may not read."""
	tables = set(_get_doctypes_by_table(engine.query).values())
	for field in _iterate_fields(engine.query):
		if field.table is None:
			_check_alias(engine, tables, field.name.lower())
			continue
		doctype = _get_doctype(engine, field)
		if field.name.lower() in _get_hidden_fields(engine, doctype, None):
			refuse_field(doctype, field.name)


def _check_alias(engine: Any, doctypes: set[str], name: str) -> None:
	"""Check an alias that MariaDB may read as a column: of a field that was removed, or of another one."""
	owners = [doctype for doctype in doctypes if name in get_columns(doctype)]
	if not owners and name in _list_removed_aliases(engine):
		refuse_field(engine.doctype, name)
	for doctype in owners:
		if name in _get_hidden_fields(engine, doctype, None):
			refuse_field(doctype, name)
		engine._check_field_permission(
			doctype, name, engine.parent_doctype if doctype == engine.doctype else None
		)


def _list_removed_aliases(engine: Any) -> set[str]:
	"""Return the aliases of selected fields that were removed because the reader may not read them, in lower case."""
	selected = {str(term.alias or "").lower() for term in engine.query._selects}
	return {alias.lower() for alias in engine.field_aliases} - selected


def _iterate_fields(query: Any) -> Iterator[Field]:
	"""Yield the fields that a query filters, sorts, groups and calculates by, before Frappe adds its own conditions."""
	terms = [*query._groupbys, *(term for term, _direction in query._orderbys)]
	terms += [term for term in query._selects if not isinstance(term, Field)]
	if query._wheres is not None:
		terms.append(query._wheres)
	for term in terms:
		yield from term.find_(Field)
