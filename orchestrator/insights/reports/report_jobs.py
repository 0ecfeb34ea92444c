"""Reports in the background: queued, executed by a worker, queried, given up, deleted when they expire.

The Generated Report is committed before the work; the job holds only its name.
"""

import json
from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.report.report import Report

from orchestrator import clock, leases
from orchestrator.access.key_scope import get_scope
from orchestrator.api import errors
from orchestrator.api.background import QUEUE, BackgroundRecords
from orchestrator.api.records import raise_not_found
from orchestrator.doctypes import GENERATED_REPORT
from orchestrator.exceptions import ConflictError
from orchestrator.insights.reports import report_mail, report_runs
from orchestrator.insights.reports.report_request import ReportRequest
from orchestrator.insights.shapes import GeneratedReport

RUN_RECORDS = BackgroundRecords(GENERATED_REPORT, "report", max_attempts=2)


def enqueue_report(report: Report, request: ReportRequest) -> str:
	"""Store the call and start its job after the commit. Return the name of the Generated Report."""
	record = frappe.get_doc(
		{
			"doctype": GENERATED_REPORT,
			**report_runs.build_run_values(request),
			"status": "Queued",
			"request": request.to_json(),
		}
	).insert(ignore_permissions=True)  # users have no permission to write runs
	_enqueue_job(record.name, report.timeout or None)
	return record.name


def _enqueue_job(run: str, timeout: int | None, attempts: int = 0) -> None:
	"""Queue the job of a run after the commit."""
	frappe.enqueue(
		run_report_job,
		queue=QUEUE,
		timeout=timeout,
		job_id=RUN_RECORDS.build_job_id(run, attempts),
		enqueue_after_commit=True,
		run=run,
	)


def run_report_job(run: str) -> None:
	"""Run as a job: generate the report as the user who requested it."""
	record = RUN_RECORDS.start(run, leases.get_now().replace(microsecond=0))
	if record is None:
		return
	try:
		request = ReportRequest.from_json(record.request)
		frappe.local.lang = request.lang
		values = report_runs.generate_file(
			request, progress=lambda percent: RUN_RECORDS.set_progress(run, percent)
		)
		finish_run(run, record.attempts, report_runs.build_completed_values(values))
	except Exception as error:
		frappe.db.rollback()
		finish_run(run, record.attempts, _build_failure(error, run))
	_send_notification(run)
	frappe.db.commit()


def _build_failure(error: Exception, run: str) -> dict[str, Any]:
	"""Return the error of a run that failed; log an unexpected one under the run's name."""
	if errors.get_status(error) == errors.UNEXPECTED_STATUS:
		errors.create_error_log(error, "report", run)
	failure = errors.build_error_reply(error, run)
	return _build_failed_values({"type": failure.type, "text": failure.text})


def _build_failed_values(error: dict[str, str]) -> dict[str, Any]:
	"""Return the values of a failed run."""
	return {
		"status": "Failed",
		"finished_at": clock.get_now_to_second(),
		"kept_until": report_runs.compute_retention_end(),
		"error": frappe.as_json(error, indent=None),
	}


def finish_run(run: str, attempt: int, values: dict[str, Any]) -> None:
	"""Store the result and delete the filters. Raises ConflictError if the run was given up or taken over meanwhile:
	its file must be deleted.
	"""
	if not RUN_RECORDS.is_running(run, attempt):
		raise ConflictError(run)
	frappe.db.set_value(GENERATED_REPORT, run, {**values, "request": None})


def _send_notification(run: str) -> None:
	"""Notify the requesting user in Desk."""
	record = frappe.db.get_value(GENERATED_REPORT, run, ["report", "status", "requested_by"], as_dict=True)
	message = _("Your report {0} is ready") if record.status == "Completed" else _("Your report {0} failed")
	frappe.get_doc(
		{
			"doctype": "Notification Log",
			"type": "Alert",
			"for_user": record.requested_by,
			"subject": message.format(frappe.bold(_(record.report))),
			"document_type": GENERATED_REPORT,
			"document_name": run,
		}
	).insert(ignore_permissions=True)  # users have no permission to create notifications


def serialize_run(run: str) -> GeneratedReport:
	"""Return the state of a run, for the user who requested it and for System Managers. 404 for everybody
	else.
	"""
	record = frappe.db.get_value(GENERATED_REPORT, run, "*", as_dict=True)
	is_own = record and record.requested_by == frappe.session.user
	scope = get_scope()
	is_hidden = record and scope and not scope.allows_report(record.report)
	if not record or is_hidden or not (is_own or "System Manager" in frappe.get_roles()):
		raise_not_found(GENERATED_REPORT, run)
	file = frappe.db.get_value("File", record.file, ["file_name", "file_url"], as_dict=True) or frappe._dict()
	is_mailed = bool(record.recipients) and record.status == "Completed"
	return GeneratedReport(
		run=record.name,
		report_name=record.report,
		format=record.format,
		status=record.status,
		progress=_get_progress(record),
		row_count=record.row_count if record.status == "Completed" else None,
		file=record.file if file else None,
		file_name=file.file_name,
		file_url=file.file_url,
		file_size=record.file_size if file else None,
		started_at=record.started_at,
		finished_at=record.finished_at,
		kept_until=record.kept_until,
		recipients=(record.recipients or "").split(),
		mail_queued=bool(record.mail_queued),
		mail_note=report_mail.explain_unsent() if is_mailed and not record.mail_queued else None,
		error=json.loads(record.error) if record.error else None,
	)


def _get_progress(record: frappe._dict) -> int:
	"""Return the progress of a run, in percent."""
	if record.status == "Running":
		return RUN_RECORDS.get_progress(record.name)
	return 100 if record.status == "Completed" else 0


def recover_lost_runs() -> None:
	"""Run every five minutes: repeat runs whose worker is lost, which left no file. Those that have lost two are marked as
	Failed.
	"""
	RUN_RECORDS.recover_dead(_recover_run, _get_timeout)


def _recover_run(run: str) -> None:
	attempts = RUN_RECORDS.requeue(run)
	if attempts is None:
		mark_dead_run_failed(run)
	else:
		_enqueue_job(run, _get_timeout(run), attempts)


def _get_timeout(run: str) -> int | None:
	"""Return the report's time limit in seconds, if it has one."""
	return (
		frappe.db.get_value("Report", frappe.db.get_value(GENERATED_REPORT, run, "report"), "timeout") or None
	)


def mark_dead_run_failed(run: str) -> None:
	"""Mark a run as Failed, unless it has just ended."""
	if not RUN_RECORDS.is_unfinished(run):
		return
	text = _("The background job stopped before it finished. There is no file; send the request again.")
	frappe.db.set_value(
		GENERATED_REPORT, run, {**_build_failed_values({"type": "WorkerLost", "text": text}), "request": None}
	)
	frappe.db.commit()  # each in a transaction of its own, which releases its lock


def delete_expired_runs() -> None:
	"""Run daily: delete expired runs and their files."""
	expired = {"kept_until": ("<", clock.get_now_to_second())}
	for run in frappe.get_all(
		GENERATED_REPORT, filters=expired, pluck="name"
	):  # a cleanup job acts for all users
		frappe.delete_doc(GENERATED_REPORT, run, ignore_permissions=True, force=True, delete_permanently=True)
		frappe.db.commit()  # a deleted file cannot be restored by a rollback
