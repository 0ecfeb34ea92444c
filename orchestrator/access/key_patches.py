"""Replace the Frappe functions that decide on permissions while the scope of an API key limits a request or job.

Frappe has no hook that is asked for every DocType, for shared records, and for the Administrator. The replacements are
installed when a process meets its first key with scopes: until then, Frappe's functions are untouched. See docs/decisions/0046.
"""

import functools
from collections.abc import Callable
from typing import Any

import frappe
import frappe.permissions
import frappe.share
from frappe.core.doctype.file import file
from frappe.core.doctype.report.report import Report
from frappe.database.query import Engine
from frappe.model import delete_doc
from frappe.utils import background_jobs
from frappe.utils.user import UserPermissions

from orchestrator.access import consent_conditions, key_records, platform_patches
from orchestrator.access.key_scope import ADMINISTRATOR, KeyScope, get_scope, is_active
from orchestrator.compat import QUERY_BUILDER_CHECKS_PERMISSIONS

Native = Callable[..., Any]
# On an RQ job: the name of the key whose scope limits it
JOB_KEY = "orchestrator_api_key"


def install_patches() -> None:
	"""Install the replacements in this process, once."""
	platform_patches.install(REPLACEMENTS, is_active)


def _get_scope_of(user: str | None) -> KeyScope | None:
	"""Return the scope where it limits this user."""
	scope = get_scope()
	return scope if scope and scope.applies_to(user) else None


def _has_permission(
	native: Native,
	doctype: Any,
	ptype: str = "read",
	doc: Any = None,
	user: str | None = None,
	*args: Any,
	**kwargs: Any,
) -> bool:
	"""Ask for the scope before anything else: Frappe lets the Administrator pass without a question."""
	if scope := _get_scope_of(user):
		record = doc or (doctype if hasattr(doctype, "doctype") else None)
		name = doctype.doctype if hasattr(doctype, "doctype") else doctype
		parent_doctype = kwargs.get("parent_doctype")
		if missing := key_records.find_missing_scope(scope, name, ptype, record, parent_doctype):
			scope.missing = missing
			return False
		if record and _is_withheld(scope, name, record):
			return False
	return bool(native(doctype, ptype, doc, user, *args, **kwargs))


def _is_withheld(scope: KeyScope, doctype: str, record: Any) -> bool:
	"""Return True where no consent lets the key's recipient have a record."""
	recipient = scope.recipient
	return recipient is not None and not consent_conditions.is_covered(recipient, doctype, record)


def _get_role_permissions(
	native: Native, doctype_meta: Any, user: str | None = None, *args: Any, **kwargs: Any
) -> Any:
	"""Return the permissions of the user's roles that the scope includes. Lists ask for them directly."""
	permissions = native(doctype_meta, user, *args, **kwargs)
	scope = _get_scope_of(user)
	if scope is None:
		return permissions
	doctype = doctype_meta if isinstance(doctype_meta, str) else doctype_meta.name
	limited = _limit_permissions(scope, doctype, permissions)
	limited["if_owner"] = _limit_permissions(scope, doctype, permissions.get("if_owner") or {})
	return limited


def _limit_permissions(scope: KeyScope, doctype: str, permissions: dict[str, Any]) -> Any:
	limited = frappe._dict(permissions)
	for ptype, value in permissions.items():
		if value in (1, True) and ptype != "has_if_owner_enabled" and not scope.allows(doctype, ptype):
			limited[ptype] = 0
	return limited


def _get_shared(
	native: Native, doctype: str, user: str | None = None, rights: Any = None, **kwargs: Any
) -> list[str]:
	"""Return the shared records that the scope includes: none of those that tell of other records."""
	if scope := _get_scope_of(user):
		if not all(scope.allows(doctype, right) for right in rights or ["read"]):
			return []
		if key_records.list_references(frappe.get_meta(doctype)):
			return []
		if scope.recipient and scope.recipient.counts_withheld:
			return []
	names = list(native(doctype, user, rights, **kwargs))
	return [name for name in names if not (scope and _is_withheld(scope, doctype, name))]


def _get_doctypes_with_read(native: Native) -> list[str]:
	scope = get_scope()
	return [doctype for doctype in native() if scope is None or scope.allows(doctype, "read")]


def _build_permissions(native: Native, permissions: UserPermissions) -> None:
	"""Narrow the lists of DocTypes that menus and the global search go by."""
	native(permissions)
	if scope := _get_scope_of(permissions.name):
		for name, doctypes in vars(permissions).items():
			if name.startswith("can_") or name in ("all_read", "in_create", "shared"):
				right = name.removeprefix("can_") if name.startswith("can_") else "read"
				right = {"get_report": "report", "search": "read"}.get(right, right)
				doctypes[:] = [doctype for doctype in doctypes if scope.allows(doctype, right)]


def _is_permitted(native: Native, report: Report) -> bool:
	"""Return True for a report that the scope names and the user may run."""
	scope = get_scope()
	if scope and not scope.allows_report(report.name):
		scope.missing = key_records.describe_report(report.name)
		return False
	return bool(native(report))


def _has_file_permission(
	native: Native, doc: Any, ptype: str | None = None, user: str | None = None, *args: Any, **kwargs: Any
) -> bool:
	"""Ask for the scope of a file as well where Frappe asks its own function for files alone, as downloads do."""
	scope = _get_scope_of(user)
	missing = scope and key_records.find_missing_scope(scope, "File", ptype or "read", doc)
	if scope and missing:
		scope.missing = missing
		return False
	if scope and _is_withheld(scope, "File", doc):
		return False
	return bool(native(doc, ptype, user, *args, **kwargs))


def _has_website_permission(
	native: Native, doc: Any = None, ptype: str = "read", user: str | None = None, *args: Any, **kwargs: Any
) -> bool:
	"""Ask for the scope where portals show a record to whom it concerns."""
	scope = _get_scope_of(user)
	doctype = doc.doctype if hasattr(doc, "doctype") else kwargs.get("doctype")
	missing = scope and key_records.find_missing_scope(scope, str(doctype), ptype, doc)
	if scope and missing:
		scope.missing = missing
		return False
	if scope and doc and _is_withheld(scope, str(doctype), doc):
		return False
	return bool(native(doc, ptype, user, *args, **kwargs))


def _check_field_permission(
	native: Native, engine: Any, doctype: str, fieldname: str, parent_doctype: str | None = None
) -> None:
	"""Ask for the scope of another DocType by which a list filters, sorts, groups or calculates.

	The query builder of Frappe 16 asks for roles only here, and for the permission where it joins the table.
	"""
	scope = _get_scope_of(engine.user)
	if scope and engine.apply_permissions and doctype not in (engine.doctype, engine.parent_doctype):
		parent = parent_doctype or engine.parent_doctype or engine.doctype
		if missing := key_records.find_missing_scope(scope, doctype, "read", parent_doctype=parent):
			scope.missing = missing
			engine._raise_permission_error(doctype)
	native(engine, doctype, fieldname, parent_doctype)


def _check_deletion(native: Native, doc: Any) -> None:
	"""Ask for the permission to delete, which Frappe does not ask of the Administrator."""
	if frappe.session.user == ADMINISTRATOR and is_active() and not doc.flags.ignore_permissions:
		doc.check_permission("delete")
	native(doc)


def _get_queue(native: Native, *args: Any, **kwargs: Any) -> Any:
	"""Return a queue whose new jobs have the scope of this request, by the name of its key."""
	queue = native(*args, **kwargs)
	if scope := get_scope():
		queue.enqueue_call = functools.partial(queue.enqueue_call, meta={JOB_KEY: scope.key})
	return queue


# The query builder of Frappe 16's lists, which that of Frappe 15 does not make
IN_QUERY_BUILDER: tuple[tuple[Any, str, Native], ...] = (
	(Engine, "_check_field_permission", _check_field_permission),
)
REPLACEMENTS: tuple[tuple[Any, str, Native], ...] = (
	(frappe.permissions, "has_permission", _has_permission),
	(frappe.permissions, "get_role_permissions", _get_role_permissions),
	(frappe.permissions, "get_doctypes_with_read", _get_doctypes_with_read),
	(frappe.share, "get_shared", _get_shared),
	(frappe, "has_website_permission", _has_website_permission),
	(UserPermissions, "build_permissions", _build_permissions),
	(Report, "is_permitted", _is_permitted),
	(file, "has_permission", _has_file_permission),
	(delete_doc, "check_permission_and_not_submitted", _check_deletion),
	(background_jobs, "get_queue", _get_queue),
	*(IN_QUERY_BUILDER if QUERY_BUILDER_CHECKS_PERMISSIONS else ()),
)
