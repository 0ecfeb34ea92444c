"""Lead Analysis: the number of leads by source, status, owner, territory or month, and their outcomes."""

from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from orchestrator import compat
from orchestrator.insights.reports.content.report_parts import (
	NO_VALUE,
	PRECISION,
	Column,
	DateRange,
	ReportResult,
	build_bar_chart,
	build_column,
	build_count_columns,
	build_equal_filters,
	build_figure,
	build_link_column,
	build_period_message,
	compute_percentage,
	parse_choice,
	parse_date_range,
)

SOURCE = "Source"
# name of a grouping -> its expression; ERPNext 16 renamed the field of a lead's source
GROUPS = {
	SOURCE: "source",
	"Status": "status",
	"Owner": "lead_owner",
	"Territory": "territory",
	"Month": "left(creation, 7)",
}
LINKS = {"Owner": "User", "Territory": "Territory"}
OUTCOMES = {
	"Qualified": "qualified",
	"Opportunity": "opportunity",
	"Quotation": "opportunity",
	"Converted": "converted",
	"Lost Quotation": "lost",
	"Do Not Contact": "lost",
}
OPEN = "open"  # every other status, including a site's own
MOST_BARS = 12
COUNTS = ("open", "qualified", "opportunity", "converted", "lost")


def execute(filters: dict[str, Any] | None = None) -> ReportResult:
	"""Return the report for the caller (Frappe's entry point)."""
	filters = filters or {}
	group = parse_choice(filters, "group_by", list(GROUPS))
	span = parse_date_range(filters)
	rows = build_rows(read_leads(filters, group, span))
	if group == "Month":
		rows.sort(key=lambda row: row["group"])
	message = build_period_message(_("Leads created from {0} to {1}."), span)
	return ReportResult(build_columns(group), rows, message, build_chart(rows), build_summary(rows))


def read_leads(filters: dict[str, Any], group: str, span: DateRange) -> list[frappe._dict]:
	"""Return number and probability of the leads that the caller may read, by group and status."""
	source = compat.get_lead_source_field()
	told_by = source if group == SOURCE else GROUPS[group]
	return compat.get_list(
		"Lead",
		filters=[
			["creation", "between", [str(span.first), str(span.last)]],
			*build_equal_filters(filters, "status", "lead_owner", "company"),
			*build_equal_filters({source: filters.get("source")}, source),
		],
		fields=[
			f"{told_by} as told",
			"status",
			"count(name) as leads",
			"sum(probability) as probability",
		],
		group_by="told, status",
		order_by=None,
	)


def build_rows(leads: list[frappe._dict]) -> list[dict[str, Any]]:
	"""Return a row per group, the largest first."""
	rows: dict[str, dict[str, Any]] = {}
	for lead in leads:
		name = lead.told or NO_VALUE
		row = rows.setdefault(
			name, {"group": name, "leads": 0, "probability": 0.0, **dict.fromkeys(COUNTS, 0)}
		)
		row["leads"] += lead.leads
		row["probability"] += flt(lead.probability)
		row[OUTCOMES.get(lead.status, OPEN)] += lead.leads
	for row in rows.values():
		row["conversion"] = compute_percentage(row["converted"], row["leads"])
		row["probability"] = round(row["probability"] / row["leads"], PRECISION)
	return sorted(rows.values(), key=lambda row: (-row["leads"], row["group"]))


def build_columns(group: str) -> list[Column]:
	"""Return the report's columns."""
	linked = compat.get_lead_source_doctype() if group == SOURCE else LINKS.get(group)
	return [
		build_link_column("group", _(group), linked),
		*build_count_columns(
			(
				("leads", _("Leads")),
				("open", _("Open")),
				("qualified", _("Qualified")),
				("opportunity", _("Opportunity")),
				("converted", _("Converted")),
				("lost", _("Lost")),
			)
		),
		build_column("conversion", _("Converted (%)"), "Percent"),
		build_column("probability", _("Average Probability (%)"), "Percent", width=200),
	]


def build_chart(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
	"""Return leads and converted leads by group."""
	shown = rows[:MOST_BARS]
	series = [
		(_("Leads"), [row["leads"] for row in shown]),
		(_("Converted"), [row["converted"] for row in shown]),
	]
	return build_bar_chart([row["group"] for row in shown], series)


def build_summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Return the figures above the report."""
	leads, qualified, converted = (
		sum(row[name] for row in rows) for name in ("leads", "qualified", "converted")
	)
	return [
		build_figure(_("Leads"), leads),
		build_figure(_("Qualified"), qualified),
		build_figure(_("Converted"), converted, indicator="Green"),
		build_figure(_("Converted (%)"), compute_percentage(converted, leads), "Percent"),
	]
