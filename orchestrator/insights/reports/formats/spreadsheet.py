"""A report as an XLSX file: one sheet with the table, another with the report's particulars.

XlsxWriter writes each row to disk at once (`constant_memory`), so that none stays in memory.
"""

from pathlib import Path

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

MAX_ROWS = 1_048_576 - 2  # of a sheet, without the heading and the total
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
	"""Write the table row by row, so that the memory does not grow with the rows."""
	with Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)}) as book:
		sheet = book.add_worksheet(_("Report")[:31])
		_write_heading(sheet, table, book.add_format({"bold": True, "bottom": 1}))
		_write_rows(RowWriter(sheet, table.columns, _build_styles(book, table)), table)
		_write_title_page(book, title)


def _write_rows(writer: RowWriter, table: Table) -> None:
	"""Write the rows of the table and its total. 422 if the sheet cannot hold them all."""
	number = 0  # of the heading
	for number, row in enumerate(table.rows, start=1):
		if number > MAX_ROWS:
			_raise_too_long()
		writer.write_row(number, table.list_cells(row))
	if table.total is not None:
		writer.write_row(number + 1, table.list_cells(table.total))


def _write_heading(sheet: Worksheet, table: Table, style: Format) -> None:
	"""Write the column headings, which stay visible, and set the widths."""
	if is_rtl():
		sheet.right_to_left()
	sheet.freeze_panes(1, 0)
	for index, column in enumerate(table.columns):
		sheet.set_column(index, index, _compute_width(column))
		sheet.write_string(0, index, column.label[:MAX_TEXT_LENGTH], style)


def _build_styles(book: Workbook, table: Table) -> Styles:
	day, time = get_excel_date_format()
	return Styles(
		day=book.add_format({"num_format": day}),
		timestamp=book.add_format({"num_format": f"{day} {time}"}),
		time=book.add_format({"num_format": "[h]:mm:ss"}),
		plain=book.add_format(),
		# Excel reads such a text as a formula when it is edited, unless the cell is marked as text.
		like_formula=book.add_format({"quote_prefix": True}),
		columns=[book.add_format({"num_format": _get_number_format(column)}) for column in table.columns],
		integers=[
			book.add_format({"num_format": WHOLE_FORMATS.get(column.fieldtype, DEFAULT_WHOLE_FORMAT)})
			for column in table.columns
		],
		decimals=[_count_decimals(column) for column in table.columns],
	)


def _get_number_format(column: Column) -> str:
	"""Return the number format of a column."""
	if column.precision and column.fieldtype in ("Currency", "Float"):
		return f"#,##0.{'0' * column.precision}"
	return NUMBER_FORMATS.get(column.fieldtype, DEFAULT_FORMAT)


def _count_decimals(column: Column) -> int | None:
	"""Return the maximum number of decimals of a column; None if it is fixed."""
	if column.precision and column.fieldtype == "Float":
		return None
	if column.fieldtype in ("Currency", "Duration", "Int"):
		return None
	return PERCENT_DECIMALS if column.fieldtype == "Percent" else FEW_DECIMALS


def _compute_width(column: Column) -> float:
	"""Return a column's width in characters: from the report's width in pixels, otherwise from its heading."""
	width = column.width / PIXELS_PER_CHARACTER if column.width else DEFAULT_WIDTH
	return min(max(width, len(column.label) + 2, MIN_WIDTH), MAX_WIDTH)


def _write_title_page(book: Workbook, title: TitlePage) -> None:
	"""Write the second sheet: report, time, filters."""
	sheet = book.add_worksheet(_("About")[:31])
	bold, plain = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
	lines = [(_("Report"), title.heading), (_("Generated"), title.made_line), *title.filters]
	sheet.set_column(0, 0, DEFAULT_WIDTH, bold)
	sheet.set_column(1, 1, MAX_WIDTH)
	for number, (label, value) in enumerate(lines):
		sheet.write_string(number, 0, label, bold)
		sheet.write_string(number, 1, value[:MAX_TEXT_LENGTH], plain)


def _raise_too_long() -> None:
	"""Raise 422: the table has more rows than a sheet can hold."""
	refuse(
		_("An xlsx sheet can contain at most {0} rows. Narrow the filters, or choose csv or json.").format(
			MAX_ROWS
		),
		ReportExecutionError,
	)
