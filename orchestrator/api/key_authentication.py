"""Sign requests in by the API keys of this app: several per user, beside the one key that Frappe has.

They come in the same headers, `token key:secret` and Basic. Frappe answers 401 to a key that it does not know before it
asks any hook. The secrets have a colon in them, so that Frappe takes such a header for one of another kind.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import NamedTuple

import frappe
from frappe import _

from orchestrator import clock
from orchestrator.access import key_patches
from orchestrator.access.key_scope import parse_scope, set_scope
from orchestrator.access.outside_recipients import parse_recipient
from orchestrator.api.client_address import get_client_address
from orchestrator.api.key_addresses import is_address_allowed
from orchestrator.api.key_secrets import KEY_PREFIX, SECRET_PREFIX, is_secret
from orchestrator.doctypes import API_KEY
from orchestrator.exceptions import refuse

LAST_USE_INTERVAL = timedelta(minutes=1)
HEADER_PARTS = 2


class Credentials(NamedTuple):
	"""The key and the secret of a request."""

	key: str
	secret: str


def authenticate() -> None:
	"""Handle the hook auth_hooks: sign in the user of the key that the request brings, and limit it to the key's scope.

	Raises:
		AuthenticationError: 401, the key may not be used, or a session of another user came with it.
	"""
	frappe.local.orchestrator_api_key = None
	credentials = _parse_header(frappe.get_request_header("Authorization", ""))
	if credentials is None:
		return
	key = _get_key(credentials.key)
	if key is None or not _has_valid_secret(key, credentials.secret):
		raise frappe.AuthenticationError
	_check_use(key)
	_sign_in(key)
	_note_use(key)


def get_current_key() -> str | None:
	"""Return the name of the API key that signed this request in, None where another way did."""
	return getattr(frappe.local, "orchestrator_api_key", None)


def _parse_header(header: str) -> Credentials | None:
	"""Return the credentials of a header that has a key of this app, None for any other."""
	parts = header.split(" ")
	if len(parts) != HEADER_PARTS or parts[0].lower() not in ("token", "basic"):
		return None
	text = parts[1]
	if parts[0].lower() == "basic":
		try:
			text = base64.b64decode(text, validate=True).decode()
		except (binascii.Error, ValueError):
			return None
	key, _colon, secret = text.partition(":")
	if not key.startswith(KEY_PREFIX) or not secret.startswith(SECRET_PREFIX):
		return None
	return Credentials(key, secret)


def _get_key(name: str) -> frappe._dict | None:
	"""Return a key as it is stored now: a revoked one must not work from a cache."""
	key, user = frappe.qb.DocType(API_KEY), frappe.qb.DocType("User")
	query = (
		frappe.qb.from_(key)
		.join(user)
		.on(user.name == key.user)
		.select(key.star, user.enabled.as_("is_user_enabled"))
		.where(key.name == name)
	)
	rows = query.run(as_dict=True)
	return rows[0] if rows and rows[0].name == name else None


def _has_valid_secret(key: frappe._dict, secret: str) -> bool:
	"""Return True for the secret of the key, and for the one before while both are valid."""
	if is_secret(secret, key.secret_hash):
		return True
	until: datetime | None = key.previous_secret_expires_on
	is_in_overlap = until is not None and until > clock.get_now()
	return is_in_overlap and is_secret(secret, key.previous_secret_hash)


def _check_use(key: frappe._dict) -> None:
	"""Refuse (401) a key that may not be used now or from here. Only whoever has the secret is told why."""
	if not key.enabled:
		refuse(_("This API key is revoked. Use another one."), frappe.AuthenticationError)
	if not key.is_user_enabled:
		refuse(_("The user of this API key is disabled."), frappe.AuthenticationError)
	if key.expires_on and key.expires_on <= clock.get_now():
		refuse(_("This API key expired on {0}.").format(key.expires_on), frappe.AuthenticationError)
	if key.allowed_addresses and not is_address_allowed(
		address := get_client_address(), key.allowed_addresses
	):
		refuse(
			_("This API key may not be used from the address {0}.").format(address),
			frappe.AuthenticationError,
		)
	if frappe.session.user not in ("Guest", key.user):
		refuse(
			_("A session of another user came with this API key. Send only one of them."),
			frappe.AuthenticationError,
		)


def _sign_in(key: frappe._dict) -> None:
	form = frappe.local.form_dict
	frappe.set_user(key.user)
	frappe.local.form_dict = form
	frappe.local.orchestrator_api_key = key.name
	recipient = parse_recipient(key)
	if recipient or not key.full_access:
		key_patches.install_patches()
		set_scope(parse_scope(key.name, key.user, key.scope, recipient))


def _note_use(key: frappe._dict) -> None:
	"""Have the time of use written after the reply, at most once a minute."""
	now = clock.get_now()
	if not key.last_used_on or key.last_used_on < now - LAST_USE_INTERVAL:
		frappe.local.request.after_response.add(lambda: _write_last_use(key.name, now))


def _write_last_use(name: str, now: datetime) -> None:
	"""Write the time of use, in a transaction of its own: Frappe rolls a request that only reads back."""
	try:
		table = frappe.qb.DocType(API_KEY)
		frappe.qb.update(table).set(table.last_used_on, now).where(table.name == name).run()
		frappe.db.commit()
	except Exception:  # the reply is sent, and a read-only site has no last use
		frappe.logger("orchestrator").warning(
			"The last use of an API key could not be written", exc_info=True
		)
