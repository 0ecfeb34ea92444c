"""generate_report: the content of the files, in each format."""

import datetime
import io
import json
import re

import openpyxl
import pytest
from pypdf import PdfReader

import frappe

from orchestrator.setup.doctor import has_font
from tests.support import factories
from tests.support.report_factories import (
	download_content,
	generate_report,
	make_builder_report,
	make_query_report,
	make_report,
	parse_csv,
)

FORMULAS = ("=1+1", "+1+1", "-A1", "@SUM(1)", "\t=1", "\r=1")
PLAIN = """
	select 'Ann' as `Name::120`, 3 as `Visits:Int:80`, 2.5 as `Hours:Float:80`, -7.25 as `Balance:Currency:100`,
		date('2025-02-19') as `Day:Date:100`, timestamp('2025-02-19 09:30:00') as `Moment:Datetime:160`
	union all select 'Bob', 4, 0.5, 1000.5, null, null
"""


@pytest.fixture(scope="module")
def plain(frappe_site):
	return make_query_report(PLAIN, add_total_row=1)


@pytest.fixture(scope="module")
def formulas(frappe_site):
	"""Return a report whose texts look like formulas, and a number that does."""
	rows = " union all ".join(
		f"select {frappe.db.escape(text)} as `Text::100`, -5 as `Number:Int:80`" for text in FORMULAS
	)
	return make_query_report(rows)


def list_sheets(content):
	book = openpyxl.load_workbook(io.BytesIO(content))
	return book.worksheets


def list_cells(sheet):
	return [[cell.value for cell in row] for row in sheet.iter_rows()]


def list_page_texts(content):
	return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def test_a_spreadsheet_has_typed_cells_under_a_heading_and_the_total_last(api, plain):
	sheet, about = list_sheets(download_content(api(), plain, "xlsx"))

	assert list_cells(sheet) == [
		["Name", "Visits", "Hours", "Balance", "Day", "Moment"],
		["Ann", 3, 2.5, -7.25, datetime.datetime(2025, 2, 19), datetime.datetime(2025, 2, 19, 9, 30)],
		["Bob", 4, 0.5, 1000.5, None, None],
		["Total", 7, 3, 993.25, None, None],
	]
	assert sheet.freeze_panes == "A2"
	assert sheet["D2"].number_format == "#,##0.00"
	assert [row[0] for row in list_cells(about)] == ["Report", "Generated"]
	assert list_cells(about)[0][1] == plain


def test_a_csv_quotes_text_and_leaves_numbers_bare(api, plain):
	content = download_content(api(), plain, "csv")

	assert content.decode("utf-8").splitlines() == [
		'\ufeff"Name","Visits","Hours","Balance","Day","Moment"',
		'"Ann",3,2.5,-7.25,"2025-02-19","2025-02-19 09:30:00"',
		'"Bob",4,0.5,1000.5,"",""',
		'"Total",7.0,3.0,993.25,"",""',
	]


def test_json_has_rows_by_key_and_particulars(api, plain):
	told = json.loads(download_content(api(), plain, "json"))

	assert told["report_name"] == plain
	assert told["filters"] == {}
	assert [column["key"] for column in told["columns"]] == [
		"name",
		"visits",
		"hours",
		"balance",
		"day",
		"moment",
	]
	assert told["rows"] == [
		{
			"name": "Ann",
			"visits": 3,
			"hours": 2.5,
			"balance": -7.25,
			"day": "2025-02-19",
			"moment": "2025-02-19 09:30:00",
		},
		{"name": "Bob", "visits": 4, "hours": 0.5, "balance": 1000.5, "day": None, "moment": None},
	]
	assert (told["total_row"]["name"], told["total_row"]["visits"]) == ("Total", 7.0)


def test_html_shows_values_in_the_sites_format_and_escapes_them(api):
	report = make_query_report(
		"select 'R&D' as `Team::80`, '<script>alert(1)</script>seen' as `Name::120`, 1234.5 as `Amount:Currency:80`"
	)

	page = download_content(api(), report, "html").decode()

	assert "<script" not in page
	assert "<td>R&amp;D</td>" in page
	assert '<td class="number">$ 1,234.50</td>' in page


def test_a_pdf_has_title_time_filters_rows_and_numbered_pages(api):
	rows = " union all ".join(f"select 'Row number {n}' as `Name::120`" for n in range(90))
	report = make_query_report(
		f"select * from ({rows}) all_of_them where %(status)s = 'Open'",  # noqa: S608
		filters=[{"fieldname": "status", "label": "Status of Lead", "fieldtype": "Data"}],
	)

	pages = list_page_texts(download_content(api(), report, "pdf", filters={"status": "Open"}))

	assert len(pages) > 1
	assert report in pages[0]
	assert "Status of Lead: Open" in pages[0]
	assert frappe.utils.formatdate(frappe.utils.nowdate()) in pages[0]
	assert f"1 / {len(pages)}" in pages[0]
	assert f"{len(pages)} / {len(pages)}" in pages[-1]
	assert sum(page.count("Row number") for page in pages) == 90


def test_a_pdf_is_on_the_letter_head_of_the_report(api):
	letter_head = factories.make_record(
		"Letter Head",
		letter_head_name=factories.make_unique("Letter Head"),
		source="HTML",
		content="<b>Harbor Wellness, Quay 1</b>",
		footer="Registered in Galway",
	)
	letter_head.db_set("is_default", 0, commit=True)  # the first one of a site becomes its default
	report = make_query_report("select 1 as `One:Int:80`", letter_head=letter_head.name)

	text = " ".join(list_page_texts(download_content(api(), report, "pdf")))

	assert "Harbor Wellness, Quay 1" in text
	assert "Registered in Galway" in text


def test_a_pdf_reaches_no_other_address(api):
	report = make_query_report("select '<img src=\"http://127.0.0.1:9/x.png\">seen' as `Name::120`")

	assert "seen" in list_page_texts(download_content(api(), report, "pdf"))[0]


def test_texts_that_look_like_formulas_stay_texts_in_a_spreadsheet(api, formulas):
	sheet, _about = list_sheets(download_content(api(), formulas, "xlsx"))

	column = [row[0] for row in sheet.iter_rows(min_row=2)]
	assert [cell.data_type for cell in column] == ["s"] * len(FORMULAS)
	assert [cell.value.replace("_x000D_", "\r") for cell in column] == list(FORMULAS)
	assert all(cell.quotePrefix for cell in column)
	assert [row[1].value for row in sheet.iter_rows(min_row=2)] == [-5] * len(FORMULAS)


def test_texts_that_look_like_formulas_are_escaped_in_csv_and_numbers_are_not(api, formulas):
	rows = parse_csv(download_content(api(), formulas, "csv"))

	assert rows[1:] == [[f"'{text}", "-5"] for text in FORMULAS]


def test_a_heading_or_a_filter_is_no_formula_either(api):
	report = make_query_report(
		"select %(who)s as `=Name::120`",
		filters=[{"fieldname": "who", "label": "Who", "fieldtype": "Data"}],
	)

	rows = parse_csv(download_content(api(), report, "csv", filters={"who": "=2"}))
	sheet, about = list_sheets(download_content(api(), report, "xlsx", filters={"who": "=2"}))

	assert rows == [["'=Name"], ["'=2"]]
	assert (sheet["A1"].data_type, about["B3"].data_type) == ("s", "s")
	assert [cell.value for cell in about[3]] == ["Who", "=2"]


def test_a_builder_report_becomes_a_file_with_the_columns_labels(api):
	company = factories.make_unique("Company")
	leads = [
		factories.make_lead(lead_name=f"{letter} {company}", company_name=company, status="Open")
		for letter in "BA"
	]
	report = make_builder_report(company_name=company)
	caller = factories.make_user("Sales User").name

	rows = parse_csv(download_content(api(caller), report, "csv", filters=[["status", "=", "Open"]]))

	assert rows == [
		["ID", "Full Name", "Status"],
		[leads[1].name, leads[1].lead_name, "Open"],
		[leads[0].name, leads[0].lead_name, "Open"],
	]


def test_a_custom_report_has_its_own_columns_and_filters(api):
	lead = factories.make_lead(status="Open")
	today = frappe.utils.nowdate()
	filters = {"company": factories.get_company(), "from_date": today, "to_date": today}
	columns = [{"fieldname": "lead_name", "label": "Who", "fieldtype": "Data", "width": 100}]
	report = make_report(
		"Custom Report",
		reference_report="Lead Details",
		json=json.dumps({"columns": columns, "filters": filters}),
	)

	rows = parse_csv(download_content(api(), report, "csv"))
	later = parse_csv(
		download_content(api(), report, "csv", filters={"from_date": "2001-01-01", "to_date": "2001-01-02"})
	)

	assert rows[0] == ["Who"]
	assert [lead.lead_name] in rows
	assert later == [["Who"]]


def test_arabic_hebrew_and_chinese_are_in_the_pdf_and_in_the_spreadsheet(api):
	words = {"arabic": "مرحبا بالعالم", "hebrew": "שלום עולם", "chinese": "北京客户"}
	report = make_query_report(
		"select " + ", ".join(f"'{text}' as `{name}::120`" for name, text in words.items())
	)

	sheet, _about = list_sheets(download_content(api(), report, "xlsx"))
	text = list_page_texts(download_content(api(), report, "pdf"))[0]

	assert list_cells(sheet)[1] == list(words.values())
	assert "שלום" in text
	assert {"مرحبا", "بالعالم"} <= set(re.findall(r"مرحبا|بالعالم", text))
	assert ("北京客户" in text) == has_font("zh")  # if there is none, the doctor reports it


def test_a_page_for_readers_from_right_to_left_runs_that_way(api):
	client = api()
	client.headers["Accept-Language"] = "ar"
	report = make_query_report("select 'مرحبا 12' as `Name::120`, 5 as `Number:Int:80`")

	page = download_content(client, report, "html").decode()
	sheet, _about = list_sheets(download_content(client, report, "xlsx"))

	assert '<html lang="ar" dir="rtl">' in page
	assert '<td dir="auto">مرحبا 12</td>' in page
	assert sheet.sheet_view.rightToLeft


def test_a_report_without_rows_is_a_file_with_its_heading(api):
	report = make_query_report("select name as `Name::120` from tabLead where name = 'nobody'")
	client = api()

	data = generate_report(client, report, "csv")

	assert data["row_count"] == 0
	assert parse_csv(client.request("GET", data["file_url"]).content) == [["Name"]]
