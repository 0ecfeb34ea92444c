"""Divide the width of a page among the columns of a table, by the width of their texts in the font. Many
columns get a smaller font.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import frappe

from orchestrator.insights.reports.content.cells import format_cell
from orchestrator.insights.reports.content.report_table import Column, Row, Table
from orchestrator.insights.reports.formats import pdf_engine

MAX_UPRIGHT_COLUMNS = 6  # with more columns, the page is landscape
UPRIGHT_POINTS, TURNED_POINTS = 527.0, 774.0  # of an A4 page within its margins
FONT_SIZES = (8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5)
MIN_ONE_LINE_SIZE = 6.5
MAX_SAMPLED_ROWS = 300
MAX_MEASURED = 6  # of the longest words and texts of a column
PADDING_EM = 1.0
MAX_WORD_EM, MAX_TEXT_EM = 14.0, 40.0


@dataclass(frozen=True)
class ColumnNeed:
	"""The width in em that a column needs for its longest word, and for its longest text on one line."""

	least: float
	most: float


@dataclass(frozen=True)
class ColumnLayout:
	"""Relative widths of the columns, and the font size in points."""

	widths: list[float]
	size: float
	landscape: bool


def compute_layout(folder: Path, table: Table, rows: Sequence[Row]) -> ColumnLayout:
	"""Return the layout of the table's columns with these rows, from the widths measured by the engine."""
	sample = [*rows[:: len(rows) // MAX_SAMPLED_ROWS + 1], *([] if table.total is None else [table.total])]
	columns = [
		_list_candidates(column, [format_cell(column, row) for row in sample]) for column in table.columns
	]
	data = {"lang": frappe.local.lang.split("-")[0], "columns": columns}
	measured = pdf_engine.compile_document(folder, "report_widths", data, with_pdf=False)
	needs = [compute_need(least, most) for least, most in measured]
	landscape = len(needs) > MAX_UPRIGHT_COLUMNS
	points = TURNED_POINTS if landscape else UPRIGHT_POINTS
	size = choose_size(needs, points)
	return ColumnLayout(compute_widths(needs, points / size), size, landscape)


def choose_size(needs: Sequence[ColumnNeed], points: float) -> float:
	"""Return the font size: the largest with which each row fits on one line, otherwise with which no word is
	broken.
	"""
	most, least = sum(need.most for need in needs), sum(need.least for need in needs)
	for size in FONT_SIZES:
		if size >= MIN_ONE_LINE_SIZE and most * size <= points:
			return size
	return next((size for size in FONT_SIZES if least * size <= points), FONT_SIZES[-1])


def _list_candidates(column: Column, texts: list[str]) -> dict[str, Any]:
	"""Return the texts of a column that may be its widest. A number is not broken."""
	words = texts if column.is_number else [word for text in texts for word in text.split()]
	return {
		"heading": column.label,
		"heading_words": column.label.split(),
		"words": _select_longest(words),
		"texts": _select_longest(texts),
	}


def _select_longest(texts: list[str]) -> list[str]:
	return sorted(set(texts), key=len, reverse=True)[:MAX_MEASURED]


def compute_need(least: float, most: float) -> ColumnNeed:
	"""Return the need of a column whose longest word and text have these widths in em."""
	least = min(least, MAX_WORD_EM)
	return ColumnNeed(least + PADDING_EM, min(max(least, most), MAX_TEXT_EM) + PADDING_EM)


def compute_widths(needs: Sequence[ColumnNeed], available: float) -> list[float]:
	"""Return the columns' widths in em within the available width: the rest goes to columns with long texts."""
	rest = available - sum(need.least for need in needs)
	stretch = sum(need.most - need.least for need in needs)
	part = min(rest / stretch, 1.0) if rest > 0 and stretch else 0.0
	return [round(need.least + part * (need.most - need.least), 3) for need in needs]
