"""The contract in Frappe's request cycle: one function per hook, in the order in which Frappe runs them."""

import json
from typing import Any

from werkzeug.wrappers import Request, Response

import frappe

from orchestrator.access import switch
from orchestrator.api import call as calls
from orchestrator.api import charges, conditional, errors, file_privacy, key_guard, raw_replies, route
from orchestrator.api.call import ApiCall
from orchestrator.api.limits import Allowance
from orchestrator.api.preflight import check_call
from orchestrator.api.request_text import describe_unusable_json

FIRST_ERROR = 400


def before_request() -> None:
	"""Handle the hook before_request. The caller is not known yet; a token's owner still looks like a guest."""
	request = frappe.local.request
	call = calls.parse_call(request)
	calls.set_current_call(call)
	charges.begin_request(request)
	if call and (call.is_own or not call.from_browser):
		switch.require()
	if call and not call.from_browser:
		# Frappe answers an error as a web page unless asked for JSON; the contract is JSON by every path.
		request.environ["HTTP_ACCEPT"] = "application/json"
		if route.is_override_skipped(request):
			frappe.form_dict.cmd = call.method  # Frappe looks up overrides by this name


def authorize() -> None:
	"""Handle the hook auth_hooks. The caller is known now: charge the rate limit, then check the request."""
	request, call = frappe.local.request, calls.get_current_call()
	api_request = charges.get_current_request()
	if request.method == "OPTIONS":
		return
	if api_request is None:
		key_guard.check_request(request)
		return
	try:
		charges.charge_request(api_request)
		key_guard.check_request(request)
		charges.raise_refused_verb(api_request, request)
		file_privacy.normalize_parameter(route.get_requested_method(request))
		file_privacy.normalize_record(route.find_route(request))
		if call is None:
			raw_replies.begin_replay(api_request, request)
		elif not call.from_browser:
			check_call(call)
	except Exception as error:
		if call:
			call.error = error
		raise


def after_request(response: Response | None, request: Request) -> None:
	"""Handle the hook after_request, also reached by every handled exception."""
	if response is None or request.method == "OPTIONS":
		return
	call = calls.get_current_call() or calls.parse_call(request)
	is_error = response.status_code >= FIRST_ERROR
	allowance = charges.charge_failed_sign_in(request, response.status_code) if is_error else None
	refused = allowance if allowance and not allowance.granted else None
	if call and is_error and call.from_browser:
		_rewrite_for_browser(call, response)
	elif call and is_error:
		_rewrite_for_client(call, response, refused)
	if refused and not (call and not call.from_browser):
		_rewrite_refusal(response, refused)
	key_guard.add_missing_scope(response)
	for source in (call, charges.get_current_request()):
		response.headers.extend(source.headers if source else {})
	conditional.finish_reply(response)
	raw_replies.finish_reply(response)  # last: whatever fails here, the reply is complete


def _rewrite_for_client(call: ApiCall, response: Response, refused: Allowance | None) -> None:
	"""Replace Frappe's error reply by the contract's."""
	failure = key_guard.explain_failure(_find_failure(call, response))
	if refused:
		failure = errors.ErrorReply(429, "TooManyRequestsError", charges.build_rate_limit_message(refused))
	body = {**failure.build_body(), "data": call.error_data}
	if failure.is_logged:
		body["request_id"] = call.id
		if call.error and frappe.db:
			errors.create_error_log(call.error, call.method, call.id)
			frappe.db.commit()  # the request itself is rolled back already: this commits the log only
	response.status_code = failure.status
	response.mimetype = "application/json"
	response.set_data(json.dumps(body, separators=(",", ":")))


def _rewrite_refusal(response: Response, refused: Allowance) -> None:
	"""Replace the reply to a failed sign-in by a 429 in the form that Frappe's own clients read."""
	text = charges.build_rate_limit_message(refused)
	message = json.dumps({"message": text, "indicator": "red", "raise_exception": 1})
	body = {"exc_type": "TooManyRequestsError", "_server_messages": json.dumps([message])}
	response.status_code = 429
	response.mimetype = "application/json"
	response.set_data(json.dumps(body, separators=(",", ":")))


def _find_failure(call: ApiCall, response: Response) -> errors.ErrorReply:
	"""Return the failure: the error itself if the method raised it, otherwise the one described by Frappe's
	reply.
	"""
	if call.error:
		return errors.build_error_reply(call.error, call.id)
	if text := describe_unusable_json(frappe.local.request):
		return errors.ErrorReply(400, "InvalidRequestError", text)
	return errors.build_error_reply_from_body(response.status_code, _parse_body(response), call.id)


def _rewrite_for_browser(call: ApiCall, response: Response) -> None:
	"""Add the contract's keys to the reply of an own method, as Desk's request handler parses them."""
	if not call.is_own or not (body := _parse_body(response)):
		return
	failure = _find_failure(call, response)
	if failure.status == errors.UNEXPECTED_STATUS and call.error:
		errors.create_error_log(call.error, call.method, call.id)
		frappe.db.commit()  # as above
	body.update(
		{"message": None, "data": call.error_data, "exc": json.dumps([f"{failure.type}: {failure.text}"])}
	)
	response.set_data(json.dumps(body, separators=(",", ":")))


def _parse_body(response: Response) -> dict[str, Any]:
	"""Return the JSON object of a reply, an empty one if the reply is something else."""
	if response.mimetype != "application/json" or response.direct_passthrough:
		return {}
	try:
		body = json.loads(response.get_data(as_text=True))
	except ValueError:
		return {}
	return body if isinstance(body, dict) else {}
