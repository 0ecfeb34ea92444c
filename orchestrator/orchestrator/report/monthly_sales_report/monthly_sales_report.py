"""Monthly Sales Report: won and lost opportunities, orders and invoices by month, in one currency.

An opportunity counts in the month in which it was expected to close, otherwise in the month of its date:
ERPNext does not store the day on which it was won. Orders and invoices, less returns, are shown to users who
may read them.
"""

from collections.abc import Iterable
from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from orchestrator import compat
from orchestrator.crm.pipeline import get_company_currency, get_site_currency
from orchestrator.crm.stages import LOST, WON
from orchestrator.insights.reports.content.report_parts import (
	PRECISION,
	Column,
	CurrencyConverter,
	DateRange,
	ReportResult,
	build_bar_chart,
	build_column,
	build_count_columns,
	build_equal_filters,
	build_figure,
	build_link_column,
	compute_percentage,
	list_months,
	parse_date_range,
)

BY = ("expected_closing", "transaction_date", "pipeline_stage", "company", "currency")
SUBMITTED = ["docstatus", "=", 1]
# column beside opportunities -> DocType, and its date field
DOCUMENTS = {"ordered": ("Sales Order", "transaction_date"), "invoiced": ("Sales Invoice", "posting_date")}


def execute(filters: dict[str, Any] | None = None) -> ReportResult:
	"""Return the report for the caller (Frappe's entry point)."""
	filters = filters or {}
	span, converter = parse_date_range(filters), CurrencyConverter(get_currency(filters))
	rows = {month: build_empty_row(month, converter.currency) for month in list_months(span)}
	add_opportunities(rows, read_opportunities(filters), span, converter)
	# orders and invoices have no sales user
	shown = [] if filters.get("opportunity_owner") else [key for key in DOCUMENTS if can_read(key)]
	for key in shown:
		add_documents(rows, key, filters, span, converter)
	table = [finish_row(row) for row in rows.values()]
	return ReportResult(
		build_columns(shown),
		table,
		converter.build_message(),
		build_chart(table),
		build_summary(table, converter.currency),
	)


def get_currency(filters: dict[str, Any]) -> str:
	"""Return the requested currency, otherwise that of the company, otherwise the site's."""
	return filters.get("currency") or get_company_currency(filters.get("company")) or get_site_currency()


def build_empty_row(month: str, currency: str) -> dict[str, Any]:
	"""Return a month without any values."""
	return {
		"month": month,
		"won": 0,
		"won_value": 0.0,
		"lost": 0,
		"ordered": 0.0,
		"invoiced": 0.0,
		"currency": currency,
	}


def can_read(key: str) -> bool:
	"""Return True if the caller may read any such documents."""
	return bool(frappe.has_permission(DOCUMENTS[key][0], "read"))


def read_opportunities(filters: dict[str, Any]) -> list[frappe._dict]:
	"""Return the closed opportunities that the caller may read, added up by day, company and currency."""
	return compat.get_list(
		"Opportunity",
		filters=[
			["pipeline_stage", "in", [WON, LOST]],
			*build_equal_filters(filters, "company", "opportunity_owner"),
		],
		fields=[
			*BY,
			"count(name) as records",
			"sum(opportunity_amount * conversion_rate) as at_rate",
			# a rate of 0 is one that ERPNext did not find when the opportunity was saved
			"sum(opportunity_amount * (conversion_rate = 0)) as without_rate",
		],
		group_by=", ".join(BY),
		order_by=None,
	)


def add_opportunities(
	rows: dict[str, dict[str, Any]],
	opportunities: Iterable[frappe._dict],
	span: DateRange,
	converter: CurrencyConverter,
) -> None:
	"""Add opportunities to their months."""
	for group in opportunities:
		day = group.expected_closing or group.transaction_date
		if not (day and span.first <= day <= span.last):
			continue
		row = rows[f"{day:%Y-%m}"]
		if group.pipeline_stage == LOST:
			row["lost"] += group.records
			continue
		row["won"] += group.records
		row["won_value"] += converter.convert(flt(group.at_rate), get_company_currency(group.company))
		row["won_value"] += converter.convert(flt(group.without_rate), group.currency)


def add_documents(
	rows: dict[str, dict[str, Any]],
	key: str,
	filters: dict[str, Any],
	span: DateRange,
	converter: CurrencyConverter,
) -> None:
	"""Add submitted orders or invoices to their months, in the currency of their company as ERPNext stores
	them.
	"""
	doctype, day = DOCUMENTS[key]
	documents = compat.get_list(
		doctype,
		filters=[SUBMITTED, [day, "between", list(map(str, span))], *build_equal_filters(filters, "company")],
		fields=[f"left({day}, 7) as month", "company", "sum(base_net_total) as total"],
		group_by="month, company",
		order_by=None,
	)
	for group in documents:
		rows[group.month][key] += converter.convert(flt(group.total), get_company_currency(group.company))


def finish_row(row: dict[str, Any]) -> dict[str, Any]:
	"""Return a row with its computed values."""
	won_value = round(row["won_value"], PRECISION)
	return {
		**row,
		"won_value": won_value,
		"average": round(won_value / row["won"], PRECISION) if row["won"] else 0.0,
		"win_rate": compute_percentage(row["won"], row["won"] + row["lost"]),
		**{key: round(row[key], PRECISION) for key in DOCUMENTS},
	}


def build_columns(shown: list[str]) -> list[Column]:
	"""Return the report's columns."""
	labels = {"ordered": _("Ordered (Net)"), "invoiced": _("Invoiced (Net)")}
	return [
		build_column("month", _("Month")),
		*build_count_columns((("won", _("Won")),)),
		build_column("won_value", _("Won Value"), "Currency", "currency", width=150),
		build_column("average", _("Average Deal"), "Currency", "currency", width=150),
		*build_count_columns((("lost", _("Lost")),)),
		build_column("win_rate", _("Win Rate (%)"), "Percent"),
		*(build_column(key, labels[key], "Currency", "currency", width=150) for key in shown),
		build_link_column("currency", _("Currency"), "Currency", width=90),
	]


def build_chart(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
	"""Return the won amounts by month."""
	months = [row["month"] for row in rows]
	return build_bar_chart(
		months, [(_("Won Value"), [row["won_value"] for row in rows])], fieldtype="Currency"
	)


def build_summary(rows: list[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
	"""Return the figures above the report."""
	won, lost = (sum(row[name] for row in rows) for name in ("won", "lost"))
	value = round(sum(row["won_value"] for row in rows), PRECISION)
	return [
		build_figure(_("Won"), won, indicator="Green"),
		build_figure(_("Won Value"), value, "Currency", currency, "Green"),
		build_figure(_("Lost"), lost, indicator="Red"),
		build_figure(_("Win Rate (%)"), compute_percentage(won, won + lost), "Percent"),
	]
