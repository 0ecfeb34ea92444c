"""Linked records and rows of child tables that a list or a record is expanded by, each under its own permission."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import frappe
from frappe import _
from frappe.model import table_fields
from frappe.model.meta import Meta
from frappe.utils import cint, cstr

from orchestrator.access.linked_records import LINK_TYPES, attach_expanded_links
from orchestrator.api.columns import refuse_name
from orchestrator.api.endpoint import Listing
from orchestrator.api.list_query import NO_COLUMNS, get_rows
from orchestrator.api.parameters import parse_json
from orchestrator.exceptions import InvalidRequestError, refuse

NAME_LABEL: Final = "orchestrator_name"
PARENT_LABEL: Final = "orchestrator_parent"
MAX_CHILD_ROWS: Final = 20_000

Row = dict[str, Any]


def build_name_column(doctype: str) -> Mapping[str, str]:
	"""Return the column that has the name of each row's record, for `hidden_columns`."""
	return {NAME_LABEL: f"`tab{doctype}`.`name`"}


@dataclass(frozen=True)
class Expansion:
	"""The fields of a DocType to expand: links, and tables with the links of their rows."""

	doctype: str
	links: Sequence[str]
	tables: Mapping[str, Sequence[str]]

	def __bool__(self) -> bool:
		return bool(self.links or self.tables)

	@property
	def hidden_columns(self) -> Mapping[str, str]:
		"""Return the column by which rows of child tables are found."""
		return build_name_column(self.doctype) if self.tables else NO_COLUMNS

	def expand_list(self, listing: Listing, names: Sequence[str | int | None]) -> Listing:
		"""Return the list with its rows expanded, and the tables among its keys.

		Args:
			listing: The rows, changed in place.
			names: The names of the rows' records.
		"""
		attach_expanded_links(self.doctype, listing.rows, list(self.links))
		for table, links in self.tables.items():
			children = self._get_rows(table, links, [cstr(name) for name in names])
			for row, name in zip(listing.rows, names, strict=True):
				row[table] = None if children is None else children.get(cstr(name), [])
		return Listing(listing.rows, [*dict.fromkeys([*listing.keys, *self.tables])], listing.page)

	def expand_record(self, record: Row) -> Row:
		"""Return a record, which has its tables already, with its links and those of its rows expanded."""
		attach_expanded_links(self.doctype, [record], list(self.links))
		for table, links in self.tables.items():
			attach_expanded_links(
				_get_child_doctype(self.doctype, table), record.get(table) or [], list(links)
			)
		return record

	def _get_rows(self, table: str, links: Sequence[str], names: list[str]) -> dict[str, list[Row]] | None:
		"""Return the rows of a table by the names of their records, None where the caller may not read the table."""
		if not _is_readable(self.doctype, table):
			return None
		child = _get_child_doctype(self.doctype, table)
		rows = _get_child_rows(self.doctype, table, child, names) if names else []
		attach_expanded_links(child, rows, list(links))
		by_parent: dict[str, list[Row]] = {}
		for row in rows:
			by_parent.setdefault(row.pop(PARENT_LABEL), []).append(row)
		return by_parent


def parse_expansion(meta: Meta, value: Any) -> Expansion:
	"""Return the fields to expand.

	Args:
		meta: The DocType's meta.
		value: As the caller sent it: link fields, table fields, and `table.link` for the links of their rows.

	Raises:
		InvalidRequestError: 400 for a name that is no such field.
	"""
	names = parse_json("expand", value) or []
	if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
		refuse(_("expand must be a list of link fields and table fields."), InvalidRequestError)
	links: list[str] = []
	tables: dict[str, list[str]] = {}
	for name in names:
		table, dot, link = name.partition(".")
		field = meta.get_field(table)
		if field and field.fieldtype in table_fields:
			links_of_rows = tables.setdefault(table, [])
			if dot:
				links_of_rows.append(_check_link(frappe.get_meta(field.options), link))
		else:
			links.append(_check_link(meta, name))
	return Expansion(meta.name, links, tables)


def _check_link(meta: Meta, name: str) -> str:
	"""Return the name of a link field, 400 for any other."""
	field = meta.get_field(name)
	if not field or field.fieldtype not in LINK_TYPES:
		refuse_name(meta, "expand", name)
	return name


def _get_child_doctype(doctype: str, table: str) -> str:
	return str(frappe.get_meta(doctype).get_field(table).options)


def _is_readable(doctype: str, table: str) -> bool:
	"""Return True where the caller may read this table of the records that they may read."""
	meta = frappe.get_meta(doctype)
	level = cint(meta.get_field(table).permlevel)
	return not level or level in meta.get_permlevel_access("read")


def _get_child_rows(doctype: str, table: str, child: str, names: list[str]) -> list[Row]:
	"""Return the rows of a table of several records, those of each in their order, with the fields that may be read."""
	rows = get_rows(
		child,
		hidden_columns={PARENT_LABEL: f"`tab{child}`.parent"},
		parent_doctype=doctype,
		fields=["*"],
		filters=[
			[child, "parenttype", "=", doctype],
			[child, "parentfield", "=", table],
			[child, "parent", "in", names],
		],
		order_by=f"`tab{child}`.parent, `tab{child}`.idx, `tab{child}`.name",
		limit_page_length=MAX_CHILD_ROWS + 1,
	)
	if len(rows) > MAX_CHILD_ROWS:
		refuse(
			_("{0} has more than {1} rows on this page. Lower limit_page_length.").format(
				table, MAX_CHILD_ROWS
			),
			InvalidRequestError,
		)
	return rows
