"""The insights endpoints: dashboards, their metrics, what these were, and reports as files."""

import frappe
from frappe import _lt

from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.api.reports import get_report
from orchestrator.insights.dashboards import layout, rendering, trends
from orchestrator.insights.reports import report_jobs, report_request, report_runs, report_schedules
from orchestrator.insights.reports.report_shapes import GeneratedReport, ScheduledReport
from orchestrator.insights.shapes import Dashboard, History


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Dashboard fetched"), effect=READ)
def get_dashboard(dashboard: str, doctype: str | None = None) -> Dashboard:
	"""A dashboard's items with their values: one of this app's dashboards, a Frappe Dashboard, or an Insights dashboard
	by its name or title; looked for in this order, or as `doctype` says.

	For who may open it. Each figure counts what the caller may read, unless its metric is shared with a role of theirs;
	an item that fails says why and leaves the others alone. Raises DoesNotExistError (404) for a dashboard that is missing
	or hidden, PermissionError (403) where the caller may read no dashboards at all, ConflictError (409) for a title that
	several have, InvalidRequestError (400) for another DocType, MissingAppError (501) for an Insights dashboard without Insights."""
	return rendering.get_dashboard(layout.get_dashboard(dashboard, doctype))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Metrics refreshed"), effect=WRITE)
def refresh_metrics(dashboard: str, items: str | list | None = None, doctype: str | None = None) -> Dashboard:
	"""Compute `items`, names of the dashboard's metrics (all of them without), anew, and answer with them.

	Callers who ask at the same time get one computation. What is slow goes to a job: `queued` names it, and open Desk
	pages are told when it is done. Permissions and errors as get_dashboard has them; DoesNotExistError (404) also for a
	metric that is not on the dashboard, InvalidRequestError (400) for `items` that are no list of names."""
	plan = layout.get_dashboard(dashboard, doctype)
	return rendering.refresh_items(plan, rendering.select_items(plan, items))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("History fetched"), effect=READ)
def get_metric_history(
	dashboard: str, metric: str, days: str | int | None = None, doctype: str | None = None
) -> History:
	"""What a number of the dashboard was on each of the last `days` days (30, at most 730) on which it was computed, for
	the caller or, of a shared metric, for everyone.

	Permissions and errors as get_dashboard has them; PermissionError (403) for a shared metric without its role,
	DoesNotExistError (404) for a metric that is not on the dashboard, InvalidRequestError (400) for the days."""
	plan = layout.get_dashboard(dashboard, doctype)
	placed = rendering.select_items(plan, [metric])[0]
	return trends.list_trend_points(placed, rendering.parse_days(days, trends.DEFAULT_DAYS, trends.MAX_DAYS))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Report generated"), effect=WRITE)
def generate_report(
	report_name: str,
	format: str = "pdf",  # noqa: A002  # the reference's name
	send_mail: bool = False,
	filters: str | dict | list | None = None,
	recipients: str | list | None = None,
	background: bool | None = None,
) -> GeneratedReport:
	"""A report as a private File of the caller: pdf, xlsx, csv, json or html; with `send_mail` also by mail to the
	caller, or to `recipients`, users who may run the report themselves.

	For whoever may run the report; rows are those Frappe lets the caller see. One that takes long runs in a job:
	the reply's `status` is Queued then, and `get_report_status` tells how it goes; `background` decides otherwise.
	Raises PermissionError (403), DoesNotExistError (404) for the report, InvalidRequestError (400) for format, filters and
	recipients, InvalidRecipientError (422) for who may not see the report, ReportExecutionError (422) where it fails itself."""
	report = get_report(report_name)
	request = report_request.parse_report_request(report_name, report, format, filters, recipients, send_mail)
	if report_runs.is_long(report, request) if background is None else background:
		return report_jobs.serialize_run(report_jobs.enqueue_report(report, request))
	return report_jobs.serialize_run(report_runs.create_report(request))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Report status fetched"), effect=READ)
def get_report_status(run: str) -> GeneratedReport:
	"""How a run of generate_report goes, and where its file is.

	For who asked for it, and for System Managers; DoesNotExistError (404) for everybody else."""
	return report_jobs.serialize_run(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Report scheduled"), effect=CREATE)
def schedule_report(
	report_name: str,
	frequency: str,
	recipients: str | list | None = None,
	format: str = "pdf",  # noqa: A002  # as in generate_report
	filters: str | dict | list | None = None,
	day_of_week: str | None = None,
	period: str | None = None,
) -> ScheduledReport:
	"""Mail a report again and again, daily, on weekdays, weekly (`day_of_week`) or monthly, by Frappe's Auto Email Report.

	The rows are those the caller sees at the time; a recipient who may no longer run the report gets none.
	`period` (daily, weekly, monthly, quarterly, half yearly, yearly) moves the filters from_date and to_date along. For
	Report Managers and System Managers who may run the report. Raises as `generate_report` does, InvalidRequestError (400)
	also for frequency, day or period. Change and delete a schedule as any Auto Email Report."""
	report = get_report(report_name)
	frappe.has_permission(report_schedules.DOCTYPE, "create", throw=True)
	request = report_request.parse_report_request(
		report_name, report, format, filters, recipients, send_mail=True
	)
	moving = report_schedules.parse_period(report, period)
	when = report_schedules.parse_frequency(frequency), report_schedules.parse_day(day_of_week)
	return report_schedules.create_schedule(request, *when, moving)
