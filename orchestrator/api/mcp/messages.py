"""JSON-RPC messages of the protocol: parsed, answered and refused."""

from dataclasses import dataclass
from typing import Any, Final, NoReturn

from werkzeug.wrappers import Response

import frappe
from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

JSONRPC_VERSION: Final = "2.0"
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
# Revisions of the protocol that begin with `initialize`, the latest first
VERSIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26")
# The revision of clients that send no header
DEFAULT_VERSION: Final = "2025-03-26"
VERSION_HEADER: Final = "MCP-Protocol-Version"
ACCEPTED: Final = 202


class ProtocolError(Exception):
	"""A message that cannot be answered, with the code of JSON-RPC for the reason."""

	def __init__(self, code: int, message: str) -> None:
		super().__init__(message)
		self.code = code
		self.message = message


@dataclass(frozen=True)
class Message:
	"""A request, or a notification, which has no ID and gets no reply."""

	id: str | int | None
	method: str
	params: Any


def parse_message(body: Any) -> Message:
	"""Return the message of a request's body.

	Raises:
		InvalidRequestError: 400. The body is no JSON-RPC request or notification.
	"""
	if not isinstance(body, dict) or body.get("jsonrpc") != JSONRPC_VERSION:
		refuse(_("Send one JSON-RPC 2.0 message as a JSON object."), InvalidRequestError)
	number, method, params = body.get("id"), body.get("method"), body.get("params")
	if not isinstance(method, str) or isinstance(number, bool) or not isinstance(number, str | int | None):
		refuse(_("method must be a string, and id a string or an integer."), InvalidRequestError)
	return Message(number, method, {} if params is None else params)


def refuse_message(code: int, text: str) -> NoReturn:
	"""Refuse a message with a code of JSON-RPC."""
	raise ProtocolError(code, text)


def check_version() -> None:
	"""Refuse a message of a revision of the protocol that this server does not speak.

	Raises:
		InvalidRequestError: 400. The header names another revision.
	"""
	version = frappe.request.headers.get(VERSION_HEADER, DEFAULT_VERSION)
	if version not in VERSIONS:
		refuse(_("{0} must be one of {1}.").format(VERSION_HEADER, ", ".join(VERSIONS)), InvalidRequestError)


def build_result(message: Message, result: dict[str, Any]) -> Response:
	"""Return the reply to a request."""
	return _build_reply(message, {"result": result})


def build_error(message: Message, error: ProtocolError) -> Response:
	"""Return the reply to a request that cannot be answered."""
	return _build_reply(message, {"error": {"code": error.code, "message": error.message}})


def build_acceptance() -> Response:
	"""Return the reply to a notification: no body."""
	return Response(status=ACCEPTED)


def _build_reply(message: Message, body: dict[str, Any]) -> Response:
	text = frappe.as_json({"jsonrpc": JSONRPC_VERSION, "id": message.id, **body}, indent=None)
	return Response(text, mimetype="application/json")
