"""A report as a PDF by Typst: column headings on every page, no row split between pages, on the report's
letter head.

Typst needs 20 kB for each cell, so a long table is laid out in parts, each by a process that ends with it. A
part begins with the row that would stand alone on the last page of the part before, so that no page is half
empty.
"""

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pypdf import PageObject, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, IndirectObject, NameObject

import frappe
from frappe import _
from frappe.utils.jinja_globals import is_rtl

from orchestrator.exceptions import ReportExecutionError, refuse
from orchestrator.insights.reports.content import letter_head
from orchestrator.insights.reports.content.cells import format_cell, unescape_text
from orchestrator.insights.reports.content.front import build_front
from orchestrator.insights.reports.content.report_table import Row, Table
from orchestrator.insights.reports.content.title_page import TitlePage
from orchestrator.insights.reports.formats import pdf_columns, pdf_engine, typst_process
from orchestrator.insights.reports.formats.pdf_columns import ColumnLayout

MAX_ROWS = 5_000
MAX_PART_CELLS = 8_000
MIN_PART_ROWS = 150
TALL_TEXT = 1_500  # characters; a row with a longer text may be on two pages
RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
CONTROL_CHARACTERS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
LONG_WORD = re.compile(r"\S{18,}")
ZERO_WIDTH_SPACE = "\u200b"  # break opportunity in a long word
WORD_PART = 12
FONT_NAME = "/PageNumber"
FONT = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
NUMBER_SIZE = 8
NUMBER_HEIGHT = 20  # above the lower edge, in points
DIGIT_WIDTH = 0.25 * NUMBER_SIZE  # half the width of a digit in Helvetica


@dataclass(frozen=True)
class PdfReport:
	"""The data shared by all parts of a report: its texts, and its rows as texts."""

	folder: Path
	common: dict[str, Any]
	first: dict[str, Any]
	rows: list[list[str]]
	total: list[str]


def write_pdf(path: Path, table: Table, title: TitlePage) -> None:
	"""Write the table as a PDF. 422 if it has too many rows to be laid out."""
	rows = list(islice(table.rows, MAX_ROWS + 1))
	if len(rows) > MAX_ROWS:
		refuse(
			_("A PDF can contain at most {0} rows. Narrow the filters, or choose xlsx, csv or html.").format(
				MAX_ROWS
			),
			ReportExecutionError,
		)
	with pdf_engine.open_work_folder() as folder:
		layout = pdf_columns.compute_layout(folder, table, rows)
		report = _build_data(folder, table, title, rows, layout)
		writer = PdfWriter()
		_render_pages(report, writer)
		_add_page_numbers(writer)
		writer.add_metadata({"/Title": title.heading})
		writer.write(path)


def _build_data(
	folder: Path, table: Table, title: TitlePage, rows: list[Row], layout: ColumnLayout
) -> PdfReport:
	"""Return all content as texts."""
	texts = [_list_texts(table, row) for row in rows]
	total = [] if table.total is None else _list_texts(table, table.total)
	first = build_front(table, title, _clean_text)
	head, foot = letter_head.render_letter_head(title.letter_head, layout.landscape)
	common = {
		"title": _clean_text(title.heading),
		"lang": frappe.local.lang.split("-")[0],
		"direction": "rtl" if is_rtl() else "ltr",
		"landscape": layout.landscape,
		"size": layout.size,
		"widths": layout.widths,
		"numbers": [column.is_number for column in table.columns],
		"head": [_clean_text(column.label) for column in table.columns],
		"has_rtl": bool(RTL.search(str((texts, total, first, [column.label for column in table.columns])))),
		"tall": TALL_TEXT,
		"footer": _write_content(folder, "footer.pdf", foot),
	}
	return PdfReport(
		folder, common, {**first, "letter_head": _write_content(folder, "head.pdf", head)}, texts, total
	)


def _write_content(folder: Path, name: str, content: bytes | None) -> str | None:
	"""Write the content to a file and return its name, None if there is no content."""
	if content is None:
		return None
	(folder / name).write_bytes(content)
	return name


def _list_texts(table: Table, row: Row) -> list[str]:
	"""Return a row's cells as a page shows them."""
	return [_clean_text(format_cell(column, row)) for column in table.columns]


def _clean_text(text: str) -> str:
	"""Return text without control characters, with break opportunities in long words."""
	return LONG_WORD.sub(_break_word, unescape_text(text).translate(CONTROL_CHARACTERS))


def _break_word(match: re.Match[str]) -> str:
	word = match[0]
	return ZERO_WIDTH_SPACE.join(word[at : at + WORD_PART] for at in range(0, len(word), WORD_PART))


def _render_pages(report: PdfReport, writer: PdfWriter) -> None:
	"""Add the report's pages, part by part."""
	size = max(MAX_PART_CELLS // max(len(report.common["head"]), 1), MIN_PART_ROWS)
	start = 0
	while True:
		part = report.rows[start : start + size]
		is_last = start + len(part) == len(report.rows)
		result = pdf_engine.compile_document(
			report.folder,
			"report",
			{
				**report.common,
				**report.first,
				"first": start == 0,
				"last": is_last,
				"rows": part,
				"total": report.total if is_last else [],
			},
		)
		keeps_all = is_last or not result["row"]
		pages = result["pages"] if keeps_all else result["pages"] - 1
		writer.append(report.folder / typst_process.PDF, pages=(0, pages), import_outline=False)
		if is_last:
			return
		start += len(part) if keeps_all else result["row"]


def _add_page_numbers(writer: PdfWriter) -> None:
	"""Write "2 / 5" at the foot of each page. The number of pages is known only after the last part is laid
	out.
	"""
	font = writer._add_object(
		DictionaryObject({NameObject(key): NameObject(value) for key, value in FONT.items()})
	)
	total = len(writer.pages)
	for number, page in enumerate(writer.pages, start=1):
		_add_number(writer, page, font, f"{number} / {total}")


def _add_number(writer: PdfWriter, page: PageObject, font: IndirectObject, text: str) -> None:
	"""Write `text`, digits, at the centre of the page's foot, in a separate stream."""
	left = float(page.mediabox.width) / 2 - DIGIT_WIDTH * len(text)
	content = f"Q BT {FONT_NAME} {NUMBER_SIZE} Tf {left:.1f} {NUMBER_HEIGHT} Td ({text}) Tj ET"
	fonts = page["/Resources"].setdefault(NameObject("/Font"), DictionaryObject())  # type: ignore[attr-defined]
	fonts.get_object()[NameObject(FONT_NAME)] = font
	own = page.raw_get("/Contents")
	streams = own if isinstance(own, ArrayObject) else [own]
	page[NameObject("/Contents")] = ArrayObject(
		[_build_stream(writer, "q"), *streams, _build_stream(writer, content)]
	)


def _build_stream(writer: PdfWriter, operators: str) -> IndirectObject:
	"""Return a stream of the document."""
	content = DecodedStreamObject()
	content.set_data(operators.encode())
	return writer._add_object(content)
