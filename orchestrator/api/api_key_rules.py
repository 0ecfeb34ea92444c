"""The rules of API keys: whose they are, what their scope may name, and what is recorded of them."""

import json
from typing import TYPE_CHECKING, Any

import frappe
from frappe import _
from frappe.utils import get_datetime

from orchestrator import clock
from orchestrator.access.key_methods import METHOD_PATTERN, is_forbidden
from orchestrator.access.key_scope import ADMINISTRATOR, RIGHTS, UNREADABLE_DOCTYPES, can_be_granted
from orchestrator.access.outside_recipients import ALLOWED_METHODS, check_description
from orchestrator.api.key_addresses import parse_networks
from orchestrator.api.key_secrets import compute_hash, create_key_name, create_secret
from orchestrator.compat import NO_OPINION
from orchestrator.doctypes import API_KEY
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.api_key.api_key import APIKey

__all__ = ["create_key_name"]
MANAGER = "System Manager"
# What only the server writes
SYSTEM_FIELDS = ("secret_hash", "previous_secret_hash", "previous_secret_expires_on", "last_used_on", "scope")
MIN_PREFIX_PARTS = 2
RECIPIENT_FIELDS = ("is_outside_recipient", "recipient_name", "recipient_class", "recipient_purpose")


def is_manager() -> bool:
	"""Return True for whoever looks after everybody's keys."""
	return frappe.session.user == ADMINISTRATOR or MANAGER in frappe.get_roles()


def build_conditions(user: str | None = None, doctype: str = API_KEY) -> str:
	"""Implement the hook permission_query_conditions of API Key: the user's own keys, all for System Managers."""
	user = user or frappe.session.user
	if user == ADMINISTRATOR or MANAGER in frappe.get_roles(user):
		return ""
	return f"`tab{doctype}`.user = {frappe.db.escape(user, percent=False)}"


def has_permission(doc: "APIKey", user: str | None = None) -> bool | None:
	"""Implement the hook has_permission of API Key. Only the Administrator has to do with the Administrator's keys."""
	user = user or frappe.session.user
	stored = None if doc.is_new() else frappe.db.get_value(API_KEY, doc.name, "user")
	for owner in {doc.user, stored} - {None, ""}:
		if owner != user and (owner == ADMINISTRATOR or MANAGER not in frappe.get_roles(user)):
			return False
	return NO_OPINION


def restore_system_fields(doc: "APIKey") -> None:
	"""Ignore what a caller sent for the fields that only the server writes. A new key gets its secret here."""
	before = None if doc.is_new() else frappe.db.get_value(API_KEY, doc.name, SYSTEM_FIELDS, as_dict=True)
	doc.update(before or dict.fromkeys(SYSTEM_FIELDS))
	if doc.is_new():
		doc.flags.secret = create_secret()
		doc.secret_hash = compute_hash(doc.flags.secret)


def check_user(doc: "APIKey") -> None:
	"""Refuse a key of somebody else, or of a user who cannot use Desk."""
	user = frappe.db.get_value("User", doc.user, ["enabled", "user_type"], as_dict=True)
	if not user or not user.enabled or user.user_type != "System User":
		refuse(_("Choose an enabled user who can sign in to Desk."), frappe.ValidationError)
	if has_permission(doc) is False:
		refuse(_("You may have API keys for yourself only."), frappe.PermissionError)


def check_expiry(doc: "APIKey") -> None:
	"""Refuse an expiry in the past, unless it is the one that the key has already."""
	if not doc.expires_on or not doc.has_value_changed("expires_on"):
		return
	if get_datetime(doc.expires_on) <= clock.get_now():
		refuse(_("Expires On must be in the future. Revoke the key to end it now."), frappe.ValidationError)


def check_scope(doc: "APIKey") -> None:
	"""Refuse a key without a choice between full access and a scope, and a scope that names what none may have."""
	has_scope = bool(doc.doctypes or doc.methods or doc.reports)
	if has_scope == bool(doc.full_access):
		refuse(
			_("Choose either Full Access, or the record types, methods and reports that the key needs."),
			frappe.ValidationError,
		)
	names = [row.reference_doctype for row in doc.doctypes]
	for row in doc.doctypes:
		_check_doctype_row(row)
		if names.count(row.reference_doctype) > 1:
			refuse(_("{0} is listed twice.").format(_(row.reference_doctype)), frappe.ValidationError)
	for row in doc.methods:
		row.method = (row.method or "").strip()
		_check_method(row.method)


def _check_doctype_row(row: Any) -> None:
	if frappe.is_table(row.reference_doctype):
		refuse(
			_("Rows of {0} are read and written with their record. List its record type instead.").format(
				_(row.reference_doctype)
			),
			frappe.ValidationError,
		)
	if row.reference_doctype in UNREADABLE_DOCTYPES:
		refuse(
			_("An API key with a scope may not read {0}: it repeats records of every type.").format(
				_(row.reference_doctype)
			),
			frappe.ValidationError,
		)
	rights = [right for right in RIGHTS if row.get(right)]
	if not rights:
		refuse(
			_("Choose at least one right for {0}.").format(_(row.reference_doctype)), frappe.ValidationError
		)
	withheld = [right for right in rights if not can_be_granted(row.reference_doctype, right)]
	if withheld:
		refuse(
			_(
				"An API key with a scope may only read {0}: such records decide what users and keys may do."
			).format(_(row.reference_doctype)),
			frappe.ValidationError,
		)


def _check_method(method: str) -> None:
	"""Refuse what is no name of a method, a prefix that includes whole apps, and methods that no scope includes."""
	if not METHOD_PATTERN.fullmatch(method):
		refuse(_("{0} is not the name of a method.").format(method), frappe.ValidationError)
	prefix = method.removesuffix(".*")
	if prefix != method and len(prefix.split(".")) < MIN_PREFIX_PARTS:
		refuse(
			_("{0} includes too much. Name a part of the app, such as orchestrator.crm.*.").format(method),
			frappe.ValidationError,
		)
	if is_forbidden(method):
		refuse(
			_("{0} cannot be in a scope: it signs in, or decides what users and keys may do.").format(method),
			frappe.ValidationError,
		)


def check_recipient(doc: "APIKey") -> None:
	"""Refuse a recipient outside that is not described, that has full access or reports, or that a user sets or clears."""
	is_changed = (
		doc.is_outside_recipient if doc.is_new() else any(map(doc.has_value_changed, RECIPIENT_FIELDS))
	)
	if is_changed and not is_manager():
		refuse(
			_("Only System Managers decide which keys belong to recipients outside the organisation."),
			frappe.PermissionError,
		)
	if not doc.is_outside_recipient:
		doc.update(dict.fromkeys(RECIPIENT_FIELDS[1:]))
		return
	doc.recipient_name = (doc.recipient_name or "").strip()
	doc.recipient_class = (doc.recipient_class or "").strip()
	check_description(doc)
	if doc.full_access or doc.reports:
		refuse(
			_(
				"A recipient outside the organisation needs a scope of record types and methods, without reports."
			),
			frappe.ValidationError,
		)
	for method in (row.method for row in doc.methods):
		if method not in ALLOWED_METHODS:
			refuse(
				_("A recipient outside the organisation may not use {0}.").format(method),
				frappe.ValidationError,
			)


def normalize_addresses(doc: "APIKey") -> None:
	"""Store the allowed addresses as networks, one a line."""
	doc.allowed_addresses = "\n".join(map(str, parse_networks(doc.allowed_addresses)))


def store_scope(doc: "APIKey") -> None:
	"""Store the scope in one field, which a request reads with its key."""
	scope = {
		"doctypes": {
			row.reference_doctype: [right for right in RIGHTS if row.get(right)] for row in doc.doctypes
		},
		"methods": [row.method for row in doc.methods],
		"reports": [row.report for row in doc.reports],
	}
	doc.scope = None if doc.full_access else json.dumps(scope)


def show_secret(doc: "APIKey") -> None:
	"""Let the form show the secret of a new key, once: it is with the document that was just inserted, and no other."""
	if doc.flags.secret:
		doc.set_onload("secret", doc.flags.secret)


def add_audit_comment(doc: "APIKey", event: str) -> None:
	"""Record in the timeline of a key who did what with it. Never the secret."""
	texts = {
		"created": _("{0} created this key."),
		"rotated": _("{0} gave this key a new secret."),
		"revoked": _("{0} revoked this key."),
	}
	doc.add_comment("Info", texts[event].format(frappe.session.user))


def update_renamed(_doc: Any, _method: str, _old: str, _new: str, _merge: bool = False) -> None:
	"""Handle the hook after_rename of DocType and Report: scopes follow the name."""
	# get_all: whoever renames must not need a right to the keys of others
	for name in frappe.get_all(API_KEY, filters={"full_access": 0}, pluck="name"):
		key = frappe.get_doc(API_KEY, name)
		store_scope(key)
		key.db_set("scope", key.scope, update_modified=False)


def delete_user_keys(doc: Any, _method: str | None = None) -> None:
	"""Handle the hook on_trash of User: the keys go with their user."""
	for name in frappe.get_all(API_KEY, filters={"user": doc.name}, pluck="name"):
		frappe.delete_doc(API_KEY, name, ignore_permissions=True)
