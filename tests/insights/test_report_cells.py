"""Cells, rows and charts of a report's file, without a site: boundary values."""

import datetime
import io
import re
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter

from orchestrator.insights.reports.content import cells, report_chart, report_table
from orchestrator.insights.reports.content.report_table import Column
from orchestrator.insights.reports.formats import csv_file
from orchestrator.insights.reports.formats.sheet_rows import MAX_TEXT_LENGTH, RowWriter, Styles

COLUMNS = [
	Column("text", "Text", "Data", None, 0),
	Column("hours", "Hours", "Duration", None, 1),
]


def write_cells(*values):
	"""Return the first row of a sheet with the values, as a spreadsheet reads it."""
	target = io.BytesIO()
	with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
		plain = book.add_format()
		styles = Styles(plain, plain, plain, plain, plain, [plain] * 2, [plain] * 2, [None, None])
		RowWriter(book.add_worksheet(), COLUMNS, styles).write_row(0, values)
	return openpyxl.load_workbook(target, rich_text=False).active[1]


def parse_cells(*values):
	return [decode_cell(cell.value) for cell in write_cells(*values)]


def decode_cell(value):
	"""Return text decoded as ECMA-376 requires (22.9.2.19); openpyxl does not decode characters that XML
	cannot contain.
	"""
	if not isinstance(value, str):
		return value
	return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), value)


@pytest.mark.parametrize(
	("value", "shown"),
	[
		("R&D <3", "R&D <3"),
		("  two\nlines  ", "  two\nlines  "),
		("_x0041_", "_x0041_"),
		("a\x07b", "a\x07b"),
		("a\ud800b", "a?b"),
		("北京 مرحبا 😀", "北京 مرحبا 😀"),
		("x" * 40_000, "x" * MAX_TEXT_LENGTH),
		(2**53, 2**53),
		(2**60, str(2**60)),
		(float("nan"), "nan"),
		(float("inf"), "inf"),
		(Decimal("12.50"), 12.5),
		(True, 1),
		(datetime.date(1899, 5, 1), "1899-05-01"),
		([1, "a"], '[1, "a"]'),
	],
)
def test_a_spreadsheet_cell_keeps_its_value(value, shown):
	assert parse_cells(value, 5)[0] == shown


def test_duration_is_formatted_in_days():
	assert parse_cells("x", 43_200) == ["x", 0.5]


def test_an_empty_cell_is_no_cell():
	assert {(cell.value, cell.style_id) for cell in write_cells(None, "")} == {(None, 0)}


@pytest.mark.parametrize("text", ["<r>x</r>", "<r><t>x</t></r>", "<r>&amp; <b></r>", "<r>", "<r>=1</r>"])
def test_text_that_looks_like_rich_text_stays_text(text):
	assert parse_cells(text, 1)[0] == text


@pytest.mark.parametrize(
	("value", "cell"),
	[
		(True, 1),
		(None, ""),
		(float("inf"), "inf"),
		(Decimal("-1.5"), Decimal("-1.5")),
		(-3, -3),
		("-3", "-3"),
		("=3", "'=3"),
		("a=b", "a=b"),
	],
)
def test_a_csvs_cell_is_a_number_or_text_that_is_no_formula(value, cell):
	assert csv_file.build_cells([value]) == [cell]


@pytest.mark.parametrize("text", ["A<B>C Ltd", "<p>Dear <b>Ann</b></p>", "1 < 2", "List&lt;String&gt;"])
def test_text_in_angle_brackets_stays_as_it_is_stored(text):
	assert cells.to_text(text) == text


@pytest.mark.parametrize("fieldtype", ["HTML", "HTML Editor", "Text Editor"])
def test_html_becomes_text_in_columns_of_html(fieldtype):
	column = Column("note", "Note", fieldtype, None, 0)
	table = report_table.Table([column], iter(()))

	row = ["<div>Dear <b>Ann</b>,<br>R&amp;D &lt;3</div><p>Bob</p>"]

	assert table.list_cells(row) == ["Dear Ann,\nR&D <3\nBob"]
	assert cells.format_cell(column, row) == "Dear Ann,\nR&D <3\nBob"


def test_escaped_text_is_shown_as_typed():
	assert cells.format_cell(COLUMNS[0], ["List&lt;String&gt; &amp; more"]) == "List<String> & more"
	assert cells.format_cell(COLUMNS[0], ["A<B>C Ltd &copy"]) == "A<B>C Ltd &copy"


def test_rows_become_sequences_from_any_form():
	columns = [
		{"fieldname": "who", "label": "Who"},
		{"fieldname": "secret", "label": "Secret", "hidden": 1},
		{"fieldname": "sum", "label": "Sum", "fieldtype": "Currency", "options": "currency"},
	]
	rows = [
		{"who": "Ann", "secret": 1, "sum": 5, "currency": "EUR", "indent": 1},
		{"Who": "Bob", "sum": 6},
		["Cid", 2, 7],
		["Dan"],
	]

	table = report_table.parse_result({"columns": columns, "result": rows})
	read = list(table.rows)

	assert [column.key for column in table.columns] == ["who", "sum"]
	assert [table.list_cells(row) for row in read] == [["    Ann", 5], ["Bob", 6], ["Cid", 7], ["Dan", None]]
	assert table.columns[1].currency.get_currency(read[0]) == "EUR"
	assert rows == []  # each is released


def test_columns_of_the_same_name_have_keys_of_their_own():
	table = report_table.parse_result(
		{"columns": ["name:Link/Lead", "name:Link/Contact"], "result": [["L1", "C1"]]}
	)

	assert [column.key for column in table.columns] == ["name", "name_2"]
	assert [table.list_cells(row) for row in table.rows] == [["L1", "C1"]]


def test_a_chart_is_drawn_to_scale_and_says_nothing_of_its_own():
	chart = {"type": "bar", "data": {"labels": ["<a>", "b"], "datasets": [{"name": "n", "values": [10, 5]}]}}

	drawn = report_chart.render_svg(chart)

	assert ('height="140.0"' in drawn, 'height="70.0"' in drawn) == (True, True)
	assert "&lt;a&gt;" in drawn
	assert (
		report_chart.render_svg(None) == report_chart.render_svg({"type": "pie", "data": chart["data"]}) == ""
	)
