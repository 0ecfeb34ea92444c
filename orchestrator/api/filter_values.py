"""Parse the values of a list's filters by the types of their columns.

Frappe reads `"abc"` as 0 and `"true"` as no, and ignores the zone of a timestamp, so that it would return
other records.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

from frappe import _
from frappe.model.meta import Meta
from frappe.utils import get_datetime, get_time

from orchestrator import period
from orchestrator.api.field_values import DECIMAL_TYPES, INTEGER_TYPES, TRUTH_WORDS, parse_number
from orchestrator.api.list_query import MOMENT_FIELDS, MOMENT_TYPES
from orchestrator.exceptions import InvalidRequestError, refuse

COMPARISON_OPERATORS: Final = frozenset({"=", "!=", "<", ">", "<=", ">=", "in", "not in", "between"})
STANDARD_NUMBERS: Final = frozenset({"docstatus", "idx", "lft", "rgt"})
EQUALITY_OPERATORS: Final = frozenset({"=", "!=", "in", "not in"})


def parse_operand(meta: Meta, name: str, fieldname: str, operator: str, value: Any) -> Any:
	"""Return a condition's value in the type of its column.

	Args:
		meta: The DocType's meta.
		name: The parameter that holds the condition, for the message.
		fieldname: A column of the DocType.
		operator: One that `orchestrator.api.filters` knows, in small letters.
		value: Of the operator's form.

	Raises:
		InvalidRequestError: 400 for a value that the column's type cannot hold.
	"""
	kind = _get_kind(meta, fieldname)
	if operator == "timespan" and kind not in ("Date", "Datetime"):
		refuse(_("{0} in {1} takes a date ({2}).").format(operator, name, fieldname), InvalidRequestError)
	parse = _get_parser(kind, operator)
	if parse is None or operator not in COMPARISON_OPERATORS:
		return value
	if operator in ("in", "not in") and isinstance(value, str):
		value = _split_values(value)
	items = value if isinstance(value, list) else [value]
	parsed = [item if item in (None, "") else _parse_with(parse, item, name, fieldname) for item in items]
	return parsed if isinstance(value, list) else parsed[0]


def _get_kind(meta: Meta, fieldname: str) -> str:
	"""Return the column's type; that of an integer for names that Frappe counts."""
	if field := meta.get_field(fieldname):
		return str(field.fieldtype)
	if fieldname in MOMENT_FIELDS:
		return "Datetime"
	if fieldname == "name" and meta.autoname == "autoincrement":
		return "Number Name"
	return "Int" if fieldname in STANDARD_NUMBERS else ""


def _get_parser(kind: str, operator: str) -> Callable[[Any], Any] | None:
	"""Return the parser for values of the type, None for text."""
	if kind in MOMENT_TYPES:
		return partial(_parse_moment, kind)
	if kind == "Check":
		return _parse_truth
	if kind == "Number Name":
		return partial(_parse_number_name, operator)
	return _parse_number if kind in INTEGER_TYPES or kind in DECIMAL_TYPES else None


def _split_values(text: str) -> list[Any]:
	"""Return the values of a list that came as text, as Frappe reads it: JSON, or separated by commas."""
	try:
		parsed = json.loads(text)
	except (ValueError, RecursionError):
		return [part.strip() for part in text.split(",")]
	return parsed if isinstance(parsed, list) else [parsed]


def _parse_with(parse: Callable[[Any], Any], item: Any, name: str, fieldname: str) -> Any:
	"""Return one parsed value. 400 if the parser refuses it."""
	try:
		parsed = parse(item)
	except (ValueError, OverflowError):
		parsed = None
	if parsed is None:
		_refuse_operand(item, name, fieldname)
	return parsed


def _parse_moment(kind: str, value: Any) -> str | None:
	"""Return a date or time in a year that the database can hold, in the site's zone."""
	if not isinstance(value, str):
		return None
	if kind == "Time":
		return value if get_time(value) is not None else None
	moment = get_datetime(value)
	if moment is None or moment.year not in period.YEARS:
		return None
	if moment.tzinfo is None:
		return value
	return str(moment.astimezone(ZoneInfo(period.get_time_zone())).replace(tzinfo=None))


def _parse_truth(value: Any) -> int | float | None:
	"""Return 1 or 0, as the database stores it."""
	if isinstance(value, str) and (word := value.strip().lower()) in TRUTH_WORDS:
		return TRUTH_WORDS[word]
	return _parse_number(value)


def _parse_number(value: Any) -> int | float | None:
	if isinstance(value, int | float):
		return value
	number = parse_number(value.strip()) if isinstance(value, str) else None
	return _to_plain(number) if number is not None and number.is_finite() else None


def _parse_number_name(operator: str, value: Any) -> Any:
	"""Return an integer name; other text matches no record, where MariaDB would read 1abc as 1."""
	number = _parse_number(value)
	return "" if number is None and operator in EQUALITY_OPERATORS else number


def _to_plain(number: Decimal) -> int | float:
	"""Return the number as Frappe writes it into a query."""
	return int(number) if number == number.to_integral_value() and abs(number) < 2**63 else float(number)


def _refuse_operand(value: Any, name: str, fieldname: str) -> NoReturn:
	"""Refuse the value, naming the column it is compared with."""
	refuse(_("{0} in {1} is not a valid value of {2}.").format(value, name, fieldname), InvalidRequestError)
