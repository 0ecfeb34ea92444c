"""The insights endpoints: dashboards, metrics and their history, and reports as files."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.api.reports import get_report
from orchestrator.api.schema_types import Bounded, Formatted, Names, OneOf
from orchestrator.doctypes import AUTO_EMAIL_REPORT, DASHBOARD
from orchestrator.insights.dashboards import access, layout, rendering, trends
from orchestrator.insights.metrics.dashboard_filters import parse_filters
from orchestrator.insights.reports import report_jobs, report_request, report_runs, report_schedules
from orchestrator.insights.shapes import (
	Dashboard,
	DashboardChoices,
	GeneratedReport,
	History,
	ScheduledReport,
)

DashboardType = Annotated[str | None, OneOf(*layout.FINDER_BY_DOCTYPE)]
DateText = Annotated[str | None, Formatted("date")]
ReportFormat = Annotated[str, OneOf(*report_request.FORMATS)]


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Dashboard fetched"), effect=READ)
def get_dashboard(
	dashboard: str,
	doctype: DashboardType = None,
	from_date: DateText = None,
	to_date: DateText = None,
	facility: str | None = None,
) -> Dashboard:
	"""Return a dashboard's items with their values.

	A value counts what the caller may read, unless its metric is shared with a role of the caller. An item that fails has an error and leaves the others alone. Each item names the filters that it applies and those that it does not.

	Args:
		dashboard: Name of the dashboard, or the title of an Insights dashboard.
		doctype: DocType of the dashboard. Default: the first of the DocTypes that has one of that name.
		from_date: First day of the figures that have a period. Default: each figure's own period.
		to_date: Last day. Default: today.
		facility: Name of the facility whose records are counted. Default: all.

	Returns:
		The items in their order, and the items that a background job computes now.

	Permissions:
		Whoever may open the dashboard.

	Raises:
		PermissionError: 403. The caller may read no dashboards, or no facilities.
		DoesNotExistError: 404. The dashboard or the facility is missing or hidden.
		InvalidRequestError: 400. The DocType is not one of dashboards, a date is malformed, or the range is empty or longer than ten years.
		ConflictError: 409. Several dashboards have this title.
		MissingAppError: 501. An Insights dashboard is meant, and Insights is not installed.
	"""
	plan = layout.get_dashboard(dashboard, doctype)
	return rendering.get_dashboard(plan.apply_filters(parse_filters(from_date, to_date, facility)))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Dashboards fetched"), effect=READ)
def list_dashboards() -> DashboardChoices:
	"""List the dashboards of this app that are for the caller's roles.

	Returns:
		Name and title of each, the oldest first.

	Permissions:
		Whoever may read dashboards. Managers may also open dashboards for roles that they do not have; those are not listed.

	Raises:
		PermissionError: 403. The caller may read no dashboards.
	"""
	frappe.has_permission(DASHBOARD, "read", throw=True)
	return {"dashboards": access.list_dashboards_by_role()}


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Metrics refreshed"), effect=WRITE)
def refresh_metrics(
	dashboard: str,
	items: Names = None,
	doctype: DashboardType = None,
	from_date: DateText = None,
	to_date: DateText = None,
	facility: str | None = None,
) -> Dashboard:
	"""Compute metrics of a dashboard again.

	Callers who ask at the same time share one computation. Slow metrics are computed by a background job.

	Args:
		dashboard: Name of the dashboard, or the title of an Insights dashboard.
		items: Names of metrics of the dashboard, as a list. Default: all.
		doctype: DocType of the dashboard. Default: the first of the DocTypes that has one of that name.
		from_date: First day of the figures that have a period. Default: each figure's own period.
		to_date: Last day. Default: today.
		facility: Name of the facility whose records are counted. Default: all.

	Returns:
		The dashboard with the new values; `queued` names the items that a job computes.

	Permissions:
		Whoever may open the dashboard.

	Raises:
		PermissionError: 403. The caller may read no dashboards, or no facilities.
		DoesNotExistError: 404. The dashboard or the facility is missing or hidden, or a metric is not on the dashboard.
		InvalidRequestError: 400. items is not a list of names, the DocType is not one of dashboards, a date is malformed, or the range is empty or longer than ten years.
		ConflictError: 409. Several dashboards have this title.
		MissingAppError: 501. An Insights dashboard is meant, and Insights is not installed.
	"""
	plan = layout.get_dashboard(dashboard, doctype)
	plan = plan.apply_filters(parse_filters(from_date, to_date, facility))
	return rendering.refresh_items(plan, rendering.select_items(plan, items))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("History fetched"), effect=READ)
def get_metric_history(
	dashboard: str,
	metric: str,
	days: Annotated[str | int | None, Bounded(1, trends.MAX_DAYS)] = None,
	doctype: DashboardType = None,
) -> History:
	"""Return the daily values of a number on a dashboard.

	Args:
		dashboard: Name of the dashboard, or the title of an Insights dashboard.
		metric: Name of the metric.
		days: Number of days back. Default: 30.
		doctype: DocType of the dashboard. Default: the first of the DocTypes that has one of that name.

	Returns:
		A point per day on which the number was computed, the oldest first.

	Permissions:
		Whoever may open the dashboard; of a shared metric, whoever has its role.

	Raises:
		PermissionError: 403. The caller may read no dashboards, or lacks the role of a shared metric.
		DoesNotExistError: 404. The dashboard is missing or hidden, or the metric is not on it.
		InvalidRequestError: 400. days is out of bounds, or the DocType is not one of dashboards.
		ConflictError: 409. Several dashboards have this title.
		MissingAppError: 501. An Insights dashboard is meant, and Insights is not installed.
	"""
	plan = layout.get_dashboard(dashboard, doctype)
	placed = rendering.select_items(plan, [metric])[0]
	return trends.list_trend_points(placed, rendering.parse_days(days, trends.DEFAULT_DAYS, trends.MAX_DAYS))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Report generated"), effect=WRITE)
def generate_report(
	report_name: str,
	format: ReportFormat = "pdf",  # noqa: A002  # the reference's name
	send_mail: bool = False,
	filters: str | dict | list | None = None,
	recipients: Names = None,
	background: bool | None = None,
) -> GeneratedReport:
	"""Generate a report as a private file of the caller, and send it by mail on request.

	The rows are those that Frappe lets the caller see. A report that takes long runs in a background job; its status is Queued then, and get_report_status returns its progress.

	Args:
		report_name: Name of the report.
		format: Format of the file. Default: pdf.
		send_mail: true: also send the report by mail. Default: false.
		filters: The report's own filters, as an object. A Report Builder report also accepts a list of [field, operator, value].
		recipients: Users to whom the report is mailed, as a list. Requires send_mail. Default: the caller.
		background: true: run in a background job. false: wait for the file. Default: a job where the report is expected to take long.

	Returns:
		The file, or the progress of the job.

	Permissions:
		Whoever may run the report. Recipients must be permitted to run it as well.

	Raises:
		PermissionError: 403. The caller may not run the report.
		DoesNotExistError: 404. There is no such report.
		InvalidRequestError: 400. The format, a filter or the recipients are malformed or unknown.
		InvalidRecipientError: 422. A recipient may not run the report.
		ReportExecutionError: 422. The report itself failed.
		ValidationError: 422. The report refuses its filters.
	"""
	report = get_report(report_name)
	request = report_request.parse_report_request(report_name, report, format, filters, recipients, send_mail)
	if report_runs.is_long(report, request) if background is None else background:
		return report_jobs.serialize_run(report_jobs.enqueue_report(report, request))
	return report_jobs.serialize_run(report_runs.create_report(request))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Report status fetched"), effect=READ)
def get_report_status(run: str) -> GeneratedReport:
	"""Return the progress of a generated report, and its file.

	Args:
		run: Name of the Generated Report.

	Returns:
		The file, or the progress of the job.

	Permissions:
		Whoever generated the report, and System Managers.

	Raises:
		DoesNotExistError: 404. The report is missing or was generated by someone else.
	"""
	return report_jobs.serialize_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Report scheduled"), effect=CREATE)
def schedule_report(
	report_name: str,
	frequency: Annotated[str, OneOf(*report_schedules.FREQUENCIES)],
	recipients: Names = None,
	format: ReportFormat = "pdf",  # noqa: A002  # as in generate_report
	filters: str | dict | list | None = None,
	day_of_week: Annotated[str | None, OneOf(*report_schedules.DAYS)] = None,
	period: Annotated[str | None, OneOf(*report_schedules.PERIODS)] = None,
) -> ScheduledReport:
	"""Send a report by mail regularly, with Frappe's Auto Email Report.

	The rows are those that the caller sees at the time of sending. A recipient who may no longer run the report receives none. A schedule is changed and deleted as any Auto Email Report.

	Args:
		report_name: Name of the report.
		frequency: How often the report is sent.
		recipients: Users to whom the report is mailed, as a list. Default: the caller.
		format: Format of the file. Default: pdf.
		filters: The report's own filters, as an object. A Report Builder report also accepts a list of [field, operator, value].
		day_of_week: Day of a weekly mail. Default: Monday.
		period: How the filters from_date and to_date advance. Default: they stay.

	Returns:
		The schedule that was created.

	Permissions:
		Report Manager and System Manager, for reports that they may run.

	Raises:
		PermissionError: 403. The caller may not run the report or not schedule reports.
		DoesNotExistError: 404. There is no such report.
		InvalidRequestError: 400. A parameter is malformed or unknown.
		InvalidRecipientError: 422. A recipient may not run the report.
	"""
	report = get_report(report_name)
	frappe.has_permission(AUTO_EMAIL_REPORT, "create", throw=True)
	request = report_request.parse_report_request(
		report_name, report, format, filters, recipients, send_mail=True
	)
	moving = report_schedules.parse_period(report, period)
	when = report_schedules.parse_frequency(frequency), report_schedules.parse_day(day_of_week)
	return report_schedules.create_schedule(request, *when, moving)
