"""API keys as records: created, rotated, revoked and serialized for the endpoints of keys.py."""

import json
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.utils import add_to_date

from orchestrator import clock, period
from orchestrator.access.key_scope import RIGHTS
from orchestrator.api.api_key_rules import ADMINISTRATOR, add_audit_comment, is_manager
from orchestrator.api.key_secrets import compute_hash, create_secret
from orchestrator.api.parameters import parse_json, parse_whole_number
from orchestrator.api.records import raise_not_found
from orchestrator.api.shapes import IssuedKey, KeyState
from orchestrator.doctypes import API_KEY
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.api_key.api_key import APIKey

DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS = 24, 168


def parse_scope_rows(doctypes: Any, methods: Any, reports: Any) -> dict[str, list[dict[str, Any]]]:
	"""Return the rows of a key's child tables. 400 for what has another form."""
	rights = parse_json("doctypes", doctypes) or {}
	if not isinstance(rights, dict):
		refuse(_('doctypes must be an object such as {"Lead": ["read"]}.'), InvalidRequestError)
	return {
		"doctypes": [_build_doctype_row(doctype, given) for doctype, given in rights.items()],
		"methods": [{"method": method} for method in _parse_names("methods", methods)],
		"reports": [{"report": report} for report in _parse_names("reports", reports)],
	}


def _build_doctype_row(doctype: str, given: Any) -> dict[str, Any]:
	if not isinstance(given, list) or any(right not in RIGHTS for right in given):
		refuse(
			_("The rights to {0} must be a list of {1}.").format(doctype, ", ".join(RIGHTS)),
			InvalidRequestError,
		)
	return {"reference_doctype": doctype, **{right: int(right in given) for right in RIGHTS}}


def parse_limits(addresses: Any, expires_on: str | None) -> dict[str, Any]:
	"""Return the limits of a key's use. 400 for what has another form."""
	return {
		"allowed_addresses": "\n".join(_parse_names("allowed_addresses", addresses)),
		"expires_on": period.parse_timestamp("expires_on", expires_on) if expires_on else None,
	}


def _parse_names(name: str, value: Any) -> list[str]:
	names = parse_json(name, value) if isinstance(value, str) and value.strip().startswith("[") else value
	names = [names] if isinstance(names, str) and names else names or []
	if not isinstance(names, list) or not all(isinstance(each, str) and each.strip() for each in names):
		refuse(_("{0} must be a list of texts.").format(name), InvalidRequestError)
	return names


def parse_overlap(value: Any) -> int:
	"""Return the hours for which an old secret stays valid. 400 for a number out of bounds."""
	hours = parse_whole_number("overlap_hours", value, DEFAULT_OVERLAP_HOURS)
	if not 0 <= hours <= MAX_OVERLAP_HOURS:
		refuse(
			_("overlap_hours must be between {0} and {1}.").format(0, MAX_OVERLAP_HOURS), InvalidRequestError
		)
	return hours


def create_key(values: dict[str, Any]) -> IssuedKey:
	"""Create a key, and return it with its secret."""
	_check_user(values["user"])
	doc = frappe.get_doc({"doctype": API_KEY, **values}).insert()
	return _add_secret(doc, doc.flags.secret)


def _check_user(user: str) -> None:
	"""Refuse (403) the keys of somebody else before anything is looked up."""
	if user != frappe.session.user and (user == ADMINISTRATOR or not is_manager()):
		refuse(_("You may have API keys for yourself only."), frappe.PermissionError)


def list_keys(user: str) -> list[KeyState]:
	"""Return the keys of a user that the caller may see."""
	_check_user(user)
	names = frappe.get_list(
		API_KEY, filters={"user": user}, pluck="name", order_by="creation desc", limit_page_length=0
	)
	return [serialize_key(frappe.get_doc(API_KEY, name)) for name in names]


def rotate_key(name: str, overlap_hours: int) -> IssuedKey:
	"""Give a key a new secret, beside which the old one stays valid for some hours."""
	doc = _get_key(name)
	if _get_status(doc) != "Active":
		refuse(_("This key is revoked or has expired. Create a new one."), ConflictError)
	secret = create_secret()
	# Past the document's own save: it must not take secrets from anybody, and its versions must not hold their hashes.
	doc.db_set(
		{
			"previous_secret_hash": doc.secret_hash if overlap_hours else None,
			"previous_secret_expires_on": add_to_date(clock.get_now(), hours=overlap_hours)
			if overlap_hours
			else None,
			"secret_hash": compute_hash(secret),
		}
	)
	add_audit_comment(doc, "rotated")
	return _add_secret(doc, secret)


def revoke_key(name: str) -> KeyState:
	"""Revoke a key."""
	doc = _get_key(name)
	if doc.enabled:
		doc.db_set("enabled", 0)
		add_audit_comment(doc, "revoked")
	return serialize_key(doc)


def get_key_state(name: str | None, message: str) -> KeyState:
	"""Return the key of the present request, which may always see itself. 404 with this message where it has none."""
	if name is None:
		refuse(message, frappe.DoesNotExistError)
	return serialize_key(frappe.get_doc(API_KEY, name))


def _get_key(name: str) -> "APIKey":
	"""Return a key that the caller may change, locked. 404 for one that is missing or somebody else's."""
	frappe.has_permission(API_KEY, "write", throw=True)
	user = frappe.db.get_value(API_KEY, name, "user")
	if not user or not frappe.has_permission(API_KEY, "write", doc=name):
		frappe.clear_messages()
		raise_not_found(API_KEY, name)
	return frappe.get_doc(API_KEY, name, for_update=True)


def _get_status(doc: "APIKey") -> str:
	if not doc.enabled:
		return "Revoked"
	return "Expired" if doc.expires_on and doc.expires_on <= clock.get_now() else "Active"


def serialize_key(doc: "APIKey") -> KeyState:
	"""Return a key as replies have it, without its secret."""
	scope = json.loads(doc.scope or "{}")
	return {
		"key": doc.name,
		"title": doc.title,
		"user": doc.user,
		"status": _get_status(doc),
		"full_access": bool(doc.full_access),
		"doctypes": scope.get("doctypes", {}),
		"methods": scope.get("methods", []),
		"reports": scope.get("reports", []),
		"allowed_addresses": (doc.allowed_addresses or "").split(),
		"expires_on": period.to_iso(doc.expires_on),
		"previous_secret_expires_on": period.to_iso(doc.previous_secret_expires_on),
		"last_used_on": period.to_iso(doc.last_used_on),
	}


def _add_secret(doc: "APIKey", secret: str) -> IssuedKey:
	return {**serialize_key(doc), "secret": secret, "authorization": f"token {doc.name}:{secret}"}
