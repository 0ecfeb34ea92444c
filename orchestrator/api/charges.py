"""The caller that the rate limit charges for a request, and the requests that it exempts.

Every API request of a token, a bearer or a guest is charged, by whatever path, verb, parameter or header it
comes. A session cookie that itself authenticated the caller is exempt. The buckets are in `limits`.
"""

from dataclasses import dataclass, field
from urllib.parse import unquote

from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Request

import frappe
from frappe import _

from orchestrator.api import call as calls
from orchestrator.api import limits
from orchestrator.api.client_address import get_client_address
from orchestrator.api.limits import Allowance
from orchestrator.api.route import find_route, get_requested_command, is_api_request
from orchestrator.configuration import get_settings
from orchestrator.exceptions import InvalidRequestError, refuse

DOCUMENTED_CALLS_ONLY = "Documented Calls"
LOGIN_PATH = "/api/method/login"


@dataclass
class ApiRequest:
	"""An API request: the session that its cookie resumed, and what the limit says of it."""

	session_id: str | None
	signs_in: bool
	headers: dict[str, str] = field(default_factory=dict)
	charged: bool = False


def begin_request(request: Request) -> None:
	"""Register the request before Frappe reads its token, to distinguish a session from a token."""
	api_request = (
		ApiRequest(_get_resumed_session(request), _is_sign_in(request)) if is_api_request(request) else None
	)
	frappe.local.orchestrator_api_request = api_request


def get_current_request() -> ApiRequest | None:
	"""Return the API request that is being answered, None for a page or a file."""
	return getattr(frappe.local, "orchestrator_api_request", None)


def charge_request(api_request: ApiRequest) -> None:
	"""Take a token from the caller's bucket, or from that of the address for guests and sign-ins.

	Raises:
		TooManyRequestsError: 429, the bucket is empty.
	"""
	if not _is_limited(api_request):
		return
	allowance = _charge_address() if api_request.signs_in else _charge_caller()
	_set_headers(api_request, allowance)
	if allowance and not allowance.granted:
		_refuse_request(api_request, allowance)


def charge_further_calls(count: int) -> None:
	"""Take tokens for the further calls that the request stands for, all of them or none.

	Raises:
		InvalidRequestError: 400, the bucket never holds as many.
		TooManyRequestsError: 429, it holds fewer at present.
	"""
	api_request = get_current_request()
	if count < 1 or api_request is None or not _is_limited(api_request):
		return
	settings = get_settings()
	if settings.rate_limit_enabled and count >= settings.rate_limit_user_capacity:
		text = _("The rate limit of this site allows {0} steps at once.")
		refuse(text.format(settings.rate_limit_user_capacity), InvalidRequestError)
	allowance = _charge_caller(count)
	_set_headers(api_request, allowance)
	if allowance and not allowance.granted:
		_refuse_request(api_request, allowance)


def charge_failed_sign_in(request: Request, status: int) -> Allowance | None:
	"""Charge the address for a request that failed before its caller was known: a wrong password, token or body.

	Returns:
		What is left, None if nothing had to be charged.
	"""
	api_request = get_current_request()
	rejected = _is_rejected_token(request, status)
	if api_request is None:
		if not (rejected or is_api_request(request)):
			return None
		api_request = ApiRequest(_get_resumed_session(request), signs_in=True)
		frappe.local.orchestrator_api_request = api_request
	elif status != frappe.AuthenticationError.http_status_code:
		return None
	if api_request.charged or (_has_caller_session(api_request) and not rejected):
		return None
	allowance = _charge_address()
	_set_headers(api_request, allowance)
	return allowance


def raise_refused_verb(api_request: ApiRequest, request: Request) -> None:
	"""Raise the router's own 405 with the limit's headers: past this point no hook sees that reply.

	Raises:
		MethodNotAllowedError: 405, the route does not answer this verb.
	"""
	error = None if get_requested_command() else find_route(request).error
	if isinstance(error, MethodNotAllowed):
		error.response = error.get_response(request.environ)
		error.response.headers.extend(api_request.headers)
		raise error


def build_rate_limit_message(allowance: Allowance) -> str:
	"""Return the message for a caller whose bucket is empty."""
	return _("Too many requests: {0} per minute are allowed. Try again in {1} seconds.").format(
		allowance.limit, allowance.retry_after
	)


def _get_resumed_session(request: Request) -> str | None:
	"""Return the id of the session that the request's cookie names and Frappe has resumed."""
	session = getattr(frappe.local, "session", None) or {}
	cookie = unquote(request.cookies.get("sid", ""))
	is_resumed = cookie and session.get("sid") == cookie and session.get("user") not in ("Guest", None)
	return cookie if is_resumed else None


def _is_sign_in(request: Request) -> bool:
	return get_requested_command() == "login" or request.path == LOGIN_PATH


def _is_rejected_token(request: Request, status: int) -> bool:
	return status == frappe.AuthenticationError.http_status_code and bool(
		request.headers.get("Authorization")
	)


def _is_limited(api_request: ApiRequest) -> bool:
	call = calls.get_current_call()
	if call is None:
		in_scope = get_settings().rate_limit_scope != DOCUMENTED_CALLS_ONLY
		return (in_scope or api_request.signs_in) and not _has_caller_session(api_request)
	# A script may use a session as well; of the documented calls, only those of a browser are exempt.
	return not (call.from_browser and _has_caller_session(api_request))


def _has_caller_session(api_request: ApiRequest) -> bool:
	"""Return True while the resumed session is still the request's own: a token replaces its id."""
	session = getattr(frappe.local, "session", None) or {}
	return bool(api_request.session_id) and session.get("sid") == api_request.session_id


def _charge_caller(cost: int = 1) -> Allowance | None:
	user = frappe.session.user
	if user == "Guest":
		return _charge_address()
	return limits.charge_token(f"user:{user}", get_settings().rate_limit_user_capacity, cost)


def get_caller_allowance() -> Allowance | None:
	"""Return what is left for the signed-in caller, without a charge."""
	return limits.read_allowance(f"user:{frappe.session.user}", get_settings().rate_limit_user_capacity)


def _charge_address() -> Allowance | None:
	return limits.charge_token(f"ip:{get_client_address()}", get_settings().rate_limit_guest_capacity)


def _set_headers(api_request: ApiRequest, allowance: Allowance | None) -> None:
	"""Set the headers of the reply by the allowance."""
	api_request.charged = True
	if allowance:
		api_request.headers.update(allowance.build_headers())


def _refuse_request(api_request: ApiRequest, allowance: Allowance) -> None:
	if api_request.signs_in and frappe.session.user != "Guest":
		frappe.local.login_manager.logout()  # a refusal must not reveal that the password was right
	# For a page, Frappe would answer 429 without any content, which no server can send.
	frappe.local.request.environ["HTTP_ACCEPT"] = "application/json"
	frappe.local.flags.disable_traceback = True
	refuse(build_rate_limit_message(allowance), frappe.TooManyRequestsError)
