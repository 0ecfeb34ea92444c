"""How a table is laid out on paper: the width of each column, and letters small enough for all of them.

The engine is told the widths, because each row is a table of its own to it. They are shared out as a browser would: each
column gets what its longest word needs, and what is left goes to those with long texts."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.insights.cells import for_people
from orchestrator.insights.report_table import Column, Row, Table

UPRIGHT_COLUMNS = 6  # with more of them the page is turned
UPRIGHT_PIXELS, TURNED_PIXELS = (
	880,
	1310,
)  # that the engine reckons for the width of an A4 page within its margins
FONT_SIZES = (12.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0)
HEADING_COLOR = "#f4f5f7"  # of nothing else on the page, so that the heading is found by it
LOOKED_AT = 300  # rows; what is longer in one of the others is broken
# In widths of the letter m (em): a usual letter, a wide one as in Chinese, what a bold one has more, a cell's padding.
LETTER, WIDE_LETTER, BOLD, PADDING = 0.6, 1.0, 1.1, 1.0
LONGEST_WORD, LONGEST_TEXT = 18.0, 45.0
WIDE = frozenset("WF")


@dataclass(frozen=True)
class Layout:
	"""Widths in percent of the table's, the size of its letters in the engine's pixels."""

	widths: list[float]
	font_size: float
	orientation: str
	heading_color: str = HEADING_COLOR


@dataclass(frozen=True)
class Need:
	"""What a column needs, in em: for its longest word, and for its longest text in one line."""

	least: float
	most: float


def of(table: Table, rows: Sequence[Row]) -> Layout:
	"""The layout of the table's columns with these rows."""
	seen = [*rows[:: len(rows) // LOOKED_AT + 1], *([] if table.total is None else [table.total])]
	needs = [need_of(column, [for_people(column, row) for row in seen]) for column in table.columns]
	is_upright = len(needs) <= UPRIGHT_COLUMNS
	pixels = UPRIGHT_PIXELS if is_upright else TURNED_PIXELS
	least = sum(need.least for need in needs)
	size = next((size for size in FONT_SIZES if least * size <= pixels), FONT_SIZES[-1])
	return Layout(shares(needs, pixels / size), size, "Portrait" if is_upright else "Landscape")


def need_of(column: Column, texts: Iterable[str]) -> Need:
	"""What a column with these texts needs. A number is not broken."""
	least, most = 0.0, 0.0
	for text, factor in [(column.label, BOLD), *((text, 1.0) for text in texts)]:
		whole = width_of(text) * factor
		words = [text] if column.is_number and factor == 1.0 else text.split()
		least = max(least, *(width_of(word) * factor for word in words), 0.0)
		most = max(most, whole)
	return Need(min(least, LONGEST_WORD) + PADDING, min(max(least, most), LONGEST_TEXT) + PADDING)


def width_of(text: str) -> float:
	"""About how wide a text is, in em."""
	if text.isascii():
		return len(text) * LETTER
	return sum(WIDE_LETTER if unicodedata.east_asian_width(letter) in WIDE else LETTER for letter in text)


def shares(needs: Sequence[Need], there: float) -> list[float]:
	"""The columns' widths in percent, where so many em are there."""
	left = there - sum(need.least for need in needs)
	wanted = sum(need.most - need.least for need in needs)
	part = min(left / wanted, 1.0) if left > 0 and wanted else 0.0
	widths = [need.least + part * (need.most - need.least) for need in needs]
	return [round(100 * width / sum(widths), 3) for width in widths]
