"""Parse the filters of a list request strictly: known columns, known operators, values that fit the operator."""

import math
from collections.abc import Callable
from typing import Any

import frappe
from frappe import _
from frappe.model.meta import Meta

from orchestrator.api.columns import find_own_column, get_child_meta
from orchestrator.api.day_names import compare_days, is_day_name
from orchestrator.api.filter_values import parse_operand
from orchestrator.api.list_query import MOMENT_FIELDS, MOMENT_TYPES
from orchestrator.api.parameters import parse_json
from orchestrator.exceptions import InvalidRequestError, refuse

TREE_OPERATORS = frozenset(
	{
		"descendants of",
		"descendants of (inclusive)",
		"not descendants of",
		"ancestors of",
		"not ancestors of",
	}
)
# The time spans of frappe.utils.data.get_timespan_date_range.
TIMESPANS = frozenset(
	{"yesterday", "today", "tomorrow"}
	| {f"last {days} days" for days in (7, 14, 30, 90)}
	| {f"next {days} days" for days in (7, 14, 30)}
	| {
		f"{which} {unit}"
		for which in ("last", "this", "next")
		for unit in ("week", "month", "quarter", "year")
	}
	| {"last 6 months", "next 6 months"}
)


def _is_scalar(value: Any) -> bool:
	return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _is_scalar_list(value: Any) -> bool:
	if isinstance(value, str):
		return True
	return isinstance(value, list) and all(item is None or _is_scalar(item) for item in value)


def _is_range(value: Any) -> bool:
	return (
		isinstance(value, list) and len(value) == 2 and all(_is_scalar(item) and item != "" for item in value)
	)


# operator -> a test of its value, and a description for messages
OPERAND_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
	**dict.fromkeys(("=", "!="), (lambda value: value is None or _is_scalar(value), "a text or a number")),
	**dict.fromkeys(("<", ">", "<=", ">="), (_is_scalar, "a text or a number")),
	**dict.fromkeys(("like", "not like"), (_is_scalar, "a text")),
	**dict.fromkeys(("in", "not in"), (_is_scalar_list, "a list")),
	"is": (lambda value: str(value).lower() in ("set", "not set"), "set or not set"),
	"between": (_is_range, "a list of two values"),
	"timespan": (lambda value: str(value).lower() in TIMESPANS, "a span such as last 7 days"),
	**dict.fromkeys(
		TREE_OPERATORS, (lambda value: isinstance(value, str) and bool(value), "a name in the tree")
	),
}


def parse_filters(meta: Meta, name: str, value: Any) -> list[list[Any]]:
	"""Return filters in Frappe's form, under column names. 400 for anything that is not a condition."""
	filters = parse_json(name, value)
	if not filters:
		return []
	if isinstance(filters, dict):
		filters = [[key, *_split_operator(item)] for key, item in filters.items()]
	if not isinstance(filters, list):
		refuse(
			_("{0} must be a list of [field, operator, value] or an object.").format(name),
			InvalidRequestError,
		)
	if isinstance(filters[0], str) and len(filters) in (3, 4, 5):
		filters = [filters]
	return [_parse_condition(meta, name, condition) for condition in filters]


def _split_operator(item: Any) -> tuple[Any, Any]:
	"""Return the value of a filter object: a plain one, or [operator, value]."""
	if isinstance(item, list) and len(item) == 2 and str(item[0]).lower() in OPERAND_CHECKS:
		return item[0], item[1]
	return "=", item


def _parse_condition(meta: Meta, name: str, condition: Any) -> list[Any]:
	"""Return one [field, operator, value] or [doctype, field, operator, value]."""
	if isinstance(condition, list) and len(condition) == 2:
		condition = [condition[0], "=", condition[1]]
	if isinstance(condition, list) and len(condition) == 5:
		condition = condition[:4]  # Desk's lists add whether the filter is hidden
	if not isinstance(condition, list) or len(condition) not in (3, 4):
		refuse(_("A condition in {0} must be [field, operator, value].").format(name), InvalidRequestError)
	*doctype, text, operator, value = condition
	if doctype and doctype[0] != meta.name:
		meta = get_child_meta(meta, name, str(doctype[0]))
	fieldname = find_own_column(meta, name, str(text))
	known = _parse_operator(meta, name, fieldname, operator, value)
	operand = parse_operand(meta, name, fieldname, known, value)
	if is_day_name(meta, str(text).strip().strip("`")):
		known, operand = compare_days(meta, fieldname, known, operand)
	return [meta.name, fieldname, known, operand]


def _parse_operator(meta: Meta, name: str, fieldname: str, operator: Any, value: Any) -> str:
	"""Return the operator, if it is known and its value fits."""
	known = str(operator).lower()
	if known not in OPERAND_CHECKS:
		refuse(_("Unknown operator {0} in {1}.").format(operator, name), InvalidRequestError)
	fits, words = OPERAND_CHECKS[known]
	if not fits(value):
		refuse(_("{0} in {1} takes {2} ({3}).").format(known, name, words, fieldname), InvalidRequestError)
	_reject_pattern_on_moment(meta, name, fieldname, known)
	if known in TREE_OPERATORS:
		_check_tree_filter(meta, name, fieldname, value)
	return known


def _check_tree_filter(meta: Meta, name: str, fieldname: str, value: str) -> None:
	"""Refuse (400) a field that is not a tree or a link to one, and a `value` that is not in the tree."""
	df = meta.get_field(fieldname)
	doctype = meta.name if fieldname == "name" else df.options if df and df.fieldtype == "Link" else None
	if not doctype or not frappe.get_meta(doctype).is_nested_set():
		refuse(_("{0} ({1}) is not a link to a tree.").format(fieldname, name), InvalidRequestError)
	if not frappe.db.exists(doctype, value):
		refuse(_("There is no {0} {1} ({2}).").format(_(doctype), value, name), InvalidRequestError)


def _reject_pattern_on_moment(meta: Meta, name: str, fieldname: str, operator: str) -> None:
	"""Refuse a text pattern on a date or a time, which Frappe would read as a timestamp."""
	field = meta.get_field(fieldname)
	is_moment = field.fieldtype in MOMENT_TYPES if field else fieldname in MOMENT_FIELDS
	if is_moment and operator in ("like", "not like"):
		refuse(
			_("{0} in {1} does not go with a date or time ({2}). Use between, < or >.").format(
				operator, name, fieldname
			),
			InvalidRequestError,
		)
