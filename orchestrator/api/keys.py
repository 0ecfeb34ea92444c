"""API keys: create, list, rotate and revoke them, and see what the key of a request may do."""

from typing import Annotated

import frappe
from frappe import _, _lt

from orchestrator.api import key_lifecycle
from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.api.key_authentication import get_current_key as get_key_of_request
from orchestrator.api.schema_types import Bounded, Names
from orchestrator.api.shapes import IssuedKey, KeyList, KeyState

MAX_OVERLAP_HOURS = key_lifecycle.MAX_OVERLAP_HOURS


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("API key created"), effect=CREATE)
def create_key(
	title: str,
	full_access: bool = False,
	doctypes: str | dict | None = None,
	methods: Names = None,
	reports: Names = None,
	allowed_addresses: Names = None,
	expires_on: str | None = None,
	user: str | None = None,
) -> IssuedKey:
	"""Create an API key, and return its secret once.

	A key has full access, or a scope: rights to DocTypes, methods, and reports. A scope only ever narrows what the user of the key may do.

	Args:
		title: What the key is for.
		full_access: true: the key may do everything that its user may do. Default: false.
		doctypes: Rights by DocType, as an object such as {"Lead": ["read", "create"]}.
		methods: Names of methods, as a list. A name that ends in .* includes all methods below it.
		reports: Names of reports, as a list.
		allowed_addresses: Addresses or networks in CIDR notation, as a list. Default: every address.
		expires_on: ISO 8601 time from which the key is refused. Default: the key does not expire.
		user: User of the key. Default: the caller.

	Returns:
		The key, its secret and the header to send.

	Permissions:
		Whoever can sign in to Desk, for themselves; System Managers for everybody but the Administrator. No key that has a scope.

	Raises:
		PermissionError: 403. The key would be somebody else's, or the caller uses a key with a scope.
		InvalidRequestError: 400. A parameter is malformed.
		LinkValidationError: 422. A DocType, a report or the user does not exist.
		ValidationError: 422. The scope is empty or names what no scope may have, or the time is in the past.
	"""
	values = {
		"title": title,
		"full_access": int(full_access),
		"user": user or frappe.session.user,
		**key_lifecycle.parse_scope_rows(doctypes, methods, reports),
		**key_lifecycle.parse_limits(allowed_addresses, expires_on),
	}
	return key_lifecycle.create_key(values)


@frappe.whitelist(methods=["GET"])
@endpoint(_lt("API keys fetched"), effect=READ)
def list_keys(user: str | None = None) -> KeyList:
	"""Return the API keys of a user, without their secrets.

	Args:
		user: The user. Default: the caller.

	Returns:
		The keys, the newest first.

	Permissions:
		Everybody for themselves; System Managers for everybody but the Administrator. No key that has a scope.

	Raises:
		PermissionError: 403. The keys are somebody else's, or the caller uses a key with a scope.
	"""
	return {"keys": key_lifecycle.list_keys(user or frappe.session.user)}


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("API key rotated"), effect=WRITE)
def rotate_key(
	key: str, overlap_hours: Annotated[str | int | None, Bounded(0, MAX_OVERLAP_HOURS)] = None
) -> IssuedKey:
	"""Give an API key a new secret. The old one stays valid for some hours.

	Args:
		key: Name of the key.
		overlap_hours: Hours for which the old secret stays valid. Default: 24.

	Returns:
		The key, its new secret and the header to send.

	Permissions:
		The user of the key, and System Managers. No key that has a scope.

	Raises:
		PermissionError: 403. The caller uses a key with a scope.
		DoesNotExistError: 404. The key is missing or somebody else's.
		InvalidRequestError: 400. overlap_hours is out of bounds.
		ConflictError: 409. The key is revoked or has expired.
	"""
	return key_lifecycle.rotate_key(key, key_lifecycle.parse_overlap(overlap_hours))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("API key revoked"), effect=WRITE)
def revoke_key(key: str) -> KeyState:
	"""Revoke an API key. It is refused from the next request on.

	Args:
		key: Name of the key.

	Returns:
		The key as it is now. Revoking it again changes nothing.

	Permissions:
		The user of the key, and System Managers. No key that has a scope.

	Raises:
		PermissionError: 403. The caller uses a key with a scope.
		DoesNotExistError: 404. The key is missing or somebody else's.
	"""
	return key_lifecycle.revoke_key(key)


@frappe.whitelist(methods=["GET"])
@endpoint(_lt("API key fetched"), effect=READ)
def get_current_key() -> KeyState:
	"""Return the API key of this request: its scope, its expiry and its last use.

	Returns:
		The key without its secret.

	Permissions:
		Every API key.

	Raises:
		DoesNotExistError: 404. The request was not signed in by an API key of this app.
	"""
	return key_lifecycle.get_key_state(
		get_key_of_request(), _("This request was not signed in by an API key.")
	)
