"""A report as a self-contained HTML page: no script, no external style sheet or image."""

from pathlib import Path
from typing import Any

import frappe
from frappe.utils import escape_html
from frappe.utils.jinja_globals import is_rtl

from orchestrator.insights.reports.content.cells import format_cell
from orchestrator.insights.reports.content.front import build_front
from orchestrator.insights.reports.content.report_table import Column, Row, Table
from orchestrator.insights.reports.content.title_page import TitlePage

TEMPLATE = "orchestrator/templates/report_page.html"


def write_html(path: Path, table: Table, title: TitlePage) -> None:
	"""Write the page piece by piece, so that the memory does not grow with the rows."""
	with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
		file.writelines(frappe.get_template(TEMPLATE).generate(_build_context(table, title)))


def _build_context(table: Table, title: TitlePage) -> dict[str, Any]:
	"""Return the template's data, escaped."""
	start, end = ("right", "left") if is_rtl() else ("left", "right")
	return {
		"lang": frappe.local.lang,
		"direction": "rtl" if is_rtl() else "ltr",
		"start": start,
		"end": end,
		"title": title.heading,
		"heading": escape_html(title.heading),
		**build_front(table, title, escape_html),
		"headings": [_render_heading(column) for column in table.columns],
		"rows": (_render_row(table, row) for row in table.rows),
		"total": None if table.total is None else _render_row(table, table.total),
	}


def _render_heading(column: Column) -> str:
	"""Return the heading of a column."""
	return (
		f'<th class="number">{escape_html(column.label)}</th>'
		if column.is_number
		else f"<th>{escape_html(column.label)}</th>"
	)


def _render_row(table: Table, row: Row) -> str:
	"""Return the cells of a row."""
	return "".join(_render_cell(column, format_cell(column, row)) for column in table.columns)


def _render_cell(column: Column, text: str) -> str:
	"""Return a cell, whose text direction is that of its first letter."""
	if column.is_number:
		return f'<td class="number">{escape_html(text)}</td>'
	return (
		f'<td dir="auto">{escape_html(text)}</td>' if not text.isascii() else f"<td>{escape_html(text)}</td>"
	)
