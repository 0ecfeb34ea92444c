"""JSON-RPC messages of the protocol: parsed, answered and refused."""

from dataclasses import dataclass
from typing import Any, Final, NoReturn

from werkzeug.wrappers import Response

import frappe

JSONRPC_VERSION: Final = "2.0"
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
# Revisions of the protocol that begin with `initialize`, the latest first
VERSIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26")
# The revision of clients that send no header
DEFAULT_VERSION: Final = "2025-03-26"
VERSION_HEADER: Final = "MCP-Protocol-Version"
ACCEPTED: Final = 202
BAD_REQUEST: Final = 400


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
	params: dict[str, Any]


def parse_message(body: Any) -> Message:
	"""Return the message of a request's body.

	Raises:
		ProtocolError: the body is no JSON-RPC request or notification.
	"""
	if not isinstance(body, dict) or body.get("jsonrpc") != JSONRPC_VERSION:
		refuse_message(INVALID_REQUEST, "Send one JSON-RPC 2.0 message as a JSON object.")
	number, method, params = body.get("id"), body.get("method"), body.get("params")
	if not isinstance(method, str) or isinstance(number, bool) or not isinstance(number, str | int | None):
		refuse_message(INVALID_REQUEST, "method must be a string, and id a string or an integer.")
	if not isinstance(params, dict | None):
		refuse_message(INVALID_PARAMS, "params must be an object.")
	return Message(number, method, params or {})


def refuse_message(code: int, text: str) -> NoReturn:
	"""Refuse a message with a code of JSON-RPC."""
	raise ProtocolError(code, text)


def check_version() -> None:
	"""Refuse a message of a revision of the protocol that this server does not speak.

	Raises:
		ProtocolError: the header names another revision.
	"""
	version = frappe.request.headers.get(VERSION_HEADER, DEFAULT_VERSION)
	if version not in VERSIONS:
		refuse_message(INVALID_REQUEST, f"{VERSION_HEADER} must be one of {', '.join(VERSIONS)}.")


def build_result(message: Message, result: dict[str, Any]) -> Response:
	"""Return the reply to a request."""
	return _build_reply({"jsonrpc": JSONRPC_VERSION, "id": message.id, "result": result}, 200)


def build_error(number: str | int | None, error: ProtocolError) -> Response:
	"""Return the reply to a request that cannot be answered."""
	status = BAD_REQUEST if error.code == INVALID_REQUEST else 200
	body = {"code": error.code, "message": error.message}
	return _build_reply({"jsonrpc": JSONRPC_VERSION, "id": number, "error": body}, status)


def build_acceptance() -> Response:
	"""Return the reply to a notification: no body."""
	return Response(status=ACCEPTED)


def _build_reply(body: dict[str, Any], status: int) -> Response:
	return Response(frappe.as_json(body, indent=None), status=status, mimetype="application/json")
