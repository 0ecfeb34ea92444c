"""Secrets and signatures of the Standard Webhooks specification, version 1. No Frappe."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix of all secrets
SECRET_BYTES = 32
# As the specification bounds them.
MIN_SECRET_BYTES = 24
MAX_SECRET_BYTES = 64
ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"


def generate_secret() -> str:
	"""Return a new random secret."""
	return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_valid_secret(secret: str) -> bool:
	"""Return True for `whsec_` followed by 24 to 64 bytes in base64."""
	if not secret.startswith(SECRET_PREFIX):
		return False
	try:
		key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
	except (binascii.Error, ValueError):
		return False
	return MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES


def compute_signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
	"""Return the signature of a message by one secret, such as `v1,K5oZfz…`."""
	key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
	signed = f"{message_id}.{timestamp}.".encode() + body
	digest = hmac.new(key, signed, hashlib.sha256).digest()
	return f"v1,{base64.b64encode(digest).decode()}"


def build_signature_headers(
	signing_secrets: Iterable[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
	"""Return the three headers of a message. It has one signature for each valid secret."""
	signatures = [compute_signature(secret, message_id, timestamp, body) for secret in signing_secrets]
	return {
		ID_HEADER: message_id,
		TIMESTAMP_HEADER: str(timestamp),
		SIGNATURE_HEADER: " ".join(signatures),
	}


def compute_frappe_signature(secret: str, body: bytes) -> str:
	"""Return the signature that Frappe sends of its own, where *Enable Security* is on."""
	return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
