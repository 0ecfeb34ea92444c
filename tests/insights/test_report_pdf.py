"""PDFs of long and of wide reports: the heading on every page, no row split, no column lost."""

import io
import re

import pytest
from pypdf import PdfReader

import frappe

from orchestrator.insights.reports.formats import pdf_columns
from tests.support import factories
from tests.support.report_factories import download_content, make_query_report

LONG_ROWS, WIDE_ROWS, WIDE_COLUMNS = 110, 40, 26
LABELS = ["Name of the Client", "Days in Care", "Remarks"]


def list_page_texts(content):
	return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def make_report_of(rows, columns, **values):
	"""Create a report with these rows, each a list of SQL values."""
	first, *others = rows
	named = ", ".join(f"{value} as `{column}`" for value, column in zip(first, columns, strict=True))
	union = " union all ".join([f"select {named}", *(f"select {', '.join(row)}" for row in others)])
	return make_query_report(union, **values)


def build_long_rows():
	"""Yield rows, every third of which needs several lines."""
	for number in range(LONG_ROWS):
		remarks = " and ".join(["words"] * (60 if number % 3 == 0 else 1))
		yield [f"'begin{number}'", str(number * 3), f"'{remarks} end{number}'"]


@pytest.fixture(scope="module")
def long_report(frappe_site):
	columns = [f"{LABELS[0]}::160", f"{LABELS[1]}:Int:80", f"{LABELS[2]}::200"]
	return make_report_of(list(build_long_rows()), columns)


@pytest.fixture(scope="module")
def wide_report(frappe_site):
	rows = [
		[f"'value{row}x{column} of some words'" for column in range(WIDE_COLUMNS)] for row in range(WIDE_ROWS)
	]
	return make_report_of(rows, [f"Heading{column}::120" for column in range(WIDE_COLUMNS)])


def test_the_heading_is_on_every_page_of_a_long_report_once(api, long_report):
	pages = list_page_texts(download_content(api(), long_report, "pdf"))

	assert len(pages) > 2
	assert [[page.count(label) for label in LABELS] for page in pages] == [[1, 1, 1]] * len(pages)
	assert all(page.index(LABELS[0]) < page.index("begin") for page in pages)


def test_no_row_of_a_long_report_is_on_two_pages_or_on_none(api, long_report):
	pages = list_page_texts(download_content(api(), long_report, "pdf"))

	begun = [re.findall(r"begin(\d+)", page) for page in pages]
	assert begun == [re.findall(r"end(\d+)", page) for page in pages]
	assert [int(number) for page in begun for number in page] == list(range(LONG_ROWS))


def test_a_wide_report_has_all_its_columns_and_their_headings_on_every_page(api, wide_report):
	content = download_content(api(), wide_report, "pdf")

	pages = list_page_texts(content)
	width = float(PdfReader(io.BytesIO(content)).pages[0].mediabox.width)
	assert len(pages) > 1
	for page in pages:
		assert re.findall(r"Heading(\d+)", page) == [str(column) for column in range(WIDE_COLUMNS)]
	values = re.findall(r"value(\d+)x(\d+)", " ".join(pages))
	assert len(set(values)) == len(values) == WIDE_ROWS * WIDE_COLUMNS
	assert find_rightmost(content) < width


def find_rightmost(content):
	"""Return the position of the rightmost text, in points."""
	found = []
	for page in PdfReader(io.BytesIO(content)).pages:
		page.extract_text(
			visitor_text=lambda text, cm, tm, _font, _size: found.append(
				tm[4] * cm[0] + tm[5] * cm[2] + cm[4] if text.strip() else 0
			)
		)
	return max(found)


def test_the_heading_is_above_its_columns_below_a_wide_letter_head(api, long_report):
	letter_head = factories.make_record(
		"Letter Head",
		letter_head_name=factories.make_unique("Letter Head"),
		source="HTML",
		content='<div style="width: 1500px">Harbor Wellness</div>',
	)
	letter_head.db_set("is_default", 0, commit=True)
	frappe.db.set_value("Report", long_report, "letter_head", letter_head.name)
	frappe.db.commit()
	try:
		content = download_content(api(), long_report, "pdf")
	finally:
		frappe.db.set_value("Report", long_report, "letter_head", None)
		frappe.db.commit()

	pages = list_page_texts(content)
	assert ["Harbor Wellness" in page for page in pages] == [True] + [False] * (len(pages) - 1)


def test_a_report_of_one_page_is_printed_as_it_is(api):
	pages = list_page_texts(
		download_content(api(), make_query_report("select 'Ann' as `Name::120`, 3 as `Visits:Int:80`"), "pdf")
	)

	assert len(pages) == 1
	assert "Name Visits Ann 3" in pages[0]


# Column widths


def test_a_column_needs_its_longest_word_and_an_overlong_one_less():
	padding = pdf_columns.PADDING_EM
	usual, overlong = pdf_columns.compute_need(7, 14), pdf_columns.compute_need(30, 90)

	assert (usual.least, usual.most) == (7 + padding, 14 + padding)
	assert (overlong.least, overlong.most) == (
		pdf_columns.MAX_WORD_EM + padding,
		pdf_columns.MAX_TEXT_EM + padding,
	)


@pytest.mark.parametrize(
	("needs", "size"),
	[
		([(5, 20), (5, 20)], 8.0),
		([(5, 40), (5, 35)], 7.0),
		([(30, 60), (30, 60)], 8.0),
		([(60, 99), (50, 99)], 4.5),
	],
)
def test_letters_are_as_large_as_the_columns_allow(needs, size):
	assert pdf_columns.choose_size([pdf_columns.ColumnNeed(*need) for need in needs], 527) == size


def test_what_is_left_of_a_page_goes_to_the_columns_with_long_texts():
	needs = [pdf_columns.ColumnNeed(10, 10), pdf_columns.ColumnNeed(10, 40), pdf_columns.ColumnNeed(10, 25)]

	assert pdf_columns.compute_widths(needs, 60) == pytest.approx([10, 30, 20])
	assert pdf_columns.compute_widths(needs, 15) == [10, 10, 10]
