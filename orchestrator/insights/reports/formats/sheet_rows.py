"""The rows of an XLSX sheet in its own XML: typed cells, and text that is text whatever it begins with.

The format is ECMA-376, part 1, 18.3.1: a cell holds an inline string or a number; days are counted from the end of 1899.
"""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from orchestrator.insights.reports.content.cells import is_finite, to_text
from orchestrator.insights.reports.content.formulas import is_formula
from orchestrator.insights.reports.content.report_table import Column

MAX_TEXT_LENGTH = 32_767  # of a cell
MAX_EXACT_INTEGER = 2**53  # a spreadsheet's numbers are floats
FIRST_DAY = datetime.date(1900, 3, 1)  # before it, the calendar has a day that never was
DAY_ZERO = datetime.datetime(1899, 12, 30)
DAY = datetime.timedelta(days=1)
SECONDS_PER_DAY = 86_400
# What XML does not take, or takes for something else, and what a reader would take for one of its replacements.
SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True)
class Styles:
	"""The numbers of the styles in the workbook: of days, moments, times, of text like a formula; of each column's
	numbers, and of its numbers without a fraction."""

	day: int
	moment: int
	time: int
	like_formula: int
	columns: Sequence[int]
	whole: Sequence[int]
	decimals: Sequence[int | None]


class RowWriter:
	"""Writes rows of the given columns."""

	def __init__(self, columns: Sequence[Column], styles: Styles) -> None:
		self.styles = styles
		self.letters = [xl_col_to_name(place) for place in range(len(columns))]
		self.durations = {place for place, column in enumerate(columns) if column.fieldtype == "Duration"}

	def render_row(self, number: int, values: Sequence[Any]) -> bytes:
		"""One row of the sheet."""
		cells = [f'<row r="{number}">']
		for place, value in enumerate(values):
			if value is not None and value != "":
				cells.append(f'<c r="{self.letters[place]}{number}"{self.render_content(place, value)}</c>')
		cells.append("</row>")
		return "".join(cells).encode()

	def render_content(self, place: int, value: Any) -> str:
		"""The rest of a cell, up to its end."""
		kind = type(value)
		if kind is str:
			return self.render_text(value)
		if kind is float or isinstance(value, int | Decimal):
			return self.render_number(place, value)
		return self.render_moment(value)

	def render_text(self, value: str) -> str:
		"""Text, without mark-up. No formula is ever written."""
		text = to_text(value)[:MAX_TEXT_LENGTH]
		style = f' s="{self.styles.like_formula}"' if is_formula(text) else ""
		if SPECIAL.search(text):
			text = SPECIAL.sub(_escape_character, text)
		return f'{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is>'

	def render_number(self, place: int, value: Any) -> str:
		"""A number; a duration in days, as a spreadsheet counts time. Text where a spreadsheet has no such number."""
		if not is_finite(value) or not -MAX_EXACT_INTEGER <= value <= MAX_EXACT_INTEGER:
			return self.render_text(str(value))
		if place in self.durations:
			value = float(value) / SECONDS_PER_DAY
		return f' s="{self.get_style(place, value)}"><v>{value + 0}</v>'

	def get_style(self, place: int, value: Any) -> int:
		"""Return the style of a number: a spreadsheet's own format has no way to leave the point away after 8."""
		decimals = self.styles.decimals[place]
		is_whole = decimals is not None and round(value, decimals) == round(value)
		return (self.styles.whole if is_whole else self.styles.columns)[place]

	def render_moment(self, value: Any) -> str:
		"""A day, a moment or a time, or whatever else as text."""
		if isinstance(value, datetime.timedelta):
			return f' s="{self.styles.time}"><v>{value / DAY}</v>'
		if isinstance(value, datetime.datetime) and value.date() >= FIRST_DAY:
			return f' s="{self.styles.moment}"><v>{(value.replace(tzinfo=None) - DAY_ZERO) / DAY}</v>'
		if type(value) is datetime.date and value >= FIRST_DAY:
			return f' s="{self.styles.day}"><v>{(value - DAY_ZERO.date()).days}</v>'
		return self.render_text(to_text(value))


def _escape_character(found: re.Match[str]) -> str:
	"""A character as the sheet's XML has it; what looks like an escaped one is escaped at its underscore."""
	text = found[0]
	if text in ENTITIES:
		return ENTITIES[text]
	return f"_x{ord(text):04X}_" if len(text) == 1 else f"_x005F{text}"
