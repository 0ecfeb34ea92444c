"""The insights endpoints: reports as files."""

import frappe
from frappe import _lt

from orchestrator.api import reports
from orchestrator.api.endpoint import CREATES, READS, WRITES, endpoint
from orchestrator.insights import report_jobs, report_request, report_runs, report_schedules
from orchestrator.insights.report_shapes import GeneratedReport, ScheduledReport


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Report generated"), effect=WRITES)
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
	Raises PermissionError (403), DoesNotExistError (404) for the report, BadRequest (400) for format, filters and
	recipients, UnfitRecipient (422) for who may not see the report, ReportFailed (422) where it fails itself."""
	report = reports.find(report_name)
	request = report_request.read(report_name, report, format, filters, recipients, send_mail)
	if report_runs.is_long(report, request) if background is None else background:
		return report_jobs.describe(report_jobs.queue(report, request))
	return report_jobs.describe(report_runs.make(request))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Report status fetched"), effect=READS)
def get_report_status(run: str) -> GeneratedReport:
	"""How a run of generate_report goes, and where its file is.

	For who asked for it, and for System Managers; DoesNotExistError (404) for everybody else."""
	return report_jobs.describe(run)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Report scheduled"), effect=CREATES)
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
	Report Managers and System Managers who may run the report. Raises as `generate_report` does, BadRequest (400)
	also for frequency, day or period. Change and delete a schedule as any Auto Email Report."""
	report = reports.find(report_name)
	frappe.has_permission(report_schedules.DOCTYPE, "create", throw=True)
	request = report_request.read(report_name, report, format, filters, recipients, send_mail=True)
	moving = report_schedules.read_period(report, period)
	when = report_schedules.read_frequency(frequency), report_schedules.read_day(day_of_week)
	return report_schedules.add(request, *when, moving)
