"""A report as a PDF by the site's own engine: the page of report_page on its letter head, its pages numbered."""

from io import BytesIO
from itertools import islice
from pathlib import Path
from urllib.parse import urlparse

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

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
	total = len(writer.pages)
	for number, page in enumerate(writer.pages, start=1):
		stamp(page, f"{number} / {total}")
	writer.add_metadata({"/Title": title})
	target = BytesIO()
	writer.write(target)
	return target.getvalue()


def stamp(page: PageObject, text: str) -> None:
	"""Write `text`, digits, at the middle of the page's foot."""
	width, height = float(page.mediabox.width), float(page.mediabox.height)
	left = width / 2 - DIGIT_WIDTH * len(text)
	layer = PageObject.create_blank_page(width=width, height=height)
	font = DictionaryObject(
		{
			NameObject("/Type"): NameObject("/Font"),
			NameObject("/Subtype"): NameObject("/Type1"),
			NameObject("/BaseFont"): NameObject("/Helvetica"),
		}
	)
	fonts = DictionaryObject({NameObject("/Number"): font})
	layer[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
	stream = DecodedStreamObject()
	stream.set_data(f"BT /Number {NUMBER_SIZE} Tf {left:.1f} {NUMBER_HEIGHT} Td ({text}) Tj ET".encode())
	layer[NameObject("/Contents")] = stream
	page.merge_page(layer)
