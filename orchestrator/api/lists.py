"""A list request read strictly: every name in it is a field of the DocType, every word of SQL is ours.

Frappe checks such requests by looking for forbidden words. Here they are parsed into names instead, and what
Frappe gets is written anew from those, so that nothing a caller sends can be anything but a name or a value.
"""

import difflib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields, optional_fields
from frappe.model.meta import Meta

from orchestrator.api.aliases import documented_names, field_of
from orchestrator.configuration import get_settings
from orchestrator.exceptions import BadRequest

DEFAULT_PAGE_LENGTH = 20
STANDARD_FIELDS = frozenset((*default_fields, *optional_fields, *child_table_fields))
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
# email · `email` · tabLead.email · `tabLead`.`email` · items.item_code
FIELD = re.compile(rf"^(?:`?(?P<table>tab[A-Za-z0-9_ -]+|{NAME})`?\.)?`?(?P<field>{NAME})`?$")
SELECTED = re.compile(
	rf"^(?:(?P<function>count|sum|avg|min|max)\(\s*(?P<argument>[^()]+?)\s*\)|(?P<plain>[^()]+?))"
	rf"(?:\s+as\s+[`'\"]?(?P<label>{NAME})[`'\"]?)?$",
	re.IGNORECASE,
)
ORDER = re.compile(r"^(?P<field>.+?)(?:\s+(?P<direction>asc|desc))?$", re.IGNORECASE)
OPERATORS = frozenset(
	{
		"=", "!=", "<", ">", "<=", ">=", "like", "not like", "in", "not in", "is", "between", "timespan",
		"descendants of", "descendants of (inclusive)", "not descendants of", "ancestors of", "not ancestors of",
	}
)  # fmt: skip


@dataclass
class ListQuery:
	"""A list request, read. `labels` names the columns as the caller asked for them."""

	doctype: str
	fields: list[str] = field(default_factory=list)
	labels: list[tuple[str, str]] = field(default_factory=list)

	@property
	def keys(self) -> list[str]:
		"""The caller's names of the columns, in the order asked for."""
		return [label for label, _column in self.labels]

	def label(self, row: dict[str, Any]) -> dict[str, Any]:
		"""A row under the caller's names."""
		return {label: row.get(column) for label, column in self.labels}


def parse_json(name: str, value: Any) -> Any:
	"""`value`, parsed where it came as text. 400 where it is no JSON."""
	if not isinstance(value, str):
		return value
	if not value.strip():
		return None
	try:
		return json.loads(value)
	except ValueError:
		frappe.throw(_("{0} is not valid JSON.").format(name), BadRequest)


def read_fields(meta: Meta, value: Any) -> ListQuery:
	"""The columns asked for; `name` where none are."""
	wanted = ["*"] if value == "*" else parse_json("fields", value)
	wanted = wanted or ["name"]
	if not isinstance(wanted, list) or not all(isinstance(item, str) for item in wanted):
		frappe.throw(_("fields must be a list of field names."), BadRequest)
	query = ListQuery(meta.name)
	for item in wanted:
		read_field(meta, query, item.strip())
	return query


def read_field(meta: Meta, query: ListQuery, text: str) -> None:
	"""Add one column to `query`."""
	if text == "*":
		query.fields.append("*")
		return
	match = SELECTED.match(text)
	if not match:
		refuse_name(meta, "fields", text)
	if function := match["function"]:
		argument = "*" if match["argument"] == "*" else column_of(meta, "fields", match["argument"])
		label = match["label"] or f"{function.lower()}({match['argument']})"
		column = match["label"] or f"{function.lower()}_{len(query.fields)}"
		query.fields.append(f"{function.lower()}({argument}) as {column}")
	else:
		plain = match["plain"]
		selected = column_of(meta, "fields", plain)
		column = FIELD.match(selected)["field"]  # type: ignore[index]  # column_of returns nothing else
		label = match["label"] or FIELD.match(plain)["field"]  # type: ignore[index]
		if match["label"] and "`" not in selected:
			column = match["label"]
			selected = f"{selected} as {column}"
		query.fields.append(selected)
	query.labels.append((label, column))


def read_filters(meta: Meta, name: str, value: Any) -> list[list[Any]] | dict[str, Any]:
	"""Filters as Frappe takes them, under field names."""
	filters = parse_json(name, value)
	if not filters:
		return []
	if isinstance(filters, dict):
		return {field_only(meta, name, key): checked_value(name, item) for key, item in filters.items()}
	if not isinstance(filters, list):
		frappe.throw(_("{0} must be a list of [field, operator, value] or an object.").format(name), BadRequest)
	if isinstance(filters[0], str) and len(filters) in (3, 4):
		filters = [filters]
	return [read_condition(meta, name, condition) for condition in filters]


def read_condition(meta: Meta, name: str, condition: Any) -> list[Any]:
	"""One [field, operator, value] or [doctype, field, operator, value]."""
	if isinstance(condition, list) and len(condition) == 2:
		condition = [condition[0], "=", condition[1]]
	if not isinstance(condition, list) or len(condition) not in (3, 4):
		frappe.throw(_("A condition in {0} must be [field, operator, value].").format(name), BadRequest)
	*doctype, fieldname, operator, value = condition
	if str(operator).lower() not in OPERATORS:
		frappe.throw(_("Unknown operator {0} in {1}.").format(operator, name), BadRequest)
	if doctype and doctype[0] != meta.name:
		other = related_meta(meta, name, str(doctype[0]))
		return [other.name, field_only(other, name, str(fieldname)), operator, value]
	return [meta.name, field_only(meta, name, str(fieldname)), operator, value]


def checked_value(name: str, value: Any) -> Any:
	"""The value of a filter object: a plain one or [operator, value]."""
	if isinstance(value, list) and (len(value) != 2 or str(value[0]).lower() not in OPERATORS):
		frappe.throw(_("A value in {0} must be plain or [operator, value].").format(name), BadRequest)
	return value


def read_columns(meta: Meta, name: str, value: str | None, read_one: Callable[[Meta, str, str], str]) -> str | None:
	"""A comma-separated list of columns (order_by, group_by)."""
	if not value or not value.strip():
		return None
	return ", ".join(read_one(meta, name, part.strip()) for part in value.split(","))


def read_order(meta: Meta, name: str, text: str) -> str:
	"""One `field [asc|desc]`."""
	match = ORDER.match(text)
	if not match:
		refuse_name(meta, name, text)
	return f"{qualified(meta, name, match['field'])} {(match['direction'] or 'asc').lower()}"


def read_group(meta: Meta, name: str, text: str) -> str:
	"""One field to group by."""
	return qualified(meta, name, text)


def read_page(start: Any, length: Any) -> tuple[int, int]:
	"""The offset and the length of the page."""
	limit = get_settings().max_page_length
	first = whole_number("limit_start", start, 0)
	count = whole_number("limit_page_length", length, DEFAULT_PAGE_LENGTH)
	if first < 0:
		frappe.throw(_("limit_start must be 0 or more."), BadRequest)
	if not 1 <= count <= limit:
		frappe.throw(_("limit_page_length must be between 1 and {0}.").format(limit), BadRequest)
	return first, count


def count(meta: Meta, filters: list | dict, or_filters: list | dict) -> int:
	"""How many records fit filters as `read_filters` gave them and may be read by the caller."""
	column = f"count(distinct `tab{meta.name}`.`name`) as total"
	rows = frappe.get_list(meta.name, fields=[column], filters=filters, or_filters=or_filters, order_by="")
	return int(rows[0].total)


def whole_number(name: str, value: Any, default: int) -> int:
	"""`value` as a whole number, `default` where none was given."""
	if value is None or value == "":
		return default
	try:
		return int(str(value))
	except ValueError:
		frappe.throw(_("{0} must be a whole number.").format(name), BadRequest)


def qualified(meta: Meta, name: str, text: str) -> str:
	"""A column with its table, so that a joined table never makes it ambiguous."""
	column = column_of(meta, name, text)
	return column if "." in column else f"`tab{meta.name}`.`{column}`"


def column_of(meta: Meta, name: str, text: str) -> str:
	"""The column that `text` names: a field of this DocType, of a child table or of a linked record."""
	match = FIELD.match(text.strip())
	if not match:
		refuse_name(meta, name, text)
	table, fieldname = match["table"], match["field"]
	if not table or table == f"tab{meta.name}":
		return checked_field(meta, name, fieldname)
	if table.startswith("tab") and not meta.has_field(table):
		other = related_meta(meta, name, table[3:])
		return f"`tab{other.name}`.`{checked_field(other, name, fieldname)}`"
	link = meta.get_field(table)
	if not link or link.fieldtype not in ("Link", "Table", "Table MultiSelect"):
		refuse_name(meta, name, text)
	return f"{table}.{checked_field(frappe.get_meta(link.options), name, fieldname)}"


def field_only(meta: Meta, name: str, text: str) -> str:
	"""A field of `meta` itself, as filters have it."""
	match = FIELD.match(text.strip())
	if not match or (match["table"] and match["table"] != f"tab{meta.name}"):
		refuse_name(meta, name, text)
	return checked_field(meta, name, match["field"])


def checked_field(meta: Meta, name: str, text: str) -> str:
	"""The field behind `text`, 400 where the DocType has none."""
	fieldname = field_of(meta.name, text)
	if fieldname not in STANDARD_FIELDS and not meta.has_field(fieldname):
		refuse_name(meta, name, text)
	return fieldname


def related_meta(meta: Meta, name: str, doctype: str) -> Meta:
	"""The meta of a child table of `meta`."""
	if doctype not in {table.options for table in meta.get_table_fields()}:
		frappe.throw(_("{0} has no table {1} ({2}).").format(meta.name, doctype, name), BadRequest)
	return frappe.get_meta(doctype)


def refuse_name(meta: Meta, name: str, text: str) -> None:
	"""400 that names the unknown field and the one that may have been meant."""
	known = [*(df.fieldname for df in meta.fields), *documented_names(meta.name)]
	hint = closest(text, known)
	message = _("{0} has no field {1} ({2}).").format(meta.name, text, name)
	frappe.throw(f"{message} {hint}".strip(), BadRequest)


def closest(text: str, known: Sequence[str]) -> str:
	"""A hint at the known name most like `text`, or nothing."""
	matches = difflib.get_close_matches(text, known, n=1)
	return _("Did you mean {0}?").format(matches[0]) if matches else ""
