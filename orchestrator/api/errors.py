"""The table of error classes with their statuses and texts for API clients."""

import json
import traceback
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.utils import strip_html

# By the name of the exception's class, or of the first of its bases that is in the table. Names, not classes:
# the suite's apps each have their own, and not every app is installed.
STATUS_BY_NAME: dict[str, int] = {
	# 400: the request is malformed
	"InvalidRequestError": 400,
	"CSRFTokenError": 400,
	"DataError": 400,
	"FrappeTypeError": 400,
	"InvalidColumnName": 400,
	"JSONDecodeError": 400,
	"RecursionError": 400,  # raised by the JSON parser: nested too deeply
	# 401: the caller is not authenticated
	"AuthenticationError": 401,
	"InvalidAuthorizationHeader": 401,
	"InvalidAuthorizationPrefix": 401,
	"InvalidAuthorizationToken": 401,
	"SessionExpired": 401,
	# 403, 404, 405
	"PermissionError": 403,
	"DoesNotExistError": 404,
	"PageDoesNotExistError": 404,
	"MethodNotAllowedError": 405,
	# 409: the state of the record, or of another one, forbids it
	"CancelledLinkError": 409,
	"ConflictError": 409,
	"DocstatusTransitionError": 409,
	"DocumentLockedError": 409,
	"DuplicateEntryError": 409,
	"LinkExistsError": 409,
	"OverlapError": 409,
	"QueryDeadlockError": 409,
	"TimestampMismatchError": 409,
	"UniqueValidationError": 409,
	"UpdateAfterSubmitError": 409,
	# 412: If-Match names another state of the record
	"PreconditionFailedError": 412,
	# the rest
	"BatchTooLargeError": 413,
	"ExpiredTokenError": 410,
	"MaxFileSizeReachedError": 413,
	"UnsupportedMediaType": 415,
	"FailedDependencyError": 424,
	"RateLimitExceededError": 429,
	"TooManyRequestsError": 429,
	"UnexpectedError": 500,
	"MissingAppError": 501,
	"OutgoingEmailError": 501,
	"DatabaseUnavailableError": 503,
	"InReadOnlyMode": 503,
	"QueryTimeoutError": 503,
	"QueueOverloaded": 503,
	"SessionStopped": 503,
	"StorageError": 507,
	# 422: any other refusal of the data
	"ValidationError": 422,
}
UNEXPECTED_STATUS = 500
# Raised by the parser of the body before any method runs.
NON_JSON_TYPES = ("JSONDecodeError", "RecursionError")
# Errors whose reply carries the id that finds their Error Log.
LOGGED_TYPES = frozenset({"DatabaseUnavailableError"})
FRAPPE_VALIDATION = 417


@dataclass(frozen=True)
class ErrorReply:
	"""The part of a reply that describes an error to an API client."""

	status: int
	type: str
	text: str

	@property
	def is_logged(self) -> bool:
		"""Return True where an Error Log has more to say: the reply then carries the ID that finds it."""
		return self.status == UNEXPECTED_STATUS or self.type in LOGGED_TYPES

	def build_body(self) -> dict[str, Any]:
		"""Return the error reply of the API reference."""
		return {
			"message": None,
			"data": None,
			"exc": f"{self.type}: {self.text}",
			"exc_type": self.type,
			"_server_messages": [json.dumps([self.type, self.text])],
		}


def get_status(error: BaseException) -> int:
	"""Return the status of the contract for `error`."""
	for cls in type(error).__mro__:
		# Python's own PermissionError is a file that can't be read, not a refusal.
		if cls.__module__ != "builtins" and cls.__name__ in STATUS_BY_NAME:
			return STATUS_BY_NAME[cls.__name__]
	native = getattr(error, "http_status_code", UNEXPECTED_STATUS)
	return STATUS_BY_NAME["ValidationError"] if native == FRAPPE_VALIDATION else native


def build_error_reply(error: BaseException, request_id: str) -> ErrorReply:
	"""Return the reply for `error`. Of an unforeseen one, it contains only the ID that finds it in the log."""
	status = get_status(error)
	if status == UNEXPECTED_STATUS:
		return _build_unexpected_error(request_id)
	if status == 403 and frappe.session.user == "Guest":
		return _build_unauthenticated_error()
	return ErrorReply(status, type(error).__name__, get_error_text(error) or get_default_text(status))


def _explain_unreadable_body() -> ErrorReply:
	"""Return the reply for a body for which Frappe 16 raised a DataError, before any method ran.

	Frappe 15 parses with Python's own parser: what that accepts is refused later, by the checks of values.
	"""
	try:
		json.loads(frappe.request.get_data(as_text=True))
	except RecursionError:
		return ErrorReply(400, NON_JSON_TYPES[1], _("The body is not valid JSON. Send a JSON object."))
	except ValueError:
		return ErrorReply(400, NON_JSON_TYPES[0], _("The body is not valid JSON. Send a JSON object."))
	return ErrorReply(
		400,
		"InvalidRequestError",
		_(
			"The body has text that is not valid UTF-8, or a number that is not finite. Send the text as UTF-8."
		),
	)


def build_error_reply_from_body(status: int, body: dict[str, Any], request_id: str) -> ErrorReply:
	"""Return the reply for an error outside the called method, of which only Frappe's reply is known."""
	name = body.get("exc_type") or next((entry.get("type") for entry in body.get("errors") or []), "")
	if name == "DataError" and frappe.request.is_json and not frappe.form_dict:
		return _explain_unreadable_body()
	status = STATUS_BY_NAME.get(name, 422 if status == FRAPPE_VALIDATION else status)
	if status == UNEXPECTED_STATUS:
		return _build_unexpected_error(request_id)
	if status == 403 and frappe.session.user == "Guest":
		return _build_unauthenticated_error()
	# For a body that is not JSON, Python's own message would quote the body.
	text = (
		_("The body is not valid JSON. Send a JSON object.") if name in NON_JSON_TYPES else get_logged_text()
	)
	return ErrorReply(status, name or "Error", text or get_default_text(status))


def _build_unauthenticated_error() -> ErrorReply:
	"""Return the refusal for a caller without credentials."""
	return ErrorReply(401, "AuthenticationError", get_default_text(401))


def _build_unexpected_error(request_id: str) -> ErrorReply:
	"""Return the text for an unforeseen error."""
	text = _(
		"Something went wrong. Give your administrator the request ID {0}; the details are in the Error Log."
	)
	return ErrorReply(UNEXPECTED_STATUS, "InternalServerError", text.format(request_id))


def get_default_text(status: int) -> str:
	"""Return the text for an error that has none itself."""
	texts = {
		400: _("The request is malformed."),
		401: _("Sign in first, or send a valid API token (Authorization: token key:secret) or bearer token."),
		403: _("You do not have permission to do this. Ask your administrator for access."),
		404: _("Not found."),
		409: _("The record is in use or was changed in the meantime. Read it again and repeat the request."),
		429: _("Too many requests. Wait for the time given in the Retry-After header."),
		503: _("The site is busy or in maintenance. Try again later."),
	}
	return texts.get(status, _("The request was refused."))


def get_error_text(error: BaseException) -> str:
	"""Return the text of `error`: the message of frappe.throw, otherwise its own."""
	return get_logged_text() or strip_markup(str(error.args[-1]) if error.args else "")


def get_logged_text() -> str:
	"""Return the last message that frappe.throw left for this request."""
	for entry in reversed(frappe.local.message_log or []):
		if isinstance(entry, dict) and entry.get("raise_exception"):
			return strip_markup(entry.get("message") or "")
	return ""


def strip_markup(html: str) -> str:
	"""Return text without mark-up, on one line."""
	return " ".join(strip_html(str(html)).split())


def create_error_log(error: BaseException, method: str, request_id: str) -> None:
	"""Write an Error Log that `request_id` finds. It has only frames and the error's class: the message or
	the local variables of an unforeseen error may contain personal data.
	"""
	frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
	log = frappe.new_doc("Error Log")
	log.method = f"{request_id} {method}"[:140]
	log.error = f"Request {request_id}: {type(error).__name__} in {method}\n\n{frames}"
	log.insert(ignore_permissions=True)  # the caller needs no permission to write logs
