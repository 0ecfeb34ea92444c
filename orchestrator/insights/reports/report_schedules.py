"""Scheduled reports: Frappe's Auto Email Report holds the report, the time and the recipients.

Frappe runs an Auto Email Report as the Administrator, whatever its user may see, and its files may contain
formulas. Here, each runs as its user and belongs to that user: nobody else but a System Manager may change it
or take its rows. Those made by the API, which have a value in `api_format`, are executed by this app and
mailed only to recipients who may still see the report.
"""

import json
from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.report.report import Report
from frappe.email.doctype.auto_email_report.auto_email_report import AutoEmailReport
from frappe.utils import escape_html

from orchestrator.access.outside_reading import commit_disclosures, read_for
from orchestrator.access.outside_recipients import check_description, get_notice, parse_recipient
from orchestrator.api import reports
from orchestrator.api.parameters import parse_choice
from orchestrator.configuration import is_platform_guarded
from orchestrator.doctypes import AUTO_EMAIL_REPORT
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.insights.reports import report_mail, report_runs
from orchestrator.insights.reports.report_request import ReportRequest
from orchestrator.insights.shapes import ScheduledReport

FREQUENCIES = ("Daily", "Weekdays", "Weekly", "Monthly")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PERIODS = ("Daily", "Weekly", "Monthly", "Quarterly", "Half Yearly", "Yearly")
SPAN = ("from_date", "to_date")
# The format that Frappe's own form shows for this app's formats
NEAREST = {"xlsx": "XLSX", "csv": "CSV"}


class ReportMailing(AutoEmailReport):
	"""Auto Email Report, executed by this app."""

	def validate(self) -> None:
		"""Protect the user and the recipients' own rows of a schedule made by the API, whoever changes it."""
		if before := self.get_doc_before_save():
			self.api_format = before.get("api_format") or self.get("api_format")
		if self.get("api_format") or is_platform_guarded():
			self.check_user()
		super().validate()
		_check_recipient(self)
		if self.get("api_format"):
			report_mail.check_recipients(self.report, self.get_report(), self.email_to.split())

	def on_trash(self) -> None:
		"""Refuse to delete another user's schedule."""
		_check_schedule_user(self)

	def check_user(self) -> None:
		"""Refuse (403) to mail another user's rows, and to change another user's schedule."""
		_check_schedule_user(self)
		is_bound = self.get("api_format") or not _is_manager()
		if is_bound and self.user != frappe.session.user and self.has_value_changed("user"):
			refuse(
				_("Reports are emailed as their user sees them. Set yourself as the user."),
				frappe.PermissionError,
			)

	def get_report(self) -> Report:
		"""Return the report; of a custom report the underlying one."""
		report = frappe.get_doc("Report", self.report)
		while report.report_type == "Custom Report":
			report = frappe.get_doc("Report", report.reference_report)
		return report

	def get_report_content(self) -> Any:
		"""Return the content. What a recipient outside gets is recorded before Frappe queues the mail."""
		content = super().get_report_content()
		commit_disclosures()
		return content

	def send(self) -> None:
		"""Send the report at its scheduled time."""
		is_own = self.user == frappe.session.user or not is_platform_guarded()
		is_outside = parse_recipient(self, AUTO_EMAIL_REPORT) is not None
		if is_own and not is_outside and not self.get("api_format"):
			super().send()
			return
		# a separate job, because it runs as another user
		job = run_schedule if self.get("api_format") else _send_as_user
		frappe.enqueue(job, queue="long", enqueue_after_commit=True, schedule=self.name)


def _check_schedule_user(doc: AutoEmailReport) -> None:
	"""Raise PermissionError unless the caller is the user of the stored schedule or a System Manager."""
	stored = frappe.db.get_value(AUTO_EMAIL_REPORT, doc.name, "user") if doc.name else None
	if stored and stored != frappe.session.user and not _is_manager() and is_platform_guarded():
		refuse(_("This schedule belongs to another user."), frappe.PermissionError)


def _is_manager() -> bool:
	"""Return True for the users who may set up schedules for others."""
	return frappe.session.user == "Administrator" or "System Manager" in frappe.get_roles()


def _send_as_user(schedule: str) -> None:
	"""Run as a job: mail the report of a schedule made in Desk, as its user sees it."""
	doc = frappe.get_doc(AUTO_EMAIL_REPORT, schedule)
	if not frappe.db.get_value("User", doc.user, "enabled"):
		return
	frappe.set_user(doc.user)
	recipient = parse_recipient(doc, AUTO_EMAIL_REPORT)
	if recipient is None:
		AutoEmailReport.send(doc)
		return
	doc.description = f"<p>{escape_html(get_notice())}</p>{doc.description or ''}"
	with read_for(recipient):
		AutoEmailReport.send(doc)


def _check_recipient(doc: AutoEmailReport) -> None:
	"""Refuse a recipient outside that is not described, or a report whose own queries could read any record."""
	if not doc.get("is_outside_recipient"):
		return
	check_description(doc)
	is_list = frappe.db.get_value("Report", doc.report, "report_type") == reports.REPORT_BUILDER
	if not is_list or doc.get("api_format"):
		refuse(
			_(
				"Only reports made by the Report Builder can be mailed to a recipient outside the organisation."
			),
			frappe.ValidationError,
		)


def parse_frequency(frequency: str) -> str:
	"""Return the frequency. 400 for one that Frappe does not have."""
	return parse_choice("frequency", frequency, FREQUENCIES) or FREQUENCIES[0]


def parse_day(day_of_week: str | None) -> str | None:
	"""Return the day of a weekly mail. 400 for any other value."""
	return parse_choice("day_of_week", day_of_week, DAYS)


def parse_period(report: Report, period: str | None) -> str | None:
	"""Return the period by which the dates of the filters are moved.

	Refuse (400) an unknown one, or a report without such dates.
	"""
	chosen = parse_choice("period", period, PERIODS)
	declared = {row.fieldname for row in report.filters}
	if chosen and (
		report.report_type == reports.REPORT_BUILDER or (declared and not declared.issuperset(SPAN))
	):
		refuse(
			_("period moves the filters from_date and to_date, which {0} does not have.").format(report.name),
			InvalidRequestError,
		)
	return chosen


def create_schedule(
	request: ReportRequest, frequency: str, day_of_week: str | None, period: str | None
) -> ScheduledReport:
	"""Schedule a report, as the caller sees it. Frappe decides who may: its Report Managers and System
	Managers.
	"""
	doc = frappe.get_doc(
		{
			"doctype": AUTO_EMAIL_REPORT,
			"report": request.report_name,
			"report_type": frappe.db.get_value("Report", request.report_name, "report_type"),
			"user": frappe.session.user,
			"enabled": 1,
			"format": NEAREST.get(request.format, "HTML"),
			"api_format": request.format,
			"frequency": frequency,
			"day_of_week": day_of_week or DAYS[0],
			"filters": json.dumps(request.filters, default=str),
			"dynamic_date_period": period,
			"from_date_field": SPAN[0] if period else None,
			"to_date_field": SPAN[1] if period else None,
			"email_to": "\n".join(request.recipients),
			"no_of_rows": 0,
		}
	)
	return _serialize_schedule(doc.insert())


def _serialize_schedule(doc: AutoEmailReport) -> ScheduledReport:
	"""Return a schedule for the reply."""
	return ScheduledReport(
		schedule=doc.name,
		report_name=doc.report,
		format=doc.get("api_format"),
		frequency=doc.frequency,
		day_of_week=doc.day_of_week if doc.frequency == "Weekly" else None,
		filters=frappe.parse_json(doc.filters),
		period=doc.dynamic_date_period or None,
		recipients=doc.email_to.split(),
		user=doc.user,
		enabled=bool(doc.enabled),
	)


def run_schedule(schedule: str) -> None:
	"""Run as a job: generate the report as the schedule's user and mail it."""
	doc = frappe.get_doc(AUTO_EMAIL_REPORT, schedule)
	if not (doc.enabled and frappe.db.get_value("User", doc.user, "enabled")):
		return
	frappe.set_user(doc.user)
	frappe.local.lang = frappe.db.get_value("User", doc.user, "language") or frappe.local.lang
	report = reports.get_report(doc.report)
	recipients = [name for name in doc.email_to.split() if _is_recipient_allowed(report, name)]
	if recipients:
		report_runs.create_report(
			ReportRequest(doc.report, doc.api_format, build_filters(doc), recipients, frappe.local.lang)
		)


def _is_recipient_allowed(report: Report, name: str) -> bool:
	"""Return True for a recipient who may see the report."""
	user = report_mail.get_user(name)
	return bool(user and report_mail.can_run(report, user))


def build_filters(doc: AutoEmailReport) -> Any:
	"""Return the filters of this run, with dates moved by Frappe if requested."""
	if doc.dynamic_date_filters_set():
		doc.prepare_dynamic_filters()
		return dict(doc.filters)
	return frappe.parse_json(doc.filters) if doc.filters else {}


def disable_all() -> None:
	"""Disable schedules made by the API: without this app each would run as the Administrator."""
	frappe.db.set_value(AUTO_EMAIL_REPORT, {"api_format": ("is", "set")}, "enabled", 0, update_modified=False)
