"""Cursors of list requests: where a page ends, encrypted for the caller and bound to the request.

A cursor holds the sort values of a row, which may be personal or unreadable to the caller. Its key is derived from the
site's encryption key and the user, so that nobody reads, changes or invents one, and it works for its user only.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken

import frappe
from frappe import _
from frappe.utils.password import get_encryption_key

from orchestrator.exceptions import InvalidRequestError, refuse

FIRST_PAGE: Final = "*"
PURPOSE: Final = "orchestrator-cursor"

SortValues = Sequence[str | None]


def encrypt_cursor(values: SortValues, request: Any) -> str:
	"""Return the cursor of the page behind a row.

	Args:
		values: The row's sort values.
		request: What the cursor is bound to, as JSON data: the DocType, the filters and the order.
	"""
	content = json.dumps([_compute_digest(request), list(values)], separators=(",", ":"))
	return _build_cipher().encrypt(content.encode()).decode().rstrip("=")


def parse_cursor(cursor: str, request: Any) -> SortValues | None:
	"""Return the sort values of the row behind which the page starts, None for the first page.

	Raises:
		InvalidRequestError: 400. The cursor is none of this user's, or belongs to another request.
	"""
	if cursor == FIRST_PAGE:
		return None
	try:
		padded = cursor + "=" * (-len(cursor) % 4)
		digest, values = json.loads(_build_cipher().decrypt(padded.encode()))
	except InvalidToken:
		refuse(
			_(
				"cursor is not valid. Send {0} for the first page, then the next_cursor of the page before, unchanged and as the same user."
			).format(FIRST_PAGE),
			InvalidRequestError,
		)
	if digest != _compute_digest(request):
		refuse(
			_(
				"cursor belongs to another request. Repeat the doctype, parent, filters, or_filters and order_by of the page it came with, or send {0} to start again."
			).format(FIRST_PAGE),
			InvalidRequestError,
		)
	return list(values)


def _compute_digest(request: Any) -> str:
	text = json.dumps(request, sort_keys=True, default=str)
	return base64.b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode()


def _build_cipher() -> Fernet:
	message = f"{PURPOSE}\0{frappe.session.user}".encode()
	secret = hmac.new(get_encryption_key().encode(), message, hashlib.sha256).digest()
	return Fernet(base64.urlsafe_b64encode(secret))
