"""The heading of a table on each page of a PDF. The engine, as distributions build it, prints it on the first one alone.

So it is printed once more, on a page of its own, whose part with the heading is laid over each later page, at the
top, where the margin leaves room for it. The columns have the same widths on both (see pdf_layout)."""

import re
from dataclasses import dataclass
from io import BytesIO

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
	ArrayObject,
	ContentStream,
	DecodedStreamObject,
	FloatObject,
	IndirectObject,
	NameObject,
)

from orchestrator.insights.pdf_layout import HEADING_COLOR

Matrix = tuple[float, float, float, float, float, float]

UNMOVED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
POINTS_A_MM = 72 / 25.4
NAME = "/TableHeading"
CELL_COLOR = "#d1d8dd"  # of the lines around cells, by which a page with rows is known
PLACES = 3  # of a colour's parts that are compared
MOST_OF_PAGE = 0.4


def shares(color: str) -> list[float]:
	"""Red, green and blue of a colour, each from 0 to 1."""
	return [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def written(color: str) -> re.Pattern[bytes]:
	"""Finds a colour in what is painted, however many digits it has there."""
	return re.compile(rb"\d* ".join(rb"%.5f" % (int(share * 1e5) / 1e5) for share in shares(color)))


CELLS, HEADINGS = written(CELL_COLOR), written(HEADING_COLOR)


@dataclass(frozen=True)
class Heading:
	"""A page with nothing but the heading, which lies between `bottom` and `top`, in points."""

	page: PageObject
	bottom: float
	top: float

	@property
	def height_mm(self) -> float:
		return (self.top - self.bottom) / POINTS_A_MM


def read(content: bytes) -> Heading | None:
	"""The heading on a page that was printed for it. None where there is none, or one that would fill half the page."""
	page = PdfReader(BytesIO(content)).pages[0]
	edges = [edge for found in painted(page, HEADING_COLOR) for edge in found]
	if not edges or max(edges) - min(edges) > MOST_OF_PAGE * float(page.mediabox.height):
		return None
	return Heading(page, min(edges), max(edges))


def painted(page: PageObject, color: str) -> list[tuple[float, float]]:
	"""Lower and upper edge of each rectangle of this colour on the page."""
	matrix, saved, is_it, edges = UNMOVED, [], False, []
	wanted = [round(share, PLACES) for share in shares(color)]
	for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
		if operator == b"q":
			saved.append((matrix, is_it))
		elif operator == b"Q":
			matrix, is_it = saved.pop()
		elif operator == b"cm":
			matrix = multiplied(tuple(float(value) for value in operands), matrix)
		elif operator in (b"scn", b"sc", b"rg"):
			is_it = [round(float(value), PLACES) for value in operands] == wanted
		elif operator == b"re" and is_it:
			left, low, _width, height = (float(value) for value in operands)
			ends = [left * matrix[1] + y * matrix[3] + matrix[5] for y in (low, low + height)]
			edges.append((min(ends), max(ends)))
	return edges


def multiplied(one: tuple[float, ...], other: Matrix) -> Matrix:
	"""The matrix that moves as `one` does within `other`."""
	a, b, c, d, e, f = one
	return (
		a * other[0] + b * other[2],
		a * other[1] + b * other[3],
		c * other[0] + d * other[2],
		c * other[1] + d * other[3],
		e * other[0] + f * other[2] + other[4],
		e * other[1] + f * other[3] + other[5],
	)


def add_form(writer: PdfWriter, heading: Heading) -> IndirectObject:
	"""The heading as a part of the document that its pages show."""
	contents = heading.page.get_contents()
	plain = DecodedStreamObject()
	plain.set_data(contents.get_data() if contents is not None else b"")
	form = plain.flate_encode()
	width = heading.page.mediabox.width
	form.update(
		{
			NameObject("/Type"): NameObject("/XObject"),
			NameObject("/Subtype"): NameObject("/Form"),
			NameObject("/BBox"): ArrayObject(
				FloatObject(value) for value in (0, heading.bottom - 1, width, heading.top + 1)
			),
			NameObject("/Resources"): heading.page["/Resources"].clone(writer),
		}
	)
	return writer._add_object(form)


def is_missing(page: PageObject) -> bool:
	"""True for a page with rows and without their heading."""
	contents = page.get_contents()
	text = contents.get_data() if contents is not None else b""
	return bool(CELLS.search(text)) and not HEADINGS.search(text)
