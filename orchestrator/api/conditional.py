"""Conditional requests: ETags of replies, 304 where the caller has the reply already.

The ETag of a record is computed before the record is loaded, that of a list from the reply. So an ETag is never newer
than the reply that it stands in.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Response

import frappe
from frappe import _
from frappe.model.meta import Meta

from orchestrator.api import record_etags
from orchestrator.api.call import ApiCall, get_current_call
from orchestrator.api.etags import IF_MATCH, IF_NONE_MATCH, Condition, parse_condition
from orchestrator.api.preconditions import Target, check_call, refuse_header
from orchestrator.api.records import check_readable, get_meta_or_none

GET_RECORD = "orchestrator.api.generic.get"
# Endpoints whose reply is the record that they wrote
RECORD_WRITES = frozenset({"orchestrator.api.generic.insert", "orchestrator.api.generic.set_value"})
READING_VERBS = frozenset({"GET", "HEAD"})
NOT_MODIFIED = 304
JSON = "application/json"
SUCCESS_STATUSES = frozenset({200, 201})
# The second part of an ETag in the reply to a write, which holds the record as it was saved and not as it is read
WRITTEN = "written"


class NotModifiedError(Exception):
	"""Ends a request whose caller has the reply already."""

	http_status_code = NOT_MODIFIED


@dataclass(frozen=True)
class PendingEtag:
	"""The ETag of a reply that is being made. Without a view, the rest is a digest of the reply."""

	state: str | None = None
	view: str | None = None

	def build(self, body: bytes) -> str:
		"""Return what stands between the quotation marks."""
		view = self.view or record_etags.compute_digest("body", hashlib.sha256(body).hexdigest())
		return f"{self.state}.{view}" if self.state else view


def begin_call(call: ApiCall, arguments: dict[str, Any], is_read: bool) -> Target | None:
	"""Check the headers of a call under the contract before its work.

	Returns:
		The record named by If-Match, None without the header.

	Raises:
		InvalidRequestError: 400. A header is malformed, or this call cannot check it.
		PermissionError: 403, DoesNotExistError: 404. As without the header.
		PreconditionFailedError: 412. The record has changed.
	"""
	check_reading_header()
	if is_read and IF_MATCH in frappe.request.headers:
		refuse_header(IF_MATCH, _("It can be sent with calls that change or delete one record."))
	if is_read and not call.from_browser and frappe.request.method in READING_VERBS:
		set_pending(PendingEtag())
	return check_call(call.function, arguments)


def check_reading_header() -> Condition | None:
	"""Return the condition of If-None-Match.

	Raises:
		InvalidRequestError: 400. It is malformed, or the request is not a GET.
	"""
	condition = parse_condition(IF_NONE_MATCH, frappe.request.headers.get(IF_NONE_MATCH))
	if condition and frappe.request.method not in READING_VERBS:
		refuse_header(IF_NONE_MATCH, _("It can be sent with GET."))
	return condition


def begin_record_read(meta: Meta, name: str | int | None, parent: str | None = None) -> None:
	"""Compute the ETag of the record that this call returns. Call it before the record is loaded.

	Raises:
		NotModifiedError: the caller may read the record and has it as it is.
		PermissionError: 403, DoesNotExistError: 404. As without If-None-Match.
	"""
	call = get_current_call()
	if call is None or call.from_browser or call.function != GET_RECORD:
		return
	pending = compute_pending(meta, name)
	set_pending(pending)
	if is_known_to_caller(pending):
		check_readable(meta, name, parent)
		raise NotModifiedError


def compute_pending(meta: Meta, name: str | int | None) -> PendingEtag | None:
	"""Return the ETag of a stored record, as far as it is known before the record is loaded."""
	etag = record_etags.compute_etag(meta, name)
	return PendingEtag(etag.state, etag.view) if etag else _get_default(meta)


def is_known_to_caller(pending: PendingEtag | None) -> bool:
	"""Return True if If-None-Match has the ETag of a record that need not be loaded to know it."""
	if pending is None or not pending.view or frappe.request.method not in READING_VERBS:
		return False
	condition = check_reading_header()
	return bool(condition and condition.has_weak_match(pending.build(b"")))


def set_pending(pending: PendingEtag | None) -> None:
	"""Make `pending` the ETag of this request's reply."""
	frappe.local.orchestrator_pending_etag = pending


def finish_call(call: ApiCall, target: Target | None, data: Any) -> None:
	"""Compute the ETag of the record that this call has written, in the transaction of the write."""
	if call.from_browser:
		return
	if target:
		set_written(*target)
	elif call.function in RECORD_WRITES and isinstance(data, dict):
		set_written(data.get("doctype"), data.get("name"))


def set_written(doctype: str | None, name: str | int | None) -> None:
	"""Compute the ETag of a record that this transaction has written."""
	meta = get_meta_or_none(doctype) if doctype else None
	state = record_etags.compute_state(meta, name) if meta else None
	set_pending(PendingEtag(state, WRITTEN) if state else None)


def finish_reply(response: Response) -> None:
	"""Set the ETag of a reply that succeeded, and leave out the body where the caller has it."""
	pending: PendingEtag | None = getattr(frappe.local, "orchestrator_pending_etag", None)
	if response.status_code == NOT_MODIFIED and pending:
		_send_not_modified(response, pending.build(b""))
	if pending is None or response.status_code not in SUCCESS_STATUSES or response.mimetype != JSON:
		return
	value = pending.build(response.get_data())
	_set_headers(response, value)
	condition = parse_condition(IF_NONE_MATCH, frappe.request.headers.get(IF_NONE_MATCH))
	if condition and frappe.request.method in READING_VERBS and condition.has_weak_match(value):
		_send_not_modified(response, value)


def _get_default(meta: Meta) -> PendingEtag | None:
	"""Return how the ETag is computed of what is in no table: from the reply, and only for those who read."""
	return PendingEtag() if frappe.request.method in READING_VERBS and meta.get("is_virtual") else None


def _send_not_modified(response: Response, value: str) -> None:
	response.status_code = NOT_MODIFIED
	response.set_data(b"")
	_set_headers(response, value)


def _set_headers(response: Response, value: str) -> None:
	"""Set the ETag, and let caches keep the reply for its caller alone and ask each time."""
	response.headers["ETag"] = f'"{value}"'
	response.headers["Cache-Control"] = "private, no-cache"
	response.headers.add("Vary", "Authorization, Cookie")
	if frappe.request.headers.get("Origin"):
		response.headers.add("Access-Control-Expose-Headers", "ETag")
