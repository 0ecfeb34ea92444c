"""PDFs that are laid out in several parts, with odd rows, and with other fonts."""

import io
import re
from datetime import datetime

import pytest
from pypdf import PdfReader

from orchestrator.insights.reports.content.report_table import Column, Table
from orchestrator.insights.reports.content.title_page import TitlePage
from orchestrator.insights.reports.formats import pdf_engine, report_pdf

LABELS = ("Client", "Days", "Remarks", "City", "Street", "Status")
TITLE = TitlePage("Long Report", datetime(2025, 2, 19), "Ann", {}, [("Status", "Open")], None)


def build_columns(labels):
	return [
		Column(label, label, "Int" if label == "Days" else "Data", None, place)
		for place, label in enumerate(labels)
	]


def list_page_texts(tmp_path, rows, labels=LABELS, **values):
	path = tmp_path / "report.pdf"
	report_pdf.write_pdf(path, Table(build_columns(labels), iter(rows), **values), TITLE)
	reader = PdfReader(io.BytesIO(path.read_bytes()))
	return [" ".join(page.extract_text().replace("\u200b", "").split()) for page in reader.pages]


def build_rows(count):
	return [
		[f"begin{number}", number, "words " * (number % 7), "Cork", "Quay", f"end{number}"]
		for number in range(count)
	]


def list_numbers(pages, word):
	return [int(number) for page in pages for number in re.findall(rf"{word}(\d+)", page)]


def test_a_report_of_several_parts_has_every_row_once_and_full_pages(frappe_site, tmp_path, monkeypatch):
	whole = list_page_texts(tmp_path, build_rows(700), total=["Sum", 1, "", "", "", ""])
	monkeypatch.setattr(report_pdf, "MAX_PART_CELLS", 1200)

	pages = list_page_texts(tmp_path, build_rows(700), total=["Sum", 1, "", "", "", ""])

	assert list_numbers(pages, "begin") == list_numbers(pages, "end") == list(range(700))
	assert len(pages) == len(whole) > 5
	assert [all(label in page for label in LABELS) for page in pages] == [True] * len(pages)
	assert [re.search(r"(\d+ / \d+)$", page)[1] for page in pages] == [
		f"{number} / {len(pages)}" for number in range(1, len(pages) + 1)
	]
	assert ["Long Report" in page for page in pages] == [True] + [False] * (len(pages) - 1)
	assert ["Sum" in page for page in pages] == [False] * (len(pages) - 1) + [True]


@pytest.mark.parametrize("count", [0, 1, 149, 150, 151, 300])
def test_the_number_of_rows_makes_no_difference(frappe_site, tmp_path, monkeypatch, count):
	monkeypatch.setattr(report_pdf, "MAX_PART_CELLS", 1)

	pages = list_page_texts(tmp_path, build_rows(count))

	assert list_numbers(pages, "begin") == list_numbers(pages, "end") == list(range(count))
	assert all("Client" in page for page in pages)


@pytest.mark.parametrize("fonts", [["Libertinus Serif"], ["WenQuanYi Zen Hei"], ["No Such Font"]])
def test_a_report_is_complete_in_other_fonts(frappe_site, tmp_path, monkeypatch, fonts):
	monkeypatch.setattr(pdf_engine, "FONTS", fonts)

	pages = list_page_texts(tmp_path, build_rows(200))

	assert list_numbers(pages, "begin") == list_numbers(pages, "end") == list(range(200))
	assert [all(label in page for label in LABELS) for page in pages] == [True] * len(pages)


@pytest.mark.parametrize(
	"text",
	[
		"x" * 5000,
		"word " * 3000,
		"line\n" * 200,
		"a\x00b\x07c",
		"مرحبا بالعالم " * 100,
		"北京客户" * 300,
		"👩‍👩‍👧 e\u0301 \u202eabc\u202c",
		"\u200b",
		"שלום 123 hello (a)",
		"ทดสอบภาษาไทย" * 20,
	],
)
def test_odd_texts_leave_the_other_rows_alone(frappe_site, tmp_path, text):
	rows = [[f"begin{number}", 1, text if number == 1 else "", "", "", f"end{number}"] for number in range(3)]

	pages = list_page_texts(tmp_path, rows)

	assert list_numbers(pages, "begin") == list_numbers(pages, "end") == [0, 1, 2]


def test_a_table_without_columns_is_a_page_with_its_title(frappe_site, tmp_path):
	assert "Long Report" in list_page_texts(tmp_path, [], labels=())[0]
