"""Run reports into files: within the request, or in a job tracked by a Generated Report."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

import frappe
from frappe.core.doctype.report.report import Report
from frappe.utils import add_to_date, time_diff_in_seconds

from orchestrator import clock
from orchestrator.access.key_scope import lift_for_report
from orchestrator.api import reports
from orchestrator.configuration import get_settings
from orchestrator.doctypes import GENERATED_REPORT
from orchestrator.insights.reports import report_mail, report_stream
from orchestrator.insights.reports.content import report_table, title_page
from orchestrator.insights.reports.content.report_table import Row, Table
from orchestrator.insights.reports.formats import report_files
from orchestrator.insights.reports.report_request import ReportRequest

# A report that took longer the last time is not generated within a request.
LONG_SECONDS = 20
ROWS_PER_STEP = 500
UNKNOWN_ROWS = 20_000
READ_PERCENT, WRITTEN_PERCENT = 10, 95

Progress = Callable[[int], None]


def create_report(request: ReportRequest) -> str:
	"""Generate the report now, as the caller. Return the name of its Generated Report."""
	started = clock.get_now_to_second()
	values = generate_file(request)
	record = frappe.get_doc(
		{
			"doctype": GENERATED_REPORT,
			**build_run_values(request),
			"started_at": started,
			**build_completed_values(values),
		}
	)
	return record.insert(ignore_permissions=True).name  # users have no permission to write runs


def build_run_values(request: ReportRequest) -> dict[str, Any]:
	"""Return the values of a Generated Report for a call."""
	return {
		"report": request.report_name,
		"format": request.format,
		"requested_by": frappe.session.user,
		"recipients": "\n".join(request.recipients),
	}


def build_completed_values(values: dict[str, Any]) -> dict[str, Any]:
	"""Return the values of a completed Generated Report."""
	return {
		"status": "Completed",
		"finished_at": clock.get_now_to_second(),
		"kept_until": compute_retention_end(),
		**values,
	}


def compute_retention_end() -> datetime:
	"""Return the time until which a report generated now is stored."""
	return add_to_date(clock.get_now_to_second(), days=get_settings().report_retention_days)


def generate_file(request: ReportRequest, progress: Progress | None = None) -> dict[str, Any]:
	"""Run the report, write the file, enqueue the mail. Return the values to store in the run."""
	report = reports.get_report(request.report_name)
	title = title_page.build_title_page(request.report_name, report, request.filters)
	table = _run_report(report, request)
	counter = RowCounter(table, progress)
	with closing(table):
		file = report_files.create_file(request.format, table, title)
	queued = bool(request.recipients) and report_mail.send_report(request.recipients, file, title)
	return {
		"row_count": counter.rows,
		"file": file.name,
		"file_size": file.file_size,
		"mail_queued": int(queued),
	}


def _run_report(report: Report, request: ReportRequest) -> Table:
	"""Return the report's result, as the caller may see it."""
	if report.report_type != reports.REPORT_BUILDER:
		with lift_for_report(request.report_name):
			if table := report_stream.open_table_stream(report, request):
				return table
	elif table := report_stream.open_table_stream(report, request):
		return table
	if report.report_type == reports.REPORT_BUILDER:
		return report_table.parse_result(reports.execute_builder_report(report, request.filters))
	return report_table.parse_result(reports.execute_report(request.report_name, request.filters))


class RowCounter:
	"""Counts the rows of a table while they are written, and reports the progress."""

	def __init__(self, table: Table, progress: Progress | None) -> None:
		self.rows = 0
		self.expected, self.progress = table.expected_rows, progress
		self.report_progress()
		table.rows = self.count_rows(table.rows)

	def count_rows(self, rows: Iterator[Row]) -> Iterator[Row]:
		for row in rows:
			self.rows += 1
			if self.rows % ROWS_PER_STEP == 0:
				self.report_progress()
			yield row

	def report_progress(self) -> None:
		"""Report the percentage."""
		if self.progress:
			# the number of streamed rows is unknown: the progress approaches 100 % with their number
			expected = self.expected or self.rows + UNKNOWN_ROWS
			share = self.rows / expected
			self.progress(READ_PERCENT + int((WRITTEN_PERCENT - READ_PERCENT) * min(share, 1)))


def is_long(report: Report, request: ReportRequest) -> bool:
	"""Return True for a report that Frappe prepares in the background, and for one that took long the last
	time.
	"""
	if report.prepared_report:
		return True
	latest = frappe.db.get_value(
		GENERATED_REPORT,
		{"report": request.report_name, "format": request.format, "status": "Completed"},
		["started_at", "finished_at"],
		order_by="creation desc",
	)
	return bool(latest) and time_diff_in_seconds(latest[1], latest[0]) > LONG_SECONDS
