"""Encryption of stored replies, so that only the caller who sends the same Idempotency-Key can read them.

The cipher's key is derived from the site's encryption key, the user and the Idempotency-Key, which is stored nowhere:
neither a report nor a backup of the database holds what opens a reply.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

import frappe
from frappe.utils.password import get_encryption_key
from frappe.utils.response import json_handler

PURPOSE = "orchestrator-idempotency"


def compute_digest(*parts: str) -> bytes:
	"""Return a keyed digest of `parts`: without the site's key, their values cannot be guessed by trying."""
	return compute_keyed_digest(PURPOSE, *parts)


def compute_keyed_digest(purpose: str, *parts: str) -> bytes:
	"""Return the same for another purpose, so that digests of different purposes never agree."""
	message = "\0".join((purpose, *parts)).encode()
	return hmac.new(get_encryption_key().encode(), message, hashlib.sha256).digest()


def encrypt_reply(content: dict[str, Any], secret: bytes) -> str:
	"""Return `content` as JSON, encrypted with `secret`."""
	text = json.dumps(content, default=json_handler, separators=(",", ":"))
	return _build_cipher(secret).encrypt(text.encode()).decode()


def decrypt_reply(sealed: str, secret: bytes) -> dict[str, Any] | None:
	"""Return the content given to `encrypt_reply`, None if the site's encryption key has changed since."""
	try:
		return frappe.parse_json(_build_cipher(secret).decrypt(sealed.encode()).decode())
	except InvalidToken:
		return None


def _build_cipher(secret: bytes) -> Fernet:
	return Fernet(base64.urlsafe_b64encode(secret))
