"""The access log in requests and jobs: recorders begin, and what they have recorded is written before a reply leaves.

A reply is given only when the entries for it are committed: a process that dies before has disclosed nothing. What a job
mails or stores is committed together with its entries.
"""

import json
from typing import Any, Final

from werkzeug.wrappers import Request, Response

import frappe
import frappe.app
import frappe.permissions
from frappe import _
from frappe.database.query import Engine
from frappe.desk import query_report
from frappe.model.db_query import DatabaseQuery

from orchestrator.access import client_references, disclosures, key_scope, platform_patches
from orchestrator.access.disclosures import DisclosureRecorder
from orchestrator.access.outside_recipients import PURPOSES
from orchestrator.api import route
from orchestrator.compat import QUERY_BUILDER_CHECKS_PERMISSIONS
from orchestrator.configuration import get_settings
from orchestrator.exceptions import refuse
from orchestrator.privacy import (
	batches,
	file_downloads,
	ledger,
	outside_replies,
	permission_checks,
	purposes,
	replies,
	tracked_builder,
	tracked_queries,
)
from orchestrator.privacy.emergency import grants
from orchestrator.private_doctypes import get_logged_doctypes

MARK: Final = "orchestrator_records"
FIRST_ERROR: Final = 400
STOCK_WEBHOOK_JOB: Final = "frappe.integrations.doctype.webhook.webhook.enqueue_webhook"
# A link field may ignore permissions in its search; what it finds is shown.
LINK_SEARCHES: Final = frozenset(
	{
		"frappe.desk.search.search_link",
		"frappe.desk.search.search_widget",
		"frappe.desk.search.get_link_title",
	}
)


def before_request() -> None:
	"""Handle the hook before_request: record the disclosures of this request on a site that keeps the log."""
	disclosures.set_recorder(None)
	if not is_enabled():
		return
	recorder = DisclosureRecorder(get_logged_doctypes(), grants.write_batches)
	method = route.get_requested_method(frappe.local.request)
	recorder.follows_checks = not permission_checks.is_silent(method)
	recorder.ignores_permissions = method in LINK_SEARCHES
	_begin(recorder)
	grants.begin()


def begin_outside() -> None:
	"""Handle the hook auth_hooks: all records of clients are recorded where a recipient outside gets them."""
	recorder = disclosures.get_recorder()
	if recorder and key_scope.get_recipient():
		recorder.doctypes |= frozenset(client_references.list_guarded_doctypes())


def authorize() -> None:
	"""Handle the hook auth_hooks: check the purpose of use that the caller sends.

	Raises:
		InvalidRequestError: 400. There is no such purpose.
		PermissionError: 403. It is not the purpose of the recipient outside to whom the API key belongs.
	"""
	if recorder := disclosures.get_recorder():
		recorder.purpose = purposes.parse_purpose(frappe.get_request_header(purposes.HEADER))
		if recipient := key_scope.get_recipient():
			_limit_purpose(recorder, PURPOSES[recipient.purpose])


def _limit_purpose(recorder: DisclosureRecorder, code: str) -> None:
	"""Log the purpose of the recipient, and refuse another one."""
	if recorder.purpose not in ("", code):
		refuse(
			_("This API key is for the purpose {0}. Leave out {1}.").format(code, purposes.HEADER),
			frappe.PermissionError,
		)
	recorder.purpose = code


def before_job(method: str, kwargs: dict[str, Any]) -> None:
	"""Handle the hook before_job: record what reports, exports and mails of this job take from lists."""
	disclosures.set_recorder(None)
	if not is_enabled():
		return
	_begin(DisclosureRecorder(get_logged_doctypes(), batches.write_batches, is_job=True))
	begin_outside()
	if method == STOCK_WEBHOOK_JOB:
		batches.record_stock_webhook(kwargs)


def after_job() -> None:
	"""Handle the hook after_job: write what a job that has committed nothing has read."""
	if (recorder := disclosures.get_recorder()) and recorder.flush():
		frappe.db.commit()
	disclosures.set_recorder(None)


def on_email(doc: Any, _method: str | None = None) -> None:
	"""Handle the hook after_insert of Email Queue: a mail about a record discloses it to each of its recipients."""
	if doc.reference_doctype and doc.reference_name and disclosures.get_recorder():
		disclosures.record_sent(
			doc.reference_doctype, doc.reference_name, batches.list_mail_receivers(doc.recipients)
		)


def before_print(doc: Any, _method: str | None = None, _settings: Any = None) -> None:
	"""Handle the hook before_print of every DocType: links with a key show a record without a permission check."""
	disclosures.record_disclosure(doc.doctype, doc.name)


def is_enabled() -> bool:
	"""Return True if the site keeps the access log."""
	return bool(get_settings().get("access_log_enabled"))


def _begin(recorder: DisclosureRecorder) -> None:
	platform_patches.install(REPLACEMENTS, disclosures.is_recording, MARK)
	disclosures.set_recorder(recorder)


def _run_after_request_hooks(native: Any, request: Request, response: Response | None) -> None:
	"""Run the hooks of all apps, then write the entries, even if a hook fails: Frappe sends the reply all the same."""
	try:
		native(request, response)
	finally:
		recorder = disclosures.get_recorder()
		disclosures.set_recorder(None)
		if recorder and response is not None and response.status_code < FIRST_ERROR:
			_write_entries(recorder, request, response)


def _write_entries(recorder: DisclosureRecorder, request: Request, response: Response) -> None:
	"""Write and commit the entries for a reply, or replace the reply by an error."""
	try:
		if response.mimetype == "application/json":
			replies.record_reply(recorder, frappe.local.response)
		file_downloads.record_download(recorder, request)
		if recorder.flush():
			frappe.db.commit()
		if recipient := key_scope.get_recipient():
			outside_replies.add_headers(recipient, response)
	except ledger.MissingConsentError:
		frappe.db.rollback()
		_withhold(response, 403, "PermissionError")
	except Exception:
		frappe.db.rollback()
		frappe.logger("orchestrator").error("The access log could not be written", exc_info=True)
		_withhold(response)


def _withhold(response: Response, status: int = 500, error: str = "InternalServerError") -> None:
	"""Replace a reply whose entries could not be written, or whose records no consent covers."""
	response.direct_passthrough = False
	response.status_code = status
	for header in ("Content-Disposition", "Content-Encoding", "ETag", "Location", "X-Accel-Redirect"):
		response.headers.pop(header, None)
	response.mimetype = "application/json"
	response.set_data(json.dumps({"exc_type": error}))


def _generate_report_result(native: Any, *args: Any, **kwargs: Any) -> Any:
	"""Record the records that the rows of a report link to."""
	report = native(*args, **kwargs)
	recorder = disclosures.get_recorder()
	if recorder and isinstance(report, dict):
		replies.record_report(recorder, report.get("columns"), report.get("result"))
	return report


IN_QUERY_BUILDER = ((Engine, "get_query", tracked_builder.get_query),)
REPLACEMENTS: Final = (
	(frappe.app, "run_after_request_hooks", _run_after_request_hooks),
	(frappe.permissions, "has_permission", permission_checks.has_permission),
	(query_report, "generate_report_result", _generate_report_result),
	(DatabaseQuery, "prepare_args", tracked_queries.prepare_args),
	(DatabaseQuery, "build_and_run", tracked_queries.build_and_run),
	*(IN_QUERY_BUILDER if QUERY_BUILDER_CHECKS_PERMISSIONS else ()),
)
