"""The decorator of every whitelisted method under the contract: envelope, status, retries, error capture.

	@frappe.whitelist(methods=["POST"])
	@endpoint(_lt("Opportunity moved"), effect=WRITES)
	def advance_opportunity(opportunity: str, new_status: str) -> dict: ...

The function returns plain data. Called from Python it is a plain function; as the target of a request its
result becomes the reply.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, ParamSpec, TypeVar, get_args, get_origin

from werkzeug.wrappers import Response

import frappe

from orchestrator.api import conditional, errors, idempotency
from orchestrator.api.call import ApiCall, get_current_call
from orchestrator.api.lost_connection import translate_lost_connection
from orchestrator.exceptions import UnexpectedError, refuse

Effect = Literal["reads", "writes", "creates"]
READ: Effect = "reads"
WRITE: Effect = "writes"
CREATE: Effect = "creates"
CREATED_STATUS = 201
# From this status on, Frappe stores the error with the local variables of every frame.
FIRST_LOGGED_STATUS = 500

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Listing:
	"""Rows of a list reply, and the fields in each, in the order asked for.

	`page` holds what else the reply says of the page: next_cursor, has_more, total.
	"""

	rows: list[Any]
	keys: list[str]
	page: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class UnchangedRecord:
	"""A record that a create call found to exist already. The status is 200 instead of 201."""

	data: Any


def endpoint(
	message: Any = None, *, effect: Effect, is_public: bool = True
) -> Callable[[Callable[P, R]], Callable[P, R]]:
	"""Make a function answer under the contract.

	Args:
		message: The reply's sentence, lazily translated (`_lt`). Without one the result itself is the message as well,
			which is what clients of Frappe's own methods read.
		effect: Decides between 200 and 201 and whether an Idempotency-Key is honoured.
		is_public: False for a function that answers in place of a platform method and is no call of this API.
	"""

	def decorate(function: Callable[P, R]) -> Callable[P, R]:
		documented_types = dict(function.__annotations__)
		function.__annotations__ = _strip_annotated(documented_types)

		@functools.wraps(function)
		def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
			call = get_current_call()
			if call is None or call.entered or not _is_requested(call, function):
				return function(*args, **kwargs)
			call.entered = True
			try:
				return _answer_call(call, functools.partial(function, *args, **kwargs), message, effect)  # type: ignore[return-value]
			except Exception as raised:
				error = translate_lost_connection(raised)
				call.error = error
				if getattr(error, "http_status_code", 500) >= FIRST_LOGGED_STATUS:
					refuse(errors.build_error_reply(error, call.id).text, UnexpectedError)
				if error is not raised:
					raise error from raised
				raise

		wrapper.__annotations__ = (
			function.__annotations__
		)  # Python 3.14 does not copy annotations that were set
		wrapper.documented_types = documented_types  # type: ignore[attr-defined]  # see get_documented_types
		wrapper.effect = effect if is_public else None  # type: ignore[attr-defined]  # survives frappe.whitelist, see get_effect
		return wrapper

	return decorate


def get_effect(function: Callable[..., Any]) -> Effect | None:
	"""Return the effect of a whitelisted function, None if it is not under the contract."""
	return getattr(function, "effect", None)


def get_documented_types(function: Callable[..., Any]) -> dict[str, Any]:
	"""Return the types of the parameters and of the result of an endpoint, with `Annotated` metadata."""
	return function.documented_types  # type: ignore[attr-defined]


def _strip_annotated(types: dict[str, Any]) -> dict[str, Any]:
	"""Return the plain types. Frappe validates arguments by them and names them in its messages; the metadata
	of `Annotated` is for the OpenAPI document.
	"""
	return {
		name: get_args(kind)[0] if get_origin(kind) is Annotated else kind for name, kind in types.items()
	}


def _is_requested(call: ApiCall, function: Callable[..., Any]) -> bool:
	"""Return True if the request's target is `function`, False if Python code calls it during the request."""
	target = frappe.get_attr(frappe.override_whitelisted_method(call.method))
	return inspect.unwrap(target) is inspect.unwrap(function)


def _answer_call(
	call: ApiCall, work: functools.partial[Any], message: Any, effect: Effect
) -> Response | None:
	"""Run the function, unless an earlier request with the same Idempotency-Key did, and fill the reply.

	A reply that the function made itself, such as the bytes of a file, is sent unchanged.
	"""
	claim = idempotency.claim_key(call.method, applies=effect != READ)
	if claim and (earlier := idempotency.find_reply(claim)):
		call.headers[idempotency.REPLAYED_HEADER] = "true"
		_fill_reply(call, earlier.data, earlier.message, earlier.status)
		return None
	call.function = f"{work.func.__module__}.{work.func.__qualname__}"
	# A function that makes its reply itself, such as a download, checks the conditions itself as well.
	makes_reply = work.func.__annotations__.get("return") is Response
	target = None if makes_reply else conditional.begin_call(call, work.keywords, is_read=effect == READ)
	try:
		data = work()
	except conditional.NotModifiedError as error:
		frappe.response["http_status_code"] = error.http_status_code
		return None
	if isinstance(data, Response):
		if claim:
			idempotency.delete_claim(claim)
		return data
	status = CREATED_STATUS if effect == CREATE and not isinstance(data, UnchangedRecord) else 200
	data = data.data if isinstance(data, UnchangedRecord) else data
	conditional.finish_call(call, target, data)
	text = data if message is None else str(message)
	if claim:
		idempotency.store_reply(claim, data, text, status)
	_fill_reply(call, data, text, status)
	return None


def _fill_reply(call: ApiCall, data: Any, message: Any, status: int) -> None:
	"""Write the success reply to frappe.response.

	Desk gets status 200, because it runs its handlers only on 200.
	"""
	if isinstance(data, Listing):
		frappe.response["keys"] = data.keys
		frappe.response.update(data.page)
		data = data.rows
		message = data if isinstance(message, Listing) else message
	frappe.response["message"] = message
	frappe.response["data"] = data
	frappe.response["exc"] = ""
	if status != 200 and not call.from_browser:
		frappe.response["http_status_code"] = status
