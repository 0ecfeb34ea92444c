"""The content above the table of a report."""

from collections.abc import Callable
from typing import Any

import frappe
from frappe.utils import fmt_money

from orchestrator.insights.reports.content import html_text, report_chart
from orchestrator.insights.reports.content.cells import format_cell, to_text
from orchestrator.insights.reports.content.report_table import Column, Table
from orchestrator.insights.reports.content.title_page import TitlePage


def build_front(table: Table, title: TitlePage, clean: Callable[[str], str]) -> dict[str, Any]:
	"""Return time, filters, figures, message and chart. `clean` prepares each text for the format."""
	return {
		"made": clean(title.made_line),
		"filters": [(clean(label), clean(value)) for label, value in title.filters],
		"figures": [(clean(to_text(item["label"])), clean(_render_figure(item))) for item in table.summary],
		"message": clean(html_text.to_text(table.message or "")),
		"chart": report_chart.render_svg(table.chart),
	}


def _render_figure(item: dict[str, Any]) -> str:
	"""Return a figure of the report's summary as text."""
	value, kind = item.get("value"), item.get("datatype") or item.get("type")
	if not isinstance(value, int | float):
		return to_text(value)
	if kind == "Currency":
		return fmt_money(value, currency=item.get("currency") or frappe.db.get_default("currency"))
	return format_cell(Column("value", "", kind or "Float", None, 0), [value])
