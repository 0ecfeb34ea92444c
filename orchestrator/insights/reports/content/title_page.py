"""The particulars of a report in its file: its name, the filters, the time, and the user for whom it was
made.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.report.report import Report
from frappe.utils import format_datetime, get_fullname

from orchestrator import clock
from orchestrator.insights.reports.content.cells import to_text


@dataclass(frozen=True)
class TitlePage:
	"""The particulars of a run. `filters` are worded for people, `conditions` are those that the report got."""

	report_name: str
	generated_at: datetime.datetime
	generated_by: str
	conditions: Any
	filters: list[tuple[str, str]]
	letter_head: str | None

	@property
	def heading(self) -> str:
		return _(self.report_name)

	@property
	def made_line(self) -> str:
		"""The time of the report, and the user for whom it was made."""
		return _("{0} by {1}").format(format_datetime(self.generated_at), self.generated_by)


def build_title_page(report_name: str, report: Report, conditions: Any) -> TitlePage:
	"""Return the title page of a run by the caller, now."""
	return TitlePage(
		report_name=report_name,
		generated_at=clock.get_now_to_second(),
		generated_by=get_fullname(frappe.session.user),
		conditions=conditions,
		filters=list(_list_filters(report, conditions)),
		letter_head=_find_letter_head(report, conditions),
	)


def _list_filters(report: Report, conditions: Any) -> Iterator[tuple[str, str]]:
	"""Yield label and value of each filter that is set."""
	if isinstance(conditions, dict):
		labels = {row.fieldname: row.label for row in report.filters}
		for fieldname, value in conditions.items():
			if value not in (None, "", [], 0):
				yield _(labels.get(fieldname) or frappe.unscrub(fieldname)), _render_value(value)
		return
	meta = frappe.get_meta(report.ref_doctype)
	for condition in conditions or []:
		fieldname, operator, value = condition[-3:]
		yield (
			_(meta.get_label(fieldname)),
			f"{operator} {_render_value(value)}" if operator != "=" else _render_value(value),
		)


def _render_value(value: Any) -> str:
	"""Return a filter's value as text."""
	if isinstance(value, list | tuple):
		return ", ".join(to_text(item) for item in value)
	return to_text(value)


def _find_letter_head(report: Report, conditions: Any) -> str | None:
	"""Return the letter head: the report's own, that of the company in its filters, or the site's."""
	company = conditions.get("company") if isinstance(conditions, dict) else None
	of_company = company and frappe.db.get_value("Company", company, "default_letter_head")
	return (
		report.letter_head
		or of_company
		or frappe.db.get_value("Letter Head", {"is_default": 1, "disabled": 0})
	)
