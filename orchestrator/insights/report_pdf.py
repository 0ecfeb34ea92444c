"""A report as a PDF by the site's own engine: the page of report_page on its letter head, its pages numbered."""

from io import BytesIO
from itertools import islice
from pathlib import Path
from urllib.parse import urlparse

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, IndirectObject, NameObject

import frappe
from frappe import _
from frappe.utils import get_url
from frappe.utils.pdf import get_pdf

from orchestrator.exceptions import ReportFailed, refuse
from orchestrator.insights import report_page
from orchestrator.insights.report_table import Table
from orchestrator.insights.title_page import TitlePage

# The engine holds the whole page in memory and needs a minute for so many rows.
MOST_ROWS = 5_000
UPRIGHT_COLUMNS = 6  # with more of them the page is turned
MARGIN = "0"
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
	table.rows = iter(rows)
	head, foot = letter_head(title.letter_head)
	html = "".join(report_page.pieces(table, title, margin=MARGIN, letter_head=head, footer=foot))
	orientation = "Portrait" if len(table.columns) <= UPRIGHT_COLUMNS else "Landscape"
	path.write_bytes(numbered(get_pdf(html, options_of(orientation)), title.title))


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


def numbered(content: bytes, title: str) -> bytes:
	"""The document with the number of each page and of all at its foot. The engine numbers pages only where it was
	built with a Qt of its own, which no distribution does."""
	writer = PdfWriter(clone_from=PdfReader(BytesIO(content)))
	font = writer._add_object(
		DictionaryObject({NameObject(key): NameObject(value) for key, value in FONT.items()})
	)
	total = len(writer.pages)
	for number, page in enumerate(writer.pages, start=1):
		stamp(writer, page, font, f"{number} / {total}")
	writer.add_metadata({"/Title": title})
	target = BytesIO()
	writer.write(target)
	return target.getvalue()


def stamp(writer: PdfWriter, page: PageObject, font: IndirectObject, text: str) -> None:
	"""Write `text`, digits, at the middle of the page's foot. It is a stream of its own beside the page's: merged with it,
	as pypdf does, the page's would be unpacked, and the document thirty times as large."""
	left = float(page.mediabox.width) / 2 - DIGIT_WIDTH * len(text)
	words = f"Q BT {FONT_NAME} {NUMBER_SIZE} Tf {left:.1f} {NUMBER_HEIGHT} Td ({text}) Tj ET"
	own = page.raw_get("/Contents")
	streams = own if isinstance(own, ArrayObject) else [own]
	page[NameObject("/Contents")] = ArrayObject([stream(writer, "q"), *streams, stream(writer, words)])
	fonts = page["/Resources"].setdefault(NameObject("/Font"), DictionaryObject())  # type: ignore[attr-defined]
	fonts.get_object()[NameObject(FONT_NAME)] = font


def stream(writer: PdfWriter, operators: str) -> IndirectObject:
	"""A stream of the document."""
	content = DecodedStreamObject()
	content.set_data(operators.encode())
	return writer._add_object(content)
