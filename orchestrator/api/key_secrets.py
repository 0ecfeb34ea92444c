"""Secrets of API keys: made, hashed and compared.

A secret has 256 random bits, so that a fast hash is enough: there is nothing to guess. It is stored nowhere.
"""

import hashlib
import hmac
import secrets

KEY_PREFIX = "key-"
# Frappe splits a token at every colon, and leaves one with two of them to the auth hooks, as of an unknown kind.
SECRET_PREFIX = "s1:"  # noqa: S105  # the part that all secrets have in common
KEY_BYTES, SECRET_BYTES = 8, 32


def create_key_name() -> str:
	"""Return a new public identifier of a key, which is the name of its record."""
	return KEY_PREFIX + secrets.token_hex(KEY_BYTES)


def create_secret() -> str:
	"""Return a new secret."""
	return SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def compute_hash(secret: str) -> str:
	"""Return what is stored of a secret."""
	return hashlib.sha256(secret.encode()).hexdigest()


def is_secret(secret: str, stored_hash: str | None) -> bool:
	"""Return True for the secret with this hash, in a time that does not depend on where they differ."""
	return hmac.compare_digest(compute_hash(secret), stored_hash or "")
