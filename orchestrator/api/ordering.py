"""Parse the order of a list request into columns, and make it total, so that pages neither repeat nor skip
records.
"""

import re
from typing import Final

from frappe.model.meta import Meta

from orchestrator.api.columns import NAME_PATTERN, build_qualified_column, refuse_name
from orchestrator.api.lists import ListQuery, parse_function

ORDER_PATTERN: Final = re.compile(r"^(?P<expression>.+?)(?:\s+(?P<direction>asc|desc))?$", re.IGNORECASE)
FUNCTION_PATTERN: Final = re.compile(
	r"^(?P<function>count|sum|avg|min|max)\(\s*(?P<distinct>distinct\s+)?(?P<argument>[^()]+?)\s*\)$",
	re.IGNORECASE,
)
QUOTED_NAME_PATTERN: Final = re.compile(rf"^`?(?P<name>{NAME_PATTERN})`?$")


def build_order(
	meta: Meta, selected: ListQuery, order_by: str | None, group_by: str | None, *, by_name: bool = False
) -> list[str]:
	"""Return the terms of a page's order, the last of which is unique for each row.

	Args:
		meta: The DocType's meta.
		selected: The columns of the request; an order may use their labels.
		order_by: As the caller sent it: fields, labels or functions, each with asc or desc.
		group_by: The parsed columns of the groups, None if rows are records.
		by_name: Whether records are ordered by name where the caller asks for no order, in place of the DocType's own.

	Raises:
		InvalidRequestError: 400 for a name that is neither a field nor a label.
	"""
	terms = _parse_terms(meta, selected, order_by)
	if group_by:
		return _append_missing(terms, group_by.split(", "))
	if selected.is_aggregate:
		return terms
	terms = terms or ([] if by_name else _get_default_terms(meta))
	if selected.distinct:
		return _append_missing(_filter_selected(selected, terms), selected.order_columns)
	direction = "desc" if terms and terms[-1].endswith(" desc") else "asc"
	tables = [f"`tab{meta.name}`", *_get_child_tables(meta, selected)]
	return _append_missing(terms, [f"{table}.`name`" for table in tables], direction)


def _get_child_tables(meta: Meta, selected: ListQuery) -> list[str]:
	"""Return the child tables of selected columns: each of their rows is a row of the list."""
	tables = {column.split(".")[0] for column in selected.columns if column.startswith("`tab")}
	return sorted(tables - {f"`tab{meta.name}`"})


def _parse_terms(meta: Meta, selected: ListQuery, order_by: str | None) -> list[str]:
	"""Return the terms of the caller's order, each a column with its direction."""
	if not order_by or not order_by.strip():
		return []
	return [_parse_term(meta, selected, part.strip()) for part in order_by.split(",")]


def _parse_term(meta: Meta, selected: ListQuery, text: str) -> str:
	"""Return one term: a label of the request, a function or a field."""
	match = ORDER_PATTERN.match(text)
	if not match:
		refuse_name(meta, "order_by", text)
	expression, direction = match["expression"], (match["direction"] or "asc").lower()
	label = QUOTED_NAME_PATTERN.match(expression)
	if label and (column := selected.aliases.get(label["name"])):
		return f"{column} {direction}"
	if function := FUNCTION_PATTERN.match(expression):
		return f"{parse_function(meta, 'order_by', function)} {direction}"
	return f"{selected.get_column(build_qualified_column(meta, 'order_by', expression))} {direction}"


def _get_default_terms(meta: Meta) -> list[str]:
	"""Return the DocType's own order, as Frappe reads it."""
	sort_field, sort_order = meta.sort_field or "modified", (meta.sort_order or "desc").lower()
	if "," not in sort_field:
		return [f"`tab{meta.name}`.`{sort_field}` {sort_order if meta.sort_field else 'desc'}"]
	pairs = [part.split() for part in sort_field.split(",") if part.strip()]
	return [f"`tab{meta.name}`.`{pair[0]}` {pair[1].lower() if pair[1:] else 'asc'}" for pair in pairs]


def _filter_selected(selected: ListQuery, terms: list[str]) -> list[str]:
	"""Return the terms by which a distinct query may be ordered: those that it selects."""
	columns = set(selected.order_columns)
	return [term for term in terms if term.rsplit(" ", 1)[0] in columns]


def _append_missing(terms: list[str], columns: list[str], direction: str = "asc") -> list[str]:
	"""Return the terms followed by those columns that are not among them."""
	ordered = {term.rsplit(" ", 1)[0] for term in terms}
	return [*terms, *(f"{column} {direction}" for column in columns if column not in ordered)]
