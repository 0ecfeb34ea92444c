"""Client Census: clients in care now, admissions and discharges of a period, by facility, level of care or
program. Numbers only: no client is named.
"""

from typing import Any

import frappe
from frappe import _
from frappe.utils import flt

from orchestrator import compat
from orchestrator.insights.reports.content.report_parts import (
	NO_VALUE,
	PRECISION,
	Column,
	ReportResult,
	build_bar_chart,
	build_column,
	build_count_columns,
	build_equal_filters,
	build_figure,
	build_link_column,
	build_period_message,
	parse_choice,
	parse_date_range,
)

DOCTYPE = "Client Stay"
# name of a grouping -> its field
GROUPS = {"Facility": "facility", "Level of Care": "level_of_care", "Program": "program"}
LINKS = {"Facility": "Facility"}
IN_CARE = ("Active", "Absent")
WAITING = "Pre-Admission"
NUMBERS = ("in_care", "waiting", "admitted", "discharged", "days")


def execute(filters: dict[str, Any] | None = None) -> ReportResult:
	"""Return the report for the caller (Frappe's entry point)."""
	filters = filters or {}
	group = parse_choice(filters, "group_by", list(GROUPS))
	period = parse_date_range(filters)
	span = [str(day) for day in period]
	rows: dict[str, dict[str, Any]] = {}
	for number, conditions in (
		("in_care", [["status", "in", IN_CARE]]),
		("waiting", [["status", "=", WAITING]]),
		("admitted", [["admission_date", "between", span], ["status", "!=", WAITING]]),
		("discharged", [["discharge_date", "between", span], ["status", "=", "Discharged"]]),
	):
		add(rows, number, read_stays(GROUPS[group], [*conditions, *build_equal_filters(filters, "facility")]))
	table = [finish_row(row) for row in rows.values()]
	table.sort(key=lambda row: (-row["in_care"], row["group"]))
	message = build_period_message(_("Admissions and discharges from {0} to {1}."), period)
	return ReportResult(build_columns(group), table, message, build_chart(table), build_summary(rows))


def read_stays(told_by: str, conditions: list[list[Any]]) -> list[frappe._dict]:
	"""Return the number of stays that the caller may read, and the total days of those that ended, by group."""
	return compat.get_list(
		DOCTYPE,
		filters=[["status", "!=", "Deleted"], *conditions],
		fields=[
			f"{told_by} as told",
			"count(name) as stays",
			"sum(datediff(discharge_date, admission_date)) as days",
		],
		group_by="told",
		order_by=None,
	)


def add(rows: dict[str, dict[str, Any]], number: str, stays: list[frappe._dict]) -> None:
	"""Add one of the numbers to the rows."""
	for stay in stays:
		name = stay.told or NO_VALUE
		row = rows.setdefault(name, {"group": name, **dict.fromkeys(NUMBERS, 0)})
		row[number] += stay.stays
		if number == "discharged":
			row["days"] += flt(stay.days)


def finish_row(row: dict[str, Any]) -> dict[str, Any]:
	"""Return a row with its computed values."""
	shown = {key: value for key, value in row.items() if key != "days"}
	return {**shown, "length_of_stay": compute_length_of_stay(row["days"], row["discharged"])}


def compute_length_of_stay(days: float, stays: int) -> float | None:
	"""Return the average days of a stay, None without stays."""
	return round(days / stays, PRECISION) if stays else None


def build_columns(group: str) -> list[Column]:
	"""Return the report's columns."""
	return [
		build_link_column("group", _(group), LINKS.get(group)),
		*build_count_columns(
			(
				("in_care", _("In Care")),
				("waiting", _("Pre-Admission")),
				("admitted", _("Admitted")),
				("discharged", _("Discharged")),
			)
		),
		build_column("length_of_stay", _("Average Length of Stay (Days)"), "Float", width=250),
	]


def build_chart(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
	"""Return clients in care, admissions and discharges by group."""
	names = (("in_care", _("In Care")), ("admitted", _("Admitted")), ("discharged", _("Discharged")))
	return build_bar_chart(
		[row["group"] for row in rows], [(label, [row[name] for row in rows]) for name, label in names]
	)


def build_summary(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
	"""Return the figures above the report."""
	total = {name: sum(row[name] for row in rows.values()) for name in NUMBERS}
	return [
		build_figure(_("In Care"), total["in_care"]),
		build_figure(_("Pre-Admission"), total["waiting"]),
		build_figure(_("Admitted"), total["admitted"], indicator="Green"),
		build_figure(_("Discharged"), total["discharged"]),
		build_figure(
			_("Average Length of Stay (Days)"),
			compute_length_of_stay(total["days"], total["discharged"]) or 0,
			"Float",
		),
	]
