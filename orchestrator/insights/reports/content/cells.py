"""A report's values for files: as text, as a cell that no spreadsheet reads as a formula, and formatted for
people.
"""

import datetime
import json
import math
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import unescape

import frappe
from frappe.utils import flt, fmt_money, format_datetime, format_duration, format_time, formatdate

from orchestrator.insights.reports.content.report_table import Column, Row

FEW_DECIMALS = 3
QUOTE_CHARACTERS = {"&quot;": '"', "&#39;": "'", "&#x27;": "'"}


def is_finite(value: Any) -> bool:
	"""Return True for a finite number."""
	return isinstance(value, int) or math.isfinite(value)


def to_text(value: Any) -> str:
	"""Return a value as text: text unchanged, dates and timestamps in ISO 8601."""
	if value is None:
		return ""
	if isinstance(value, str):
		return value
	if isinstance(value, datetime.datetime):
		return value.isoformat(sep=" ")
	if isinstance(value, bytes):
		return value.decode(errors="replace")
	if isinstance(value, dict | list | tuple):
		return json.dumps(value, default=str, ensure_ascii=False)
	return str(value)


def format_cell(column: Column, row: Row) -> str:
	"""Return a column's value in the site's formats of dates and numbers, with the currency of the row."""
	value = column.get_value(row)
	if value is None or value == "":
		return ""
	if isinstance(value, bool) or (column.fieldtype == "Check" and isinstance(value, int | float)):
		return "✓" if value else ""
	if isinstance(value, datetime.date | datetime.timedelta | datetime.time):
		return _format_moment(value)
	if isinstance(value, int | float | Decimal):
		return _format_number(column, row, value)
	return to_text(value) if column.is_html else unescape_text(to_text(value))


def unescape_text(text: str) -> str:
	"""Return text as Desk shows it: Frappe stores typed text, such as List<String>, with its signs escaped."""
	return unescape(text, QUOTE_CHARACTERS) if "&" in text else text


def _format_moment(value: Any) -> str:
	"""Return a date, a time or both in the site's format."""
	if isinstance(value, datetime.datetime):
		return format_datetime(value)
	if isinstance(value, datetime.date):
		return formatdate(value)
	return format_time(value)


def _format_number(column: Column, row: Row, value: Any) -> str:
	"""Return a number in the site's format."""
	if column.fieldtype == "Currency":
		currency = column.currency.get_currency(row) if column.currency else None
		return fmt_money(value, column.precision, currency or frappe.db.get_default("currency"))
	if column.fieldtype == "Percent":
		return f"{fmt_money(flt(value, 2), _count_decimals(flt(value, 2)))}%"
	if column.fieldtype == "Duration":
		return format_duration(value)
	if column.fieldtype == "Int" or isinstance(value, int):
		return fmt_money(value, 0) if column.is_number else str(value)
	return fmt_money(value, column.precision if column.precision is not None else _count_decimals(value))


def _count_decimals(value: Any) -> int:
	"""Return the number of decimals shown: none for an integer."""
	return 0 if round(float(value), FEW_DECIMALS).is_integer() else FEW_DECIMALS
