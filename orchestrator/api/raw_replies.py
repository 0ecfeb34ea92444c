"""Idempotency-Key for the writes that Frappe answers itself: /api/resource, /api/v2/document, undocumented methods.

Frappe's reply stays unchanged, byte for byte, and is replayed so. It exists only after its work is committed,
so it is stored in a separate transaction right after that.
"""

import json

from werkzeug.wrappers import Request, Response

import frappe

from orchestrator.api import call as calls
from orchestrator.api import errors, idempotency
from orchestrator.api.charges import ApiRequest
from orchestrator.api.idempotency import KeyClaim, StoredReply

FIRST_ERROR = 400


class ReplayedReplyError(Exception):
	"""Ends a request that was answered before, by way of Frappe's error handling. The stored reply replaces
	the error's.
	"""

	http_status_code = 200

	def __init__(self, reply: StoredReply) -> None:
		super().__init__()
		self.reply = reply


def begin_replay(api_request: ApiRequest, request: Request) -> None:
	"""Claim the request's key, and end the request if an earlier one has a reply.

	Raises:
		ReplayedReplyError: there is a reply; `finish_reply` sends it.
		ConflictError: 409, the key was used for another request, or the first one still runs.
		PermissionError: 403, DoesNotExistError: 404, the caller may no longer have the reply.
	"""
	if api_request.signs_in or frappe.session.user == "Guest" or calls.is_from_browser(request):
		return
	try:
		claim = idempotency.claim_key(f"{request.method} {request.path}")
		frappe.local.orchestrator_raw_claim = claim
		reply = idempotency.find_reply(claim) if claim else None
	except frappe.ValidationError as error:
		error.http_status_code = errors.get_status(error)
		raise
	if reply:
		# Frappe answers an error as a page unless asked for JSON.
		request.environ["HTTP_ACCEPT"] = "application/json"
		frappe.local.orchestrator_replayed_reply = reply
		raise ReplayedReplyError(reply)


def finish_reply(response: Response) -> None:
	"""Store the reply of a successful call, or replace this reply by the stored one."""
	replayed: StoredReply | None = getattr(frappe.local, "orchestrator_replayed_reply", None)
	claim: KeyClaim | None = getattr(frappe.local, "orchestrator_raw_claim", None)
	if replayed:
		_build_replay(response, replayed)
	elif claim and response.status_code < FIRST_ERROR:
		_store_reply(claim, response)
		frappe.db.commit()  # Frappe has committed the work already


def _build_replay(response: Response, reply: StoredReply) -> None:
	response.status_code = reply.status
	response.mimetype = "application/json"
	response.set_data(reply.data)
	response.headers[idempotency.REPLAYED_HEADER] = "true"


def _store_reply(claim: KeyClaim, response: Response) -> None:
	if response.direct_passthrough or response.mimetype != "application/json":
		idempotency.delete_claim(claim)
		return
	body = response.get_data(as_text=True)
	idempotency.store_reply(claim, body, None, response.status_code, records=json.loads(body))
