"""A list request read strictly: every name in it is a field of the DocType, every word of SQL is ours.

Frappe checks such requests by looking for forbidden words. Here they are parsed into names instead, and what
Frappe gets is written anew from those, so that nothing a caller sends can be anything but a name or a value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import frappe
from frappe import _
from frappe.model.meta import Meta

from orchestrator.api.columns import FIELD, NAME, column_of, qualified, refuse_name
from orchestrator.api.parameters import parse_json, whole_number
from orchestrator.configuration import get_settings
from orchestrator.exceptions import BadRequest

DEFAULT_PAGE_LENGTH = 20
SELECTED = re.compile(
	rf"^(?:(?P<function>count|sum|avg|min|max)\(\s*(?P<argument>[^()]+?)\s*\)|(?P<plain>[^()]+?))"
	rf"(?:\s+as\s+[`'\"]?(?P<label>{NAME})[`'\"]?)?$",
	re.IGNORECASE,
)
ORDER = re.compile(r"^(?P<field>.+?)(?:\s+(?P<direction>asc|desc))?$", re.IGNORECASE)


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


def read_columns(
	meta: Meta, name: str, value: str | None, read_one: Callable[[Meta, str, str], str]
) -> str | None:
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


def read_links(meta: Meta, value: Any) -> list[str]:
	"""The link fields whose records are to be given with each row."""
	if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
		frappe.throw(_("expand must be a list of link fields."), BadRequest)
	for name in value:
		df = meta.get_field(name)
		if not df or df.fieldtype not in ("Link", "Dynamic Link"):
			refuse_name(meta, "expand", name)
	return value


def count(meta: Meta, filters: list | dict, or_filters: list | dict) -> int:
	"""How many records fit filters as `read_filters` gave them and may be read by the caller."""
	column = f"count(distinct `tab{meta.name}`.`name`) as total"
	rows = frappe.get_list(meta.name, fields=[column], filters=filters, or_filters=or_filters, order_by="")
	return int(rows[0].total)
