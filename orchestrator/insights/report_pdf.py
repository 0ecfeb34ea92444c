"""A report as a PDF by the site's own engine: the page of report_page on its letter head, the columns' heading on every
page, its pages numbered."""

from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, IndirectObject, NameObject

import frappe
from frappe import _
from frappe.utils import get_url
from frappe.utils.pdf import get_pdf

from orchestrator.exceptions import ReportFailed, refuse
from orchestrator.insights import pdf_heading, pdf_layout, report_page
from orchestrator.insights.pdf_heading import Heading
from orchestrator.insights.pdf_layout import Layout
from orchestrator.insights.report_table import Table
from orchestrator.insights.title_page import TitlePage

# The engine holds the whole page in memory and needs a minute for so many rows.
MOST_ROWS = 5_000
NO_MARGIN = "0"
TOP_MM = 12.0  # of the page, above the heading
FONT_NAME = "/PageNumber"
FONT = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
NUMBER_SIZE = 8
NUMBER_HEIGHT = 20  # above the lower edge, in points
DIGIT_WIDTH = 0.25 * NUMBER_SIZE  # half of what a digit of Helvetica takes


def write(path: Path, table: Table, title: TitlePage) -> None:
	"""Print the table. 422 where it has more rows than can be printed."""
	rows = list(islice(table.rows, MOST_ROWS + 1))
	if len(rows) > MOST_ROWS:
		refuse(
			_("A PDF holds no more than {0} rows. Narrow the filters, or ask for xlsx, csv or html.").format(
				MOST_ROWS
			),
			ReportFailed,
		)
	layout, around = pdf_layout.of(table, rows), surroundings(title)
	heading = print_heading(table, title, layout, around) if len(rows) > 1 else None
	table.rows = iter(rows)
	top_mm = TOP_MM + (heading.height_mm if heading else 0)
	path.write_bytes(
		completed(print_page(table, title, layout, top_mm=top_mm, **around), title.title, heading)
	)


def surroundings(title: TitlePage) -> dict[str, Any]:
	"""What the page takes beside the table."""
	head, foot = letter_head(title.letter_head)
	return {"margin": NO_MARGIN, "letter_head": head, "footer": foot}


def print_heading(table: Table, title: TitlePage, layout: Layout, around: dict[str, Any]) -> Heading | None:
	"""The heading alone, where it stands on each page but the first. What is around the table is there and not seen: the
	engine makes all of a page smaller where one part of it is too wide."""
	alone = replace(table, rows=iter(()), total=None)
	return pdf_heading.read(print_page(alone, title, layout, heading_only=True, top_mm=TOP_MM, **around))


def print_page(table: Table, title: TitlePage, layout: Layout, **more: Any) -> bytes:
	"""The page as the engine prints it."""
	html = "".join(report_page.pieces(table, title, layout=layout, **more))
	return get_pdf(html, options_of(layout.orientation))


def options_of(orientation: str) -> dict[str, str]:
	"""Frappe's own options for a report. No address but the site's own is reachable for what the page names."""
	return {
		"orientation": orientation,
		"proxy": "http://0.0.0.0:0",
		"bypass-proxy-for": str(urlparse(get_url(allow_header_override=False)).hostname),
		"load-error-handling": "ignore",
		"load-media-error-handling": "ignore",
	}


def letter_head(name: str | None) -> tuple[str | None, str | None]:
	"""Head and foot of a Letter Head, rendered."""
	found = name and frappe.db.get_value("Letter Head", name, ["content", "footer"], as_dict=True)
	if not found:
		return None, None
	head, foot = (
		frappe.render_template(part, {"doc": frappe._dict()}) if part else None
		for part in (found.content, found.footer)
	)
	return head, foot


def completed(content: bytes, title: str, heading: Heading | None) -> bytes:
	"""The document with what the engine prints only where it was built with a Qt of its own, which no distribution does: the
	heading on each page with rows, the number of each page and of all at its foot."""
	writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
	font = writer._add_object(
		DictionaryObject({NameObject(key): NameObject(value) for key, value in FONT.items()})
	)
	form = pdf_heading.add_form(writer, heading) if heading else None
	total = len(writer.pages)
	for number, page in enumerate(writer.pages, start=1):
		repeated = form if form is not None and pdf_heading.is_missing(page) else None
		stamp(writer, page, font, f"{number} / {total}", repeated)
	writer.add_metadata({"/Title": title})
	target = BytesIO()
	writer.write(target)
	return target.getvalue()


def stamp(
	writer: PdfWriter, page: PageObject, font: IndirectObject, text: str, heading: IndirectObject | None
) -> None:
	"""Write `text`, digits, at the middle of the page's foot, and show the heading at its top. Each is a stream of its own
	beside the page's: merged with it, as pypdf does, the page's would be unpacked, and the document thirty times as large."""
	left = float(page.mediabox.width) / 2 - DIGIT_WIDTH * len(text)
	words = f"Q BT {FONT_NAME} {NUMBER_SIZE} Tf {left:.1f} {NUMBER_HEIGHT} Td ({text}) Tj ET"
	before = "q"
	resource(page, "/Font", FONT_NAME, font)
	if heading is not None:
		before = f"q {pdf_heading.NAME} Do Q q"
		resource(page, "/XObject", pdf_heading.NAME, heading)
	own = page.raw_get("/Contents")
	streams = own if isinstance(own, ArrayObject) else [own]
	page[NameObject("/Contents")] = ArrayObject([stream(writer, before), *streams, stream(writer, words)])


def resource(page: PageObject, kind: str, name: str, what: IndirectObject) -> None:
	"""Name a font or a form on the page."""
	named = page["/Resources"].setdefault(NameObject(kind), DictionaryObject())  # type: ignore[attr-defined]
	named.get_object()[NameObject(name)] = what


def stream(writer: PdfWriter, operators: str) -> IndirectObject:
	"""A stream of the document."""
	content = DecodedStreamObject()
	content.set_data(operators.encode())
	return writer._add_object(content)
