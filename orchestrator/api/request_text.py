"""Refuse requests whose text is not UTF-8. What cannot be decoded would be stored as replacement characters."""

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from werkzeug.wrappers import Request

import frappe
from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

FORM_TYPES: Final = "application/x-www-form-urlencoded"
REPLACEMENT: Final = "\ufffd"
SURROGATE_ESCAPE: Final = b"\\ud"


def reject_undecodable_text() -> None:
	"""Refuse a request whose text is not UTF-8, or contains a lone surrogate.

	Raises:
		InvalidRequestError: 400.
	"""
	request = frappe.local.request
	_check_utf8(unquote_to_bytes(request.query_string))
	body = request.get_data(cache=True)
	if request.is_json:
		_check_utf8(body)
		if SURROGATE_ESCAPE in body.lower():
			_check_texts(frappe.form_dict)
	elif request.mimetype == FORM_TYPES:
		_check_utf8(unquote_to_bytes(body))
	elif REPLACEMENT.encode() not in body and any(
		REPLACEMENT in text for text in _iterate_texts(frappe.form_dict)
	):
		_refuse_encoding()


def describe_unusable_json(request: Request) -> str | None:
	"""Return the problem of a JSON body that is valid but that Frappe refuses as 422 or 500, else None."""
	if not request.is_json or not (body := request.get_data(cache=True)):
		return None
	try:
		parsed = json.loads(body)
	except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
		return None
	except ValueError:  # of Python's int(): too many digits
		return _("A number in the body has too many digits.")
	return None if isinstance(parsed, dict | list) else _("The body must be a JSON object.")


def _check_utf8(body: bytes) -> None:
	"""Refuse bytes that are not UTF-8."""
	try:
		body.decode()
	except UnicodeDecodeError:
		_refuse_encoding()


def _check_texts(value: Any) -> None:
	"""Refuse texts that UTF-8 cannot encode."""
	for text in _iterate_texts(value):
		try:
			text.encode()
		except UnicodeEncodeError:
			_refuse_encoding()


def _iterate_texts(value: Any) -> Iterator[str]:
	"""Yield every text within a value of the request, names included."""
	if isinstance(value, str):
		yield value
	elif isinstance(value, dict):
		for name, item in value.items():
			yield str(name)
			yield from _iterate_texts(item)
	elif isinstance(value, list):
		for item in value:
			yield from _iterate_texts(item)


def _refuse_encoding() -> None:
	"""Refuse the request's encoding, without quoting its content."""
	refuse(_("The request is not valid UTF-8. Encode all text as UTF-8."), InvalidRequestError)
