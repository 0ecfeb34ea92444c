"""The request that a step stands for, and the state of Frappe that belongs to one request alone.

A step runs as if its call had come by itself: with a request, parameters, a reply, messages, flags and caches of its own.
"""

import contextlib
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request

import frappe
from frappe.utils import CallbackManager

from orchestrator.api import call as calls
from orchestrator.api.call import ApiCall

# Of the headers of the batch, those that tell who and where the caller is. What a header says about one call, such as
# Idempotency-Key or If-Match, is said of the batch and not of its steps.
KEPT_HEADERS: Final = frozenset(
	{
		"HTTP_ACCEPT_LANGUAGE",
		"HTTP_AUTHORIZATION",
		"HTTP_COOKIE",
		"HTTP_HOST",
		"HTTP_USER_AGENT",
		"HTTP_X_FORWARDED_FOR",
		"HTTP_X_FORWARDED_HOST",
		"HTTP_X_FORWARDED_PROTO",
	}
)
KEPT_VARIABLES: Final = ("REMOTE_", "SERVER_", "SCRIPT_NAME", "wsgi.")
# On frappe.local, restored after each step
REQUEST_STATE: Final = (
	"debug_log",
	"error_log",
	"flags",
	"form_dict",
	"lang",
	"message_log",
	"request",
	"response",
	"response_headers",  # Frappe 16
)
PENDING_ETAG: Final = "orchestrator_pending_etag"  # see orchestrator/api/conditional.py
SESSION_STATE: Final = ("user", "sid", "data")


def build_request(batch: Request, call: ApiCall, verb: str, params: dict[str, Any]) -> Request:
	"""Return the request of a single call, from the caller of the batch.

	Args:
		batch: The request of the batch.
		call: The call of the step.
		verb: Its HTTP method.
		params: Its parameters.
	"""
	body = json.dumps(params, ensure_ascii=False).encode()
	environ = {
		key: value
		for key, value in batch.environ.items()
		if key in KEPT_HEADERS or key.startswith(KEPT_VARIABLES)
	}
	environ |= {
		"REQUEST_METHOD": verb,
		"PATH_INFO": f"/api/method/{call.method}",
		"QUERY_STRING": "",
		"HTTP_ACCEPT": "application/json",
		"CONTENT_TYPE": "application/json",
		"CONTENT_LENGTH": str(len(body)),
		"wsgi.input": BytesIO(body),
	}
	request = type(batch)(environ)
	request.after_response = batch.after_response  # type: ignore[attr-defined]  # Frappe's, run after the reply
	return request


def set_request(request: Request) -> None:
	"""Make `request` the one that is being answered, with its parameters."""
	frappe.local.request = request
	frappe.local.form_dict = frappe._dict(json.loads(request.get_data()))


@contextlib.contextmanager
def isolate_request_state(call: ApiCall) -> Iterator[None]:
	"""Answer `call` within the block with a state of its own, and put the state of the batch back."""
	local, database, batch = frappe.local, frappe.local.db, calls.get_current_call()
	saved = {name: getattr(local, name) for name in REQUEST_STATE if hasattr(local, name)}
	saved[PENDING_ETAG] = getattr(local, PENDING_ETAG, None)
	session = {name: local.session.get(name) for name in SESSION_STATE}
	before_commit, database.before_commit = database.before_commit, CallbackManager()
	local.response = frappe._dict({"docs": []})
	local.message_log, local.error_log, local.debug_log = [], [], []
	local.flags = local.flags.copy()
	local.response_headers = Headers()
	clear_request_caches()
	calls.set_current_call(call)
	try:
		yield
	finally:
		if local.session.user != session["user"]:
			frappe.set_user(session["user"])
		local.session.update(session)
		for name, value in saved.items():
			setattr(local, name, value)
		database.before_commit = before_commit
		calls.set_current_call(batch)


def clear_request_caches() -> None:
	"""Clear what is computed once in a request, such as permissions: an earlier step may have changed it."""
	local = frappe.local
	if hasattr(local, "request_cache"):
		local.request_cache.clear()
	local.role_permissions, local.user_perms = {}, None
	local.document_access = None  # of the document library: see orchestrator/docs/access.py


def clear_record_caches() -> None:
	"""Clear what makes many saves of one DocType fast: cached values, and templates of new records."""
	frappe.local.new_doc_templates = {}
	frappe.local.db.value_cache.clear()
