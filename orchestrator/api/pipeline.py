"""Where the contract meets Frappe's request cycle: one function per hook, in the order Frappe runs them."""

import json
from typing import Any

from werkzeug.wrappers import Request, Response

import frappe
from frappe import _

from orchestrator.api import call as calls
from orchestrator.api import errors, limits
from orchestrator.api.call import Call
from orchestrator.api.preflight import check
from orchestrator.api.request_text import has_json_without_object

FIRST_ERROR = 400


def before_request() -> None:
	"""Hook before_request. The caller is not known yet; a token's owner still looks like a guest."""
	call = calls.identify(frappe.local.request)
	calls.begin(call)
	if call and not call.from_browser:
		# Frappe answers an error as a web page unless asked for JSON; the contract is JSON by every path.
		frappe.local.request.environ["HTTP_ACCEPT"] = "application/json"


def authorize() -> None:
	"""Hook auth_hooks. The caller is known now: charge the rate limit, then look at the request."""
	call = calls.current()
	if call is None or frappe.local.request.method == "OPTIONS":
		return
	try:
		limits.charge(call)
		if not call.from_browser:
			check(call)
	except Exception as error:
		call.error = error
		raise


def after_request(response: Response | None, request: Request) -> None:
	"""Hook after_request, also reached by every handled exception."""
	call = calls.current() or calls.identify(request)
	if call is None or response is None or request.method == "OPTIONS":
		return
	if response.status_code >= FIRST_ERROR:
		if call.from_browser:
			explain_to_browser(call, response)
		else:
			explain_to_client(call, response)
	response.headers.extend(call.headers)


def explain_to_client(call: Call, response: Response) -> None:
	"""Replace Frappe's error reply by the contract's."""
	failure = failure_of(call, response)
	if failure.status == 401 and not call.charged and not limits.charge_failed_authentication(call):
		failure = errors.Failure(429, "TooManyRequestsError", errors.default_text(429))
	body = failure.body()
	if failure.status == errors.UNEXPECTED or failure.type in errors.LOGGED_TYPES:
		body["request_id"] = call.id
		if call.error and frappe.db:
			errors.log_unexpected(call.error, call.method, call.id)
			frappe.db.commit()  # the request itself is rolled back already; only the log is kept
	response.status_code = failure.status
	response.mimetype = "application/json"
	response.set_data(json.dumps(body, separators=(",", ":")))


def failure_of(call: Call, response: Response) -> errors.Failure:
	"""What went wrong: the error itself where the method raised it, else what Frappe's reply tells."""
	if call.error:
		return errors.explain(call.error, call.id)
	if has_json_without_object(frappe.local.request):
		return errors.Failure(400, "BadRequest", _("The body must be a JSON object."))
	return errors.explain_reply(response.status_code, parse(response), call.id)


def explain_to_browser(call: Call, response: Response) -> None:
	"""Give Desk the contract's keys for an own method, in the forms that its request handler parses."""
	if not call.is_own or not (body := parse(response)):
		return
	failure = failure_of(call, response)
	if failure.status == errors.UNEXPECTED and call.error:
		errors.log_unexpected(call.error, call.method, call.id)
		frappe.db.commit()  # as above
	body.update({"message": None, "data": None, "exc": json.dumps([f"{failure.type}: {failure.text}"])})
	response.set_data(json.dumps(body, separators=(",", ":")))


def parse(response: Response) -> dict[str, Any]:
	"""The JSON object of a reply, an empty one where the reply is something else."""
	if response.mimetype != "application/json" or response.direct_passthrough:
		return {}
	try:
		body = json.loads(response.get_data(as_text=True))
	except ValueError:
		return {}
	return body if isinstance(body, dict) else {}
