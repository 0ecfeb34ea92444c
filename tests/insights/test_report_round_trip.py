"""The values in a CSV, XLSX or JSON file of a report are those that are stored."""

import csv
import datetime
import io
import json
import re

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.insights.reports.content.formulas import unescape_formula
from orchestrator.insights.reports.content.report_table import Column, Table
from orchestrator.insights.reports.content.title_page import TitlePage
from orchestrator.insights.reports.formats import csv_file, json_file, spreadsheet
from tests.support import factories
from tests.support.report_factories import download_content, make_query_report, parse_csv

COLUMNS = [
	Column(name, name, fieldtype, None, place)
	for place, (name, fieldtype) in enumerate(
		[("text", "Data"), ("whole", "Int"), ("number", "Float"), ("percent", "Percent"), ("day", "Date"), ("at", "Datetime")]
	)
]  # fmt: skip
# Texts of a MariaDB text field: all of Unicode except surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
MARKED_TEXTS = st.text(st.sampled_from("<>&;lt\"'=+-@ \t\r\n_x0041,é漢م😀"), max_size=20)
FLOATS = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False).map(lambda value: round(value, 6))
DAYS = st.dates(datetime.date(1900, 3, 1), datetime.date(9998, 12, 31))
MOMENTS = st.datetimes(datetime.datetime(1900, 3, 1), datetime.datetime(9998, 12, 31)).map(
	lambda value: value.replace(microsecond=0)
)
ROWS = st.lists(
	st.tuples(
		TEXTS | MARKED_TEXTS | st.none(),
		st.integers(-(2**53), 2**53) | st.none(),
		FLOATS | st.none(),
		FLOATS | st.none(),
		DAYS | st.none(),
		MOMENTS | st.none(),
	),
	max_size=5,
)
TITLE = TitlePage("Report", datetime.datetime(2025, 2, 19), "Ann", {}, [], None)
PROPERTY = settings(
	derandomize=True,
	deadline=None,
	max_examples=100,
	suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NASTY = [
	"A<B>C Ltd", "<p>Dear <b>Ann</b></p>", "List&lt;String&gt;", "R&D &amp; more", "'+49 30 123", "+49 30 123", "-5 °C", "-",
	"'=1", "=1", "a\r\nb", "_x0041_", "  spaces  ", "北京 مرحبا 😀", '"quoted", with comma', "1e5", "007", "True", "\\N", "#N/A",
]  # fmt: skip


def build_table(rows):
	return Table(COLUMNS, iter(rows))


def convert_empty_to_none(value):
	return None if value == "" else value


def parse_csv_value(value, text):
	"""Return a cell of a CSV file in the type of the stored value."""
	if value in (None, ""):
		return convert_empty_to_none(text)
	if isinstance(value, datetime.datetime):
		return datetime.datetime.fromisoformat(text)
	if isinstance(value, datetime.date):
		return datetime.date.fromisoformat(text)
	return unescape_formula(text) if isinstance(value, str) else type(value)(text)


def round_to_sixteen_digits(value):
	"""Return a number as XlsxWriter stores it; spreadsheets show fifteen digits."""
	return float(f"{value:.16G}") if isinstance(value, float) else value


def parse_xlsx_value(value, cell):
	"""Return a cell of a spreadsheet, with text decoded as ECMA-376 requires (22.9.2.19), which openpyxl
	leaves to its caller.
	"""
	if isinstance(cell, str):
		return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), cell)
	is_day = type(value) is datetime.date and isinstance(cell, datetime.datetime)
	return cell.date() if is_day else cell


@PROPERTY
@given(rows=ROWS)
def test_a_csv_file_reads_back(tmp_path, rows):
	csv_file.write_csv(tmp_path / "file.csv", build_table(rows))

	_heading, *lines = csv.reader((tmp_path / "file.csv").open(encoding="utf-8-sig", newline=""))

	read = [
		[parse_csv_value(*pair) for pair in zip(row, line, strict=True)]
		for row, line in zip(rows, lines, strict=True)
	]
	assert read == [[convert_empty_to_none(value) for value in row] for row in rows]


@PROPERTY
@given(rows=ROWS)
def test_an_xlsx_file_reads_back(frappe_site, tmp_path, rows):
	spreadsheet.write_xlsx(tmp_path / "file.xlsx", build_table(rows), TITLE)

	sheet = openpyxl.load_workbook(tmp_path / "file.xlsx").worksheets[0]

	cells = [[sheet.cell(line, place).value for place in range(1, 7)] for line in range(2, len(rows) + 2)]
	read = [
		[parse_xlsx_value(*pair) for pair in zip(row, line, strict=True)]
		for row, line in zip(rows, cells, strict=True)
	]
	assert read == [[round_to_sixteen_digits(convert_empty_to_none(value)) for value in row] for row in rows]


@PROPERTY
@given(rows=ROWS)
def test_a_json_file_reads_back(tmp_path, rows):
	json_file.write_json(tmp_path / "file.json", build_table(rows), TITLE)

	read = json.loads((tmp_path / "file.json").read_text(encoding="utf-8"))["rows"]

	moments = (datetime.date, datetime.datetime)
	stored = [[str(value) if isinstance(value, moments) else value for value in row] for row in rows]
	assert [list(row.values()) for row in read] == stored


@pytest.fixture(scope="module")
def nasty(frappe_site):
	"""Return leads whose topics are stored without Frappe's sanitizing, and a report of them."""
	company = factories.make_unique("Company")
	names = []
	for topic in NASTY:
		lead = factories.make_lead(company_name=company)
		lead.db_set("topic", topic, commit=True)
		names.append(lead.name)
	query = (
		f"select topic as `Topic::200` from tabLead where company_name = '{company}' order by creation, name"  # noqa: S608
	)
	return make_query_report(query)


def test_stored_texts_are_in_every_format_as_they_are_stored(api, nasty):
	client = api()

	text = parse_csv(download_content(client, nasty, "csv"))[1:]
	sheet = openpyxl.load_workbook(io.BytesIO(download_content(client, nasty, "xlsx"))).worksheets[0]
	rows = json.loads(download_content(client, nasty, "json"))["rows"]

	assert [unescape_formula(row[0]) for row in text] == NASTY
	assert [parse_xlsx_value(None, row[0].value) for row in sheet.iter_rows(min_row=2)] == NASTY
	assert [row["topic"] for row in rows] == NASTY


def test_a_page_shows_stored_texts_as_people_typed_them(api, nasty):
	page = download_content(api(), nasty, "html").decode()

	assert "<td>A&lt;B&gt;C Ltd</td>" in page
	assert "<td>List&lt;String&gt;</td>" in page
	assert "<td>R&amp;D &amp; more</td>" in page
	assert "<td>&lt;p&gt;Dear &lt;b&gt;Ann&lt;/b&gt;&lt;/p&gt;</td>" in page


@pytest.mark.parametrize(
	("fieldtype", "value", "shown"),
	[
		("Float", 8, "#,##0"),
		("Float", 8.0004, "#,##0"),
		("Float", 8.25, "#,##0.###"),
		("Float", -3.0, "#,##0"),
		("Float", 0.0, "#,##0"),
		("Percent", 50, '0"%"'),
		("Percent", 99.999, '0"%"'),
		("Percent", 33.33, '0.##"%"'),
		("Data", 7, "#,##0"),
		("Int", 12, "0"),
		("Currency", 8, "#,##0.00"),
	],
)
def test_whole_numbers_look_whole_in_a_spreadsheet(frappe_site, tmp_path, fieldtype, value, shown):
	table = Table([Column("value", "Value", fieldtype, None, 0)], iter([[value]]))
	spreadsheet.write_xlsx(tmp_path / "file.xlsx", table, TITLE)

	cell = openpyxl.load_workbook(tmp_path / "file.xlsx").worksheets[0]["A2"]

	assert (cell.value, cell.number_format) == (value, shown)
