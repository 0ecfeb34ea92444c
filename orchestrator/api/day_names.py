"""Documented names of fields that hold a day. ERPNext 16 made some of these fields a date with a time: under the documented
name a caller still reads and compares days.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import frappe
from frappe.model.meta import Meta
from frappe.utils import get_datetime

from orchestrator.api.aliases import add_aliases, get_fieldname

DAY_NAMES: Final = {"Task": frozenset({"start_date", "due_date"})}
MIDNIGHT: Final = (0, 0, 0, 0)


def is_day_name(meta: Meta, name: str) -> bool:
	"""Return True for a documented name of a day whose field has a time as well."""
	if name not in DAY_NAMES.get(meta.name, ()):
		return False
	field = meta.get_field(get_fieldname(meta.name, name))
	return field is not None and field.fieldtype == "Datetime"


def to_day(value: Any) -> Any:
	"""Return the day of a date with a time; any other value as it is."""
	if isinstance(value, datetime):
		return value.date()
	return value[:10] if isinstance(value, str) and len(value) > 10 else value


def add_documented_names(doctype: str, record: dict[str, Any]) -> dict[str, Any]:
	"""Return the record with its documented names beside the names of the fields."""
	record = add_aliases(doctype, record)
	for name in DAY_NAMES.get(doctype, ()):
		if name in record and is_day_name(frappe.get_meta(doctype), name):
			record[name] = to_day(record[name])
	return record


def compare_days(operator: str, value: Any) -> tuple[str, Any]:
	"""Return a condition on a day as one on dates with a time.

	Args:
		operator: One that `orchestrator.api.filters` knows, in small letters.
		value: What the day is compared with. One with a time of its own is compared as it is.
	"""
	if operator not in ("=", "<=", ">") or not isinstance(value, str) or not value:
		return operator, value
	moment = get_datetime(value)
	if moment is None or (moment.hour, moment.minute, moment.second, moment.microsecond) != MIDNIGHT:
		return operator, value
	if operator == "=":
		return "between", [value, value]
	return ("<" if operator == "<=" else ">="), str(moment + timedelta(days=1))
