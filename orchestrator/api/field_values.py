"""Validate field values sent by a caller against the types of the fields, and name the field that does not
fit.

Frappe answers most of these with a server error, and stores `"abc"` in a percent field as 0.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

import frappe
from frappe import _
from frappe.model import display_fieldtypes, table_fields
from frappe.model.meta import Meta
from frappe.utils import get_time

from orchestrator import clock, period
from orchestrator.api.aliases import get_fieldname
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.iso8601 import parse_iso

INTEGER_TYPES: Final = frozenset({"Int", "Long Int"})
DECIMAL_TYPES: Final = frozenset({"Currency", "Float", "Percent", "Rating", "Duration"})
STRUCTURED_TYPES: Final = frozenset({"JSON", "Geolocation"})
# decimal(21,9) holds twelve digits before the point; an int column 32 bits.
MAX_DECIMAL: Final = 10**12
MAX_INTEGER: Final = 2**31
MAX_LONG_INTEGER: Final = 2**63
MAX_DIGITS_OF_INT: Final = 11
TIME_PATTERN: Final = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
EXAMPLES: Final = {"Date": "2027-02-28", "Datetime": "2027-02-28 09:00:00", "Time": "09:00:00"}
NAME_FIELDS: Final = frozenset({"name", "owner", "creation", "modified_by", "docstatus", "idx", "parent"})
TRUTH_WORDS: Final = {"": 0, "0": 0, "1": 1, "0.0": 0, "1.0": 1, "true": 1, "false": 0}
# 1,000.5 and 1,00,000 group thousands; 5,5 and 1.000,5 would become 55 and 1.0005.
GROUPED_NUMBER_PATTERN: Final = re.compile(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?")


def parse_values(meta: Meta, values: Mapping[str, Any]) -> dict[str, Any]:
	"""Return the values of a record in the types of its fields: numbers for text fields become text.

	Args:
		meta: The DocType's meta.
		values: Field or documented name -> value. Names that are no fields are returned as they are.

	Raises:
		InvalidRequestError: 400 naming the first field whose type cannot hold its value.
	"""
	parsed = dict(values)
	for name, value in values.items():
		field = meta.get_field(get_fieldname(meta.name, name))
		if value is not None and field is not None:
			parsed[name] = _parse_value(name, field, value)
	for name in NAME_FIELDS & parsed.keys():
		if isinstance(parsed[name], bool | dict | list):
			_refuse_value(name, _("a single value"))
	if parsed.get("modified") is not None:
		_parse_moment("modified", "Datetime", parsed["modified"])
	return parsed


def _parse_value(name: str, field: Any, value: Any) -> Any:
	"""Return one value in the type of its field."""
	kind = field.fieldtype
	if kind in STRUCTURED_TYPES or kind in display_fieldtypes:
		return value
	if kind in table_fields:
		return _parse_rows(name, field, value)
	if isinstance(value, dict | list):
		_refuse_value(name, _("a single value"))
	if kind in EXAMPLES:
		return _parse_moment(name, kind, value)
	if kind == "Check":
		return _parse_truth(name, value)
	if kind in INTEGER_TYPES or kind in DECIMAL_TYPES:
		return _parse_number(name, field, value)
	return _parse_text(name, value)


def _parse_rows(name: str, field: Any, value: Any) -> list[dict[str, Any]]:
	"""Return the rows of a child table, each checked against the child's own fields."""
	if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
		_refuse_value(name, _("a list of objects"))
	meta = frappe.get_meta(field.options)
	return [parse_values(meta, row) for row in value]


def _parse_truth(name: str, value: Any) -> Any:
	"""Return 1 or 0; refuse any other value."""
	word = str(value).lower()
	if word not in TRUTH_WORDS:
		_refuse_value(name, _("0 or 1"))
	return TRUTH_WORDS[word]


def _parse_number(name: str, field: Any, value: Any) -> Any:
	"""Return a finite number in the column's range. An empty string is no value."""
	text = str(value).strip()
	if isinstance(value, str) and not text:
		return value
	limit = _get_limit(field)
	number = parse_number(text)
	if number is None:
		_refuse_value(name, _("a number"))
	if not number.is_finite() or abs(number) >= limit:
		_refuse_value(name, _("a number below {0}").format(limit))
	if field.fieldtype in INTEGER_TYPES and number != int(number):
		_refuse_value(name, _("a whole number"))
	return value


def parse_number(text: str) -> Decimal | None:
	"""Parse a number, None if the text is none. Commas may group thousands."""
	if "," in text and not GROUPED_NUMBER_PATTERN.fullmatch(text):
		return None
	try:
		return Decimal(text.replace(",", ""))
	except InvalidOperation:
		return None


def _get_limit(field: Any) -> int:
	"""Return the bound below which the absolute value of the field must stay."""
	if field.fieldtype not in INTEGER_TYPES:
		return MAX_DECIMAL
	is_long = field.fieldtype == "Long Int" or (field.length or 0) > MAX_DIGITS_OF_INT
	return MAX_LONG_INTEGER if is_long else MAX_INTEGER


def _parse_text(name: str, value: Any) -> Any:
	"""Return a text; a number becomes its text in JSON."""
	if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
		_refuse_value(name, _("a text"))
	return str(value) if isinstance(value, int | float) else value


def _parse_moment(name: str, kind: str, value: Any) -> Any:
	"""Return a date or time; one with a zone is converted to the site's. An empty string is no value."""
	if value == "":
		return value
	if isinstance(value, str) and value.lower() in ("today", "now"):
		return _get_current_time(kind, value.lower())
	text = value.strip() if isinstance(value, str) else ""
	try:
		if kind == "Time":
			return get_time(text) and text if TIME_PATTERN.fullmatch(text) else _refuse_moment(name, kind)
		if len(text) == period.DATE_LENGTH:
			period.parse_date(name, text)
			return text
		moment = period.parse_timestamp(name, text)
	except (ValueError, InvalidRequestError):
		frappe.clear_messages()
		_refuse_moment(name, kind)
	if kind == "Date":
		return str(moment.date())
	return str(moment) if parse_iso(text).tzinfo else text


def _get_current_time(kind: str, word: str) -> str:
	"""Return the value of Frappe's keywords `Today` and `Now`, which the database does not know."""
	if kind == "Time":
		return clock.get_now().strftime("%H:%M:%S.%f")
	return str(clock.get_today() if kind == "Date" or word == "today" else clock.get_now())


def _refuse_moment(name: str, kind: str) -> NoReturn:
	"""Refuse the field's value with an example of its kind."""
	_refuse_value(name, _("{0}, such as {1}").format(_(kind), EXAMPLES[kind]))


def _refuse_value(name: str, expected: str) -> NoReturn:
	"""Refuse the field's value and say what is accepted."""
	refuse(_("{0} must be {1}.").format(name, expected), InvalidRequestError)
