"""The order of a list as the columns of a keyset: fields whose values MariaDB sorts and compares alike."""

import re
from collections.abc import Sequence
from typing import Final, NoReturn

import frappe
from frappe import _
from frappe.model.meta import Meta

from orchestrator.api.keyset import KeyColumn, Keyset, ValueKind
from orchestrator.api.lists import ListQuery
from orchestrator.exceptions import InvalidRequestError, refuse

OWN_COLUMN_PATTERN: Final = re.compile(r"^`tab(?P<doctype>[^`]+)`\.`(?P<field>\w+)`$")
LINKED_COLUMN_PATTERN: Final = re.compile(r"^(?P<link>\w+)\.(?P<field>\w+)$")
KINDS_BY_COLUMN_TYPE: Final[dict[str, ValueKind]] = {
	"varchar": "text",
	"uuid": "text",
	"int": "number",
	"tinyint": "number",
	"bigint": "number",
	"decimal": "number",
	"date": "moment",
	"datetime": "moment",
	"time": "moment",
}
STANDARD_KINDS: Final[dict[str, ValueKind]] = {
	**dict.fromkeys(("name", "owner", "modified_by", "parent", "parentfield", "parenttype"), "text"),
	**dict.fromkeys(("creation", "modified"), "moment"),
	**dict.fromkeys(("docstatus", "idx"), "number"),
}
# MariaDB sorts by the first 1,024 bytes of a text (max_sort_length) but compares all of it.
MAX_TEXT_LENGTH: Final = 255


def build_keyset(meta: Meta, selected: ListQuery, terms: Sequence[str]) -> Keyset:
	"""Return the keyset of an order.

	Args:
		meta: The DocType's meta.
		selected: The columns of the request, whose labels may stand in the order.
		terms: The terms of a total order of records, each a column with its direction.

	Raises:
		InvalidRequestError: 400. The order is not by fields, or by a field whose values are too long.
	"""
	expressions = {column: expression for expression, column in selected.columns.items()}
	columns = []
	for term in terms:
		name, direction = term.rsplit(" ", 1)
		columns.append(_build_column(meta, expressions.get(name, name), direction == "desc"))
	return Keyset(columns)


def _build_column(meta: Meta, expression: str, is_descending: bool) -> KeyColumn:
	"""Return a column of the order: a field of the DocType or of a record that it links to."""
	if linked := LINKED_COLUMN_PATTERN.match(expression):
		options = meta.get_field(linked["link"]).options
		return KeyColumn(expression, _get_kind(frappe.get_meta(options), linked["field"]), is_descending)
	own = OWN_COLUMN_PATTERN.match(expression)
	field = own["field"] if own else expression
	if not field.isidentifier() or (own and own["doctype"] != meta.name):
		_refuse_order(expression)
	return KeyColumn(
		f"`tab{meta.name}`.`{field}`", _get_kind(meta, field), is_descending, is_nullable=field != "name"
	)


def _get_kind(meta: Meta, fieldname: str) -> ValueKind:
	"""Return the kind of a column's values."""
	if fieldname == "name" and meta.autoname == "autoincrement":
		return "number"
	if fieldname in STANDARD_KINDS:
		return STANDARD_KINDS[fieldname]
	field = meta.get_field(fieldname)
	column_type = (frappe.db.type_map.get(field.fieldtype) or ("",))[0] if field else ""
	kind = KINDS_BY_COLUMN_TYPE.get(column_type)
	if kind is None or (kind == "text" and int(field.length or 0) > MAX_TEXT_LENGTH):
		_refuse_order(fieldname)
	return kind


def _refuse_order(text: str) -> NoReturn:
	refuse(
		_(
			"With cursor, order_by takes fields of the records whose values are at most {0} characters long, not {1}."
		).format(MAX_TEXT_LENGTH, text.replace("`", "")),
		InvalidRequestError,
	)
