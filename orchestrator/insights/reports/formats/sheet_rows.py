"""The rows of an XLSX sheet: typed cells, and text that is never read as a formula."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from orchestrator.insights.reports.content.cells import is_finite, to_text
from orchestrator.insights.reports.content.formulas import is_formula
from orchestrator.insights.reports.content.report_table import Column

MAX_TEXT_LENGTH = 32_767  # of a cell
MAX_EXACT_INTEGER = 2**53  # a spreadsheet's numbers are floats
FIRST_DAY = datetime.date(1900, 3, 1)  # before it, Excel's calendar has a day that never existed
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Styles:
	"""Cell formats: for dates, timestamps, times, plain text and text that looks like a formula; for each
	column's numbers, with and without decimals.
	"""

	day: Format
	timestamp: Format
	time: Format
	plain: Format
	like_formula: Format
	columns: Sequence[Format]
	integers: Sequence[Format]
	decimals: Sequence[int | None]


class RowWriter:
	"""Writes rows of the given columns into a sheet."""

	def __init__(self, sheet: Worksheet, columns: Sequence[Column], styles: Styles) -> None:
		self.sheet = sheet
		self.styles = styles
		self.durations = {index for index, column in enumerate(columns) if column.fieldtype == "Duration"}

	def write_row(self, number: int, values: Sequence[Any]) -> None:
		"""Write the cells of row `number`, counted from 0. Empty values get no cell."""
		for index, value in enumerate(values):
			if value is None or value == "":
				continue
			kind = type(value)
			if kind is str:
				self._write_text(number, index, value)
			elif kind is float or isinstance(value, int | Decimal):
				self._write_number(number, index, value)
			else:
				self._write_moment(number, index, value)

	def _write_text(self, number: int, index: int, value: str) -> None:
		"""Write text without markup. It is never written as a formula."""
		text = to_text(value)[:MAX_TEXT_LENGTH]
		if not text.isascii():
			text = text.encode("utf-8", "replace").decode()  # a lone surrogate cannot be encoded
		if text.startswith("<r>") and text.endswith("</r>"):
			# XlsxWriter reads such a text as its own markup, unless it is passed as fragments.
			self.sheet.write_rich_string(number, index, text[0], self.styles.plain, text[1:])
		else:
			self.sheet.write_string(
				number, index, text, self.styles.like_formula if is_formula(text) else None
			)

	def _write_number(self, number: int, index: int, value: Any) -> None:
		"""Write a number; a duration in days, as spreadsheets count time. Text if a spreadsheet has no such
		number.
		"""
		if not is_finite(value) or not -MAX_EXACT_INTEGER <= value <= MAX_EXACT_INTEGER:
			self._write_text(number, index, str(value))
			return
		if index in self.durations:
			value = float(value) / SECONDS_PER_DAY
		self.sheet.write_number(number, index, value, self._get_style(index, value))

	def _get_style(self, index: int, value: Any) -> Format:
		"""Return the style of a number: a spreadsheet's formats cannot drop the decimal point after 8."""
		decimals = self.styles.decimals[index]
		is_whole = decimals is not None and round(value, decimals) == round(value)
		return (self.styles.integers if is_whole else self.styles.columns)[index]

	def _write_moment(self, number: int, index: int, value: Any) -> None:
		"""Write a date, a timestamp or a time; any other value as text."""
		if isinstance(value, datetime.timedelta):
			self.sheet.write_datetime(number, index, value, self.styles.time)
		elif isinstance(value, datetime.datetime) and value.date() >= FIRST_DAY:
			self.sheet.write_datetime(number, index, value.replace(tzinfo=None), self.styles.timestamp)
		elif type(value) is datetime.date and value >= FIRST_DAY:
			self.sheet.write_datetime(number, index, value, self.styles.day)
		else:
			self._write_text(number, index, to_text(value))
