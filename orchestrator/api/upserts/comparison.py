"""Compare sent values with those that a record has."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from frappe.model import table_fields
from frappe.model.document import Document
from frappe.utils import cint, cstr, flt, get_datetime, getdate, to_timedelta

from orchestrator.api.field_values import DECIMAL_TYPES, INTEGER_TYPES, STRUCTURED_TYPES

# Decimals that the database stores
STORED_DECIMALS: Final = 9


def has_changes(doc: Document, values: Mapping[str, Any]) -> bool:
	"""Return True if the document has another value in one of the fields."""
	return any(not _is_equal(doc, name, value) for name, value in values.items())


def _is_equal(doc: Document, name: str, value: Any) -> bool:
	field = doc.meta.get_field(name)
	stored = doc.get(name)
	if field is None:
		return _normalize("Int" if name == "docstatus" else "Data", value) == _normalize(
			"Int" if name == "docstatus" else "Data", stored
		)
	if field.fieldtype in table_fields:
		return _are_rows_equal(stored or [], value or [])
	return bool(_normalize(field.fieldtype, value) == _normalize(field.fieldtype, stored))


def _are_rows_equal(stored: Sequence[Document], sent: Sequence[Mapping[str, Any]]) -> bool:
	"""Return True if the rows are as many, and each has the values sent."""
	if len(stored) != len(sent):
		return False
	return not any(has_changes(row, values) for row, values in zip(stored, sent, strict=True))


def _normalize(kind: str, value: Any) -> Any:
	"""Return a value of the type in which the database compares it."""
	if kind == "Check" or kind in INTEGER_TYPES:
		return cint(value)
	if kind in DECIMAL_TYPES:
		return round(flt(value), STORED_DECIMALS)
	if value is None or value == "":
		return None
	if kind in STRUCTURED_TYPES:
		return _parse_json(value)
	if kind == "Date":
		return getdate(value)
	if kind == "Datetime":
		return get_datetime(value)
	if kind == "Time":
		return to_timedelta(value)
	return cstr(value)


def _parse_json(value: Any) -> Any:
	"""Return the value of a text in JSON; another value and another text as they are."""
	try:
		return json.loads(value) if isinstance(value, str) else value
	except ValueError:
		return value
