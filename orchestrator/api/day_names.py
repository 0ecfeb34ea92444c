"""Documented names of fields that hold a date. ERPNext 16 made some of these fields a datetime; under the
documented name, callers still read and compare dates.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from pypika.terms import Criterion

import frappe
from frappe.model.meta import Meta
from frappe.utils import get_datetime

from orchestrator.api.aliases import add_aliases, get_fieldname

DAY_NAMES: Final = {"Task": frozenset({"start_date", "due_date"})}
MIDNIGHT: Final = (0, 0, 0, 0)


def is_day_name(meta: Meta, name: str) -> bool:
	"""Return True for a documented name of a date whose field is a datetime."""
	if name not in DAY_NAMES.get(meta.name, ()):
		return False
	field = meta.get_field(get_fieldname(meta.name, name))
	return field is not None and field.fieldtype == "Datetime"


def to_day(value: Any) -> Any:
	"""Return the date of a datetime; any other value unchanged."""
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


def compare_days(meta: Meta, fieldname: str, operator: str, value: Any) -> tuple[str, Any]:
	"""Return a condition on dates as one on datetimes.

	Args:
		meta: The DocType of the field.
		fieldname: A field that holds a date with a time.
		operator: One that `orchestrator.api.filters` knows, in small letters.
		value: What the day is compared with. One with a time of its own is compared as it is.
	"""
	if operator in ("in", "not in"):
		return operator, _list_timestamps_on_days(meta.name, fieldname, value)
	if operator not in ("=", "!=", "<=", ">") or not _is_day(value):
		return operator, value
	if operator == "=":
		return "between", [value, value]
	if operator == "!=":
		return "not in", _list_timestamps_on_days(meta.name, fieldname, [value])
	return ("<" if operator == "<=" else ">="), str(get_datetime(value) + timedelta(days=1))


def _is_day(value: Any) -> bool:
	"""Return True for a date, or a datetime at midnight, which is the same."""
	moment = get_datetime(value) if isinstance(value, str) and value else None
	return moment is not None and (moment.hour, moment.minute, moment.second, moment.microsecond) == MIDNIGHT


def _list_timestamps_on_days(doctype: str, fieldname: str, values: Iterable[Any]) -> list[Any]:
	"""Return the values with each day replaced by the moments of that day that are stored, because no operator of a list
	compares with several days at once.
	"""
	values = list(values)
	days = [get_datetime(value) for value in values if _is_day(value)]
	others = [value for value in values if not _is_day(value)]
	if not days:
		return others
	field = frappe.qb.DocType(doctype)[fieldname]
	is_in_days = Criterion.any((field >= day) & (field < day + timedelta(days=1)) for day in days)
	stored = frappe.qb.from_(doctype).select(field).distinct().where(is_in_days).run(pluck=True)
	# Frappe compares `not in` as text, for which the database writes microseconds.
	return [*others, *(moment.isoformat(" ", "microseconds") for moment in {*days, *stored})]
