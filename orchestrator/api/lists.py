"""A list request, parsed strictly: every name is a field of the DocType, all SQL is the app's own.

Frappe checks such requests by looking for forbidden words. Here they are parsed into names and rebuilt from
those before Frappe gets them, so that a caller can send names and values only.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from frappe import _
from frappe.model.meta import Meta

from orchestrator.api.columns import (
	FIELD_PATTERN,
	NAME_PATTERN,
	build_qualified_column,
	find_column,
	list_columns,
	refuse_name,
)
from orchestrator.api.day_names import is_day_name, to_day
from orchestrator.api.list_query import get_rows
from orchestrator.api.parameters import parse_json, parse_whole_number
from orchestrator.api.schema_types import MAX_START
from orchestrator.configuration import get_settings
from orchestrator.exceptions import InvalidRequestError, refuse

DEFAULT_PAGE_LENGTH = 20
ALIAS_PREFIX = re.compile(
	r"^(?P<unique>distinct\s+)?(?:"
	r"(?P<function>count|sum|avg|min|max)\(\s*(?P<distinct>distinct\s+)?(?P<argument>[^()]+?)\s*\)"
	r"|(?P<plain>[^()]+?))"
	rf"(?:\s+as\s+(?:(?P<label>{NAME_PATTERN})|[`'\"](?P<quoted>[^`'\"]+)[`'\"]))?$",
	re.IGNORECASE,
)


@dataclass
class ListQuery:
	"""A parsed list request. `labels` names the columns as the caller did."""

	doctype: str
	fields: list[str] = field(default_factory=list)
	labels: list[tuple[str, str]] = field(default_factory=list)
	# Names allowed in an order: the caller's own labels -> columns of the query
	aliases: dict[str, str] = field(default_factory=dict)
	# The selected columns, under their names in an order
	order_columns: list[str] = field(default_factory=list)
	# expression -> name of its column
	columns: dict[str, str] = field(default_factory=dict)
	distinct: bool = False
	functions: int = 0
	# Labels of datetimes that are returned as dates
	days: set[str] = field(default_factory=set)

	@property
	def column_labels(self) -> list[str]:
		"""Return the caller's names of the columns, in the requested order."""
		return [label for label, _column in self.labels]

	@property
	def is_aggregate(self) -> bool:
		"""Return True if only functions are selected."""
		return self.functions == len(self.fields)

	def build_row(self, row: dict[str, Any]) -> dict[str, Any]:
		"""Return a row under the caller's names."""
		return {
			label: to_day(row.get(column)) if label in self.days else row.get(column)
			for label, column in self.labels
		}

	def add_column(self, expression: str, label: str, explicit_label: str | None) -> None:
		"""Select `expression` under an internal column name, so that any label is possible."""
		column = self._select(expression)
		self.labels.append((label, column))
		self.order_columns.append(column)
		if explicit_label:
			self.aliases[explicit_label] = column

	def get_column(self, expression: str) -> str:
		"""Return the name of a column in an order or a group; a column of a linked record is selected as
		well.
		"""
		if expression.startswith("`") or (self.distinct and expression not in self.columns):
			return expression
		return self.columns.get(expression) or self._select(expression)

	def _select(self, expression: str) -> str:
		"""Select an expression under a new column name."""
		column = f"col_{len(self.fields)}"
		self.fields.append(f"{expression} as {column}")
		self.columns[expression] = column
		return column


def parse_fields(meta: Meta, value: Any) -> ListQuery:
	"""Return the requested columns, by default `name`."""
	requested = value if value == "*" else parse_json("fields", value)
	requested = ["*"] if requested == "*" else requested or ["name"]
	if not isinstance(requested, list) or not all(isinstance(item, str) for item in requested):
		refuse(_("fields must be a list of field names."), InvalidRequestError)
	query = ListQuery(meta.name)
	for item in requested:
		_parse_field(meta, query, item.strip())
	return query


def _parse_field(meta: Meta, query: ListQuery, text: str) -> None:
	"""Add one column to `query`."""
	if text == "*":
		query.fields.append("*")
		query.order_columns.append(f"`tab{meta.name}`.`name`")
		return
	match = ALIAS_PREFIX.match(text)
	if not match or (match["unique"] and (query.fields or match["function"])):
		refuse_name(meta, "fields", text)
	query.distinct = query.distinct or bool(match["unique"])
	explicit = match["label"] or match["quoted"]
	if match["function"]:
		query.functions += 1
		label = explicit or f"{match['function'].lower()}({match['argument']})"
		query.add_column(parse_function(meta, "fields", match), label, explicit)
		if match["function"].lower() in ("min", "max") and is_day_name(meta, match["argument"]):
			query.days.add(label)
		return
	selected = find_column(meta, "fields", match["plain"])
	name = FIELD_PATTERN.match(match["plain"])["field"]  # type: ignore[index]  # column_of refuses all else
	if is_day_name(meta, match["plain"]):
		query.days.add(explicit or name)
	if explicit or "." in selected:
		query.add_column(selected, explicit or name, explicit)
	else:
		query.fields.append(selected)
		query.labels.append((name, selected))
		query.order_columns.append(f"`tab{meta.name}`.`{selected}`")


def parse_function(meta: Meta, name: str, match: re.Match[str]) -> str:
	"""Return an aggregate function of a known column."""
	argument = "*" if match["argument"] == "*" else find_column(meta, name, match["argument"])
	if argument == "name" and match["function"].lower() == "count":
		argument = f"`tab{meta.name}`.`name`"  # a joined table has a name, too
	return f"{match['function'].lower()}({'distinct ' if match['distinct'] else ''}{argument})"


def _parse_columns(
	meta: Meta, name: str, value: str | None, parse_one: Callable[[Meta, str, str], str]
) -> str | None:
	"""Return a comma-separated list of columns (order_by, group_by)."""
	if not value or not value.strip():
		return None
	return ", ".join(parse_one(meta, name, part.strip()) for part in value.split(","))


def parse_groups(meta: Meta, query: ListQuery, group_by: str | None) -> str | None:
	"""Return the columns to group by: fields, or labels of the request."""

	def read_group(meta: Meta, name: str, text: str) -> str:
		if text in query.aliases and text not in list_columns(meta.name):
			return query.aliases[text]
		return query.get_column(build_qualified_column(meta, name, text))

	return _parse_columns(meta, "group_by", group_by, read_group)


def parse_page(start: Any, length: Any) -> tuple[int, int]:
	"""Return the offset and the length of the page."""
	limit = get_settings().max_page_length
	first = parse_whole_number("limit_start", start, 0)
	count = parse_whole_number("limit_page_length", length, DEFAULT_PAGE_LENGTH)
	if first < 0:
		refuse(_("limit_start must be 0 or more."), InvalidRequestError)
	if first > MAX_START:
		refuse(_("limit_start must be at most {0}.").format(MAX_START), InvalidRequestError)
	if not 1 <= count <= limit:
		refuse(_("limit_page_length must be between 1 and {0}.").format(limit), InvalidRequestError)
	return first, count


def require_records(meta: Meta, query: ListQuery, groups: str | None, parameter: str) -> None:
	"""Refuse (400) a parameter that needs rows which are records of the DocType's table, each of them once."""
	joined = any(column.startswith("`tab") for column in query.columns)
	if groups or query.distinct or query.functions or joined or meta.get("is_virtual"):
		refuse(
			_(
				"{0} needs a list of records. Leave out group_by, distinct, functions and fields of child tables; virtual DocTypes do not have it."
			).format(parameter),
			InvalidRequestError,
		)


def count_rows(meta: Meta, filters: list | dict, or_filters: list | dict, parent: str | None = None) -> int:
	"""Return the number of records that match parsed filters and that the caller may read."""
	column = f"count(distinct `tab{meta.name}`.`name`) as total"
	rows = get_rows(
		meta.name,
		fields=[column],
		filters=filters,
		or_filters=or_filters,
		order_by="",
		parent_doctype=parent,
	)
	return int(rows[0].total)
