"""A report as an XLSX file: one sheet with the table, another that tells what it is.

XlsxWriter makes the workbook around the rows: styles, heading, widths, the second sheet. The rows themselves are written
into its sheet as they come, straight into the compressed file: ten times as fast, and nothing of them stays in memory.
"""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from frappe import _
from frappe.utils.jinja_globals import is_rtl
from frappe.utils.xlsxutils import get_excel_date_format

from orchestrator.exceptions import ReportExecutionError, refuse
from orchestrator.insights.reports.content.report_table import Column, Table
from orchestrator.insights.reports.content.title_page import TitlePage
from orchestrator.insights.reports.formats.sheet_rows import MAX_TEXT_LENGTH, RowWriter, Styles

MAX_ROWS = 1_048_576 - 2  # of a sheet, less its heading and the total
SHEET = "xl/worksheets/sheet1.xml"
# The row that shows which number each style has got; the table's rows take its place.
STYLE_ROW = re.compile(rb'(<row r="2".*?</row>)', re.DOTALL)
STYLE = re.compile(rb' s="(\d+)"')
# Says how large the sheet is; without it, a reader finds out.
DIMENSION = re.compile(rb"<dimension [^>]*/>")
FAST = 3  # of the levels of compression: a tenth larger, twice as fast
PIXELS_PER_CHARACTER = 7
MIN_WIDTH, MAX_WIDTH, DEFAULT_WIDTH = 8, 60, 16  # characters of a column
FEW_DECIMALS, PERCENT_DECIMALS = 3, 2
NUMBER_FORMATS = {
	"Currency": "#,##0.00",
	"Percent": '0.##"%"',
	"Duration": "[h]:mm:ss",
	"Int": "0",
}
WHOLE_FORMATS = {"Percent": '0"%"'}
DEFAULT_FORMAT, DEFAULT_WHOLE_FORMAT = "#,##0.###", "#,##0"


def write_xlsx(path: Path, table: Table, title: TitlePage) -> None:
	"""Write the table row by row: what is in memory does not grow with the rows."""
	with (
		ZipFile(_build_workbook(table, title)) as book,
		ZipFile(path, "w", ZIP_DEFLATED, compresslevel=FAST) as target,
	):
		for part in book.namelist():
			if part != SHEET:
				target.writestr(part, book.read(part))
		with target.open(SHEET, "w", force_zip64=True) as sheet:
			_write_sheet(sheet, book.read(SHEET), table)


def _write_sheet(sheet: IO[bytes], around: bytes, table: Table) -> None:
	"""Write the first sheet: what is around the rows, and the rows."""
	before, style_row, after = STYLE_ROW.split(around)
	sheet.write(DIMENSION.sub(b"", before))
	for row in _write_rows(table, RowWriter(table.columns, _parse_styles(style_row, table.columns))):
		sheet.write(row)
	sheet.write(after)


def _write_rows(table: Table, writer: RowWriter) -> Iterator[bytes]:
	"""The rows of the table and its total, as the sheet holds them. 422 where it cannot hold them all."""
	number = 1  # of the heading
	for number, row in enumerate(table.rows, start=2):
		if number > MAX_ROWS + 1:
			_raise_too_long()
		yield writer.render_row(number, table.list_cells(row))
	if table.total is not None:
		yield writer.render_row(number + 1, table.list_cells(table.total))


def _build_workbook(table: Table, title: TitlePage) -> BytesIO:
	"""The workbook without the rows."""
	target = BytesIO()
	book = Workbook(target, {"in_memory": True})
	sheet = book.add_worksheet(_("Report")[:31])
	_write_heading(sheet, table, book.add_format({"bold": True, "bottom": 1}))
	for place, style in enumerate(_build_styles(book, table)):
		sheet.write_blank(1, place, None, style)
	_write_title_page(book, title)
	book.close()
	target.seek(0)
	return target


def _write_heading(sheet: Worksheet, table: Table, style: Format) -> None:
	"""Labels and widths of the columns; they stay in sight."""
	if is_rtl():
		sheet.right_to_left()
	sheet.freeze_panes(1, 0)
	for place, column in enumerate(table.columns):
		sheet.set_column(place, place, _compute_width(column))
		sheet.write_string(0, place, column.label[:MAX_TEXT_LENGTH], style)


def _build_styles(book: Workbook, table: Table) -> list[Format]:
	"""The styles of cells, in the order in which `_parse_styles` takes them: four for all, then one per
	column, then one per column for whole numbers."""
	day, time = get_excel_date_format()
	return [
		book.add_format({"num_format": day}),
		book.add_format({"num_format": f"{day} {time}"}),
		book.add_format({"num_format": "[h]:mm:ss"}),
		# Excel takes such a text for a formula when someone edits it, unless the cell is marked as text.
		book.add_format({"quote_prefix": True}),
		*(book.add_format({"num_format": _get_number_format(column)}) for column in table.columns),
		*(
			book.add_format({"num_format": WHOLE_FORMATS.get(column.fieldtype, DEFAULT_WHOLE_FORMAT)})
			for column in table.columns
		),
	]


def _parse_styles(style_row: bytes, columns: Sequence[Column]) -> Styles:
	"""The numbers that the styles have got."""
	day, moment, time, like_formula, *numbers = map(int, STYLE.findall(style_row))
	count = len(columns)
	decimals = [_count_decimals(column) for column in columns]
	return Styles(day, moment, time, like_formula, numbers[:count], numbers[count:], decimals)


def _get_number_format(column: Column) -> str:
	"""How the numbers of a column are shown."""
	if column.precision and column.fieldtype in ("Currency", "Float"):
		return f"#,##0.{'0' * column.precision}"
	return NUMBER_FORMATS.get(column.fieldtype, DEFAULT_FORMAT)


def _count_decimals(column: Column) -> int | None:
	"""Return how many decimals a column's numbers are shown with at most; None where it is always the same number."""
	if column.precision and column.fieldtype == "Float":
		return None
	if column.fieldtype in ("Currency", "Duration", "Int"):
		return None
	return PERCENT_DECIMALS if column.fieldtype == "Percent" else FEW_DECIMALS


def _compute_width(column: Column) -> float:
	"""A column's width in characters: as the report has it in pixels, else by its heading."""
	told = column.width / PIXELS_PER_CHARACTER if column.width else DEFAULT_WIDTH
	return min(max(told, len(column.label) + 2, MIN_WIDTH), MAX_WIDTH)


def _write_title_page(book: Workbook, title: TitlePage) -> None:
	"""The second sheet: report, time, filters."""
	sheet = book.add_worksheet(_("About")[:31])
	bold, plain = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
	lines = [(_("Report"), title.heading), (_("Generated"), title.made_line), *title.filters]
	sheet.set_column(0, 0, DEFAULT_WIDTH, bold)
	sheet.set_column(1, 1, MAX_WIDTH)
	for number, (label, value) in enumerate(lines):
		sheet.write_string(number, 0, label, bold)
		sheet.write_string(number, 1, value[:MAX_TEXT_LENGTH], plain)


def _raise_too_long() -> None:
	"""422: the table has more rows than a sheet."""
	refuse(
		_("An xlsx sheet can contain at most {0} rows. Narrow the filters, or choose csv or json.").format(
			MAX_ROWS
		),
		ReportExecutionError,
	)
