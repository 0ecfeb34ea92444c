"""A report's values as a file shows them: as text, as a cell that no spreadsheet takes for a formula, for people."""

import datetime
import json
import math
from decimal import Decimal
from typing import Any

import frappe
from frappe.utils import flt, fmt_money, format_datetime, format_duration, format_time, formatdate
from frappe.utils.xlsxutils import handle_html

from orchestrator.insights.report_table import Column, Row

# By these a spreadsheet knows a formula, or gets to one by dropping what it does not show.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ESCAPE = "'"
FEW_DECIMALS = 3


def is_finite(value: Any) -> bool:
	"""True for a number that can be written down."""
	return isinstance(value, int) or math.isfinite(value)


def text_of(value: Any) -> str:
	"""A value as plain text, without mark-up; days and moments as ISO 8601 has them."""
	if value is None:
		return ""
	if isinstance(value, str):
		return handle_html(value) if "<" in value and ">" in value else value
	if isinstance(value, datetime.datetime):
		return value.isoformat(sep=" ", timespec="seconds")
	if isinstance(value, bytes):
		return value.decode(errors="replace")
	if isinstance(value, dict | list | tuple):
		return json.dumps(value, default=str, ensure_ascii=False)
	return str(value)


def safe_text(text: str) -> str:
	"""Text that a spreadsheet shows and does not run: an apostrophe goes before what looks like a formula."""
	return ESCAPE + text if text.startswith(FORMULA_STARTS) else text


def for_people(column: Column, row: Row) -> str:
	"""The value of a column as the site shows it: its format of dates and numbers, the currency of the row."""
	value = row[column.place]
	if value is None or value == "":
		return ""
	if isinstance(value, bool) or (column.fieldtype == "Check" and isinstance(value, int | float)):
		return "✓" if value else ""
	if isinstance(value, datetime.date | datetime.timedelta | datetime.time):
		return moment_for_people(value)
	if isinstance(value, int | float | Decimal):
		return number_for_people(column, row, value)
	return text_of(value)


def moment_for_people(value: Any) -> str:
	"""A day, a time or both in the site's format."""
	if isinstance(value, datetime.datetime):
		return format_datetime(value)
	if isinstance(value, datetime.date):
		return formatdate(value)
	return format_time(value)


def number_for_people(column: Column, row: Row, value: Any) -> str:
	"""A number in the site's format."""
	if column.fieldtype == "Currency":
		currency = column.currency.of(row) if column.currency else None
		return fmt_money(value, column.precision, currency or frappe.db.get_default("currency"))
	if column.fieldtype == "Percent":
		return f"{fmt_money(flt(value, 2), decimals_of(flt(value, 2)))}%"
	if column.fieldtype == "Duration":
		return format_duration(value)
	if column.fieldtype == "Int" or isinstance(value, int):
		return fmt_money(value, 0) if column.is_number else str(value)
	return fmt_money(value, column.precision if column.precision is not None else decimals_of(value))


def decimals_of(value: Any) -> int:
	"""How many decimals a number is shown with: none where it has none."""
	return 0 if float(value).is_integer() else FEW_DECIMALS
