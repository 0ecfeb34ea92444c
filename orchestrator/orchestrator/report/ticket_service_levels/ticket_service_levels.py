"""Ticket Service Levels: the number of issues, and whether the targets of their agreements were met."""

from datetime import datetime
from typing import Any

import frappe
from frappe import _

from orchestrator import clock, compat
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

# name of a grouping -> its expression
GROUPS = {
	"Priority": "priority",
	"Customer": "customer",
	"Assignee": "assigned_to",
	"Month": "left(opening_date, 7)",
}
LINKS = {"Priority": "Issue Priority", "Customer": "Customer", "Assignee": "User"}
DONE = ("Resolved", "Closed")
HOUR = 3600


def execute(filters: dict[str, Any] | None = None) -> ReportResult:
	"""Return the report for the caller (Frappe's entry point)."""
	filters = filters or {}
	group = parse_choice(filters, "group_by", list(GROUPS))
	span = parse_date_range(filters)
	rows = build_rows(read_issues(filters, group, span), clock.get_now_to_second())
	if group == "Month":
		rows.sort(key=lambda row: row["group"])
	message = build_period_message(_("Issues opened from {0} to {1}."), span)
	return ReportResult(build_columns(group), rows, message, build_chart(rows), build_summary(rows))


def read_issues(filters: dict[str, Any], group: str, span: DateRange) -> list[frappe._dict]:
	"""Return the issues that the caller may read, with the fields that show whether their targets were met."""
	has_field = frappe.get_meta("Issue").has_field
	due, done = (
		("sla_resolution_by", "sla_resolution_date")
		if has_field("sla_resolution_by")
		else ("resolution_by", "resolution_date")
	)
	return compat.get_list(
		"Issue",
		filters=[
			["opening_date", "between", list(map(str, span))],
			*build_equal_filters(filters, "priority", "customer", "company"),
		],
		fields=[
			f"{GROUPS[group]} as told",
			"status",
			"response_by",
			"first_responded_on",
			"first_response_time",
			f"{due} as due",
			f"{done} as done",
		],
		order_by=None,
		limit_page_length=0,
	)


def build_rows(issues: list[frappe._dict], moment: datetime) -> list[dict[str, Any]]:
	"""Return a row per group, the largest first."""
	groups: dict[str, list[frappe._dict]] = {}
	for issue in issues:
		groups.setdefault(issue.told or NO_VALUE, []).append(issue)
	rows = [build_row(name, members, moment) for name, members in groups.items()]
	return sorted(rows, key=lambda row: (-row["issues"], row["group"]))


def build_row(name: str, issues: list[frappe._dict], moment: datetime) -> dict[str, Any]:
	"""Return the figures of one group."""
	responses = [is_target_met(issue.response_by, issue.first_responded_on, moment) for issue in issues]
	resolutions = [is_target_met(issue.due, issue.done, moment) for issue in issues]
	times = [issue.first_response_time for issue in issues if issue.first_response_time]
	return {
		"group": name,
		"issues": len(issues),
		"open": sum(issue.status not in DONE for issue in issues),
		"overdue": sum(
			kept is False and not issue.done for issue, kept in zip(issues, resolutions, strict=True)
		),
		"responses_kept": compute_percentage(responses.count(True), len(filter_decided(responses))),
		"resolutions_kept": compute_percentage(resolutions.count(True), len(filter_decided(resolutions))),
		"decided": (
			len(filter_decided(responses)),
			responses.count(True),
			len(filter_decided(resolutions)),
			resolutions.count(True),
		),
		"first_response_hours": round(sum(times) / len(times) / HOUR, PRECISION) if times else None,
	}


def is_target_met(due: datetime | None, done: datetime | None, moment: datetime) -> bool | None:
	"""Return True for a target that was met, False for one that was missed, None if that is open or there is
	none.
	"""
	if not due:
		return None
	if done:
		return done <= due
	return None if moment <= due else False


def filter_decided(verdicts: list[bool | None]) -> list[bool]:
	"""Return the targets that were met or missed."""
	return [verdict for verdict in verdicts if verdict is not None]


def build_columns(group: str) -> list[Column]:
	"""Return the report's columns."""
	return [
		build_link_column("group", _(group), LINKS.get(group)),
		*build_count_columns((("issues", _("Issues")), ("open", _("Open")), ("overdue", _("Overdue")))),
		build_column("responses_kept", _("First Responses in Time (%)"), "Percent", width=220),
		build_column("resolutions_kept", _("Resolutions in Time (%)"), "Percent", width=210),
		build_column("first_response_hours", _("Hours to First Response"), "Float", width=210),
	]


def build_chart(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
	"""Return the number of met targets by group."""
	series = [
		(_("First Responses in Time (%)"), [row["responses_kept"] for row in rows]),
		(_("Resolutions in Time (%)"), [row["resolutions_kept"] for row in rows]),
	]
	return build_bar_chart([row["group"] for row in rows], series)


def build_summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Return the figures above the report."""
	tallies = [sum(numbers) for numbers in zip(*(row.pop("decided") for row in rows), strict=True)] or [0] * 4
	return [
		build_figure(_("Issues"), sum(row["issues"] for row in rows)),
		build_figure(_("Overdue"), sum(row["overdue"] for row in rows), indicator="Red"),
		build_figure(_("First Responses in Time (%)"), compute_percentage(tallies[1], tallies[0]), "Percent"),
		build_figure(_("Resolutions in Time (%)"), compute_percentage(tallies[3], tallies[2]), "Percent"),
	]
