"""A report as an XLSX file: one sheet with the table, another that tells what it is. Written row by row to the disk."""

import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from frappe import _
from frappe.utils.jinja_globals import is_rtl
from frappe.utils.xlsxutils import get_excel_date_format

from orchestrator.exceptions import ReportFailed, refuse
from orchestrator.insights.cells import FORMULA_STARTS, is_finite, text_of
from orchestrator.insights.report_table import Column, Table
from orchestrator.insights.title_page import TitlePage

MOST_ROWS = 1_048_576 - 2  # of a sheet, less its heading and the total
LONGEST_TEXT = 32_767  # of a cell
LARGEST_EXACT = 2**53  # a spreadsheet's numbers are floats
FIRST_DAY = datetime.date(1900, 3, 1)  # before it, Excel's calendar has a day that never was
SECONDS_A_DAY = 86_400
PIXELS_A_CHARACTER = 7
NARROWEST, WIDEST, USUAL = 8, 60, 16  # characters of a column
NUMBER_FORMATS = {
	"Currency": "#,##0.00",
	"Float": "#,##0.###",
	"Percent": '0.##"%"',
	"Duration": "[h]:mm:ss",
}


def write(path: Path, table: Table, title: TitlePage) -> None:
	"""Write the table row by row: what is in memory does not grow with the rows."""
	with TemporaryDirectory(dir=path.parent) as scratch:
		book = Workbook(str(path), {"constant_memory": True, "tmpdir": scratch, "strings_to_urls": False})
		Sheet(book, table).write()
		write_title_page(book, title)
		book.close()


def write_title_page(book: Workbook, title: TitlePage) -> None:
	"""The second sheet: report, time, filters."""
	sheet = book.add_worksheet(_("About")[:31])
	bold, plain = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
	lines = [(_("Report"), title.title), (_("Generated"), title.made), *title.filters]
	sheet.set_column(0, 0, USUAL, bold)
	sheet.set_column(1, 1, WIDEST)
	for number, (label, value) in enumerate(lines):
		sheet.write_string(number, 0, label, bold)
		sheet.write_string(number, 1, value[:LONGEST_TEXT], plain)


class Sheet:
	"""The sheet with the table."""

	def __init__(self, book: Workbook, table: Table) -> None:
		self.table, self.book = table, book
		self.sheet: Worksheet = book.add_worksheet(_("Report")[:31])
		day, time = get_excel_date_format()
		self.day = book.add_format({"num_format": day})
		self.moment = book.add_format({"num_format": f"{day} {time}"})
		self.time = book.add_format({"num_format": "[h]:mm:ss"})
		# Excel takes such a text for a formula when someone edits it, unless the cell is marked as text.
		self.like_formula = book.add_format({"quote_prefix": True})
		self.formats = [self.format_of(column) for column in table.columns]

	def format_of(self, column: Column) -> Format | None:
		"""The number format of a column."""
		known = NUMBER_FORMATS.get(column.fieldtype)
		if column.precision and column.fieldtype in ("Currency", "Float"):
			known = f"#,##0.{'0' * column.precision}"
		return self.book.add_format({"num_format": known}) if known else None

	def write(self) -> None:
		"""Heading, rows and total."""
		self.write_heading()
		number = 0
		for number, row in enumerate(self.table.rows, start=1):
			if number > MOST_ROWS:
				refuse_length()
			self.write_row(number, self.table.cells(row))
		last = number
		if self.table.total is not None:
			self.write_row(number + 1, self.table.cells(self.table.total))
		if last and self.table.columns:
			self.sheet.autofilter(0, 0, last, len(self.table.columns) - 1)

	def write_heading(self) -> None:
		"""Labels and widths of the columns; they stay in sight."""
		bold = self.book.add_format({"bold": True, "bottom": 1})
		if is_rtl():
			self.sheet.right_to_left()
		self.sheet.freeze_panes(1, 0)
		for place, column in enumerate(self.table.columns):
			self.sheet.set_column(place, place, width_of(column))
		for place, label in enumerate(self.table.labels):
			self.sheet.write_string(0, place, label[:LONGEST_TEXT], bold)

	def write_row(self, number: int, values: list[Any]) -> None:
		"""The cells of one row."""
		for place, value in enumerate(values):
			kind = type(value)
			if kind is str:
				self.write_text(number, place, value)
			elif kind is float and is_finite(value):
				self.write_number(number, place, value, self.formats[place])
			elif value is not None:
				self.write_other(number, place, value)

	def write_text(self, number: int, place: int, value: str) -> None:
		"""Text. It is text whatever it begins with: no formula is ever written."""
		text = text_of(value)[:LONGEST_TEXT]
		if text:
			style = self.like_formula if text.startswith(FORMULA_STARTS) else None
			self.sheet.write_string(number, place, text, style)

	def write_other(self, number: int, place: int, value: Any) -> None:
		"""What is neither text nor a fraction nor empty."""
		style = self.formats[place]
		if isinstance(value, int | Decimal) and is_finite(value) and -LARGEST_EXACT <= value <= LARGEST_EXACT:
			self.write_number(number, place, value, style)
		elif isinstance(value, datetime.datetime) and value.date() >= FIRST_DAY:
			self.sheet.write_datetime(number, place, value.replace(tzinfo=None), self.moment)
		elif type(value) is datetime.date and value >= FIRST_DAY:
			self.sheet.write_datetime(number, place, value, self.day)
		elif isinstance(value, datetime.timedelta):
			self.sheet.write_number(number, place, value.total_seconds() / SECONDS_A_DAY, self.time)
		else:
			self.write_text(number, place, text_of(value))

	def write_number(self, number: int, place: int, value: Any, style: Format | None) -> None:
		"""A whole or a decimal number; a duration in days, as a spreadsheet counts time."""
		if self.table.columns[place].fieldtype == "Duration":
			value = value / SECONDS_A_DAY
		self.sheet.write_number(number, place, float(value) if isinstance(value, Decimal) else value, style)


def width_of(column: Column) -> float:
	"""A column's width in characters: as the report has it in pixels, else by its heading."""
	told = column.width / PIXELS_A_CHARACTER if column.width else USUAL
	return min(max(told, len(column.label) + 2, NARROWEST), WIDEST)


def refuse_length() -> None:
	"""422: the table has more rows than a sheet."""
	refuse(
		_("An xlsx sheet holds no more than {0} rows. Narrow the filters, or ask for csv or json.").format(
			MOST_ROWS
		),
		ReportFailed,
	)
