"""Check whether a caller may still receive a reply that was stored for them.

The permissions which Frappe checks while a call with an Idempotency-Key runs are recorded. Those that the
caller has at its end are stored with its reply, together with the caller's roles and the permission levels of
the records in the reply, and the names in its lists; the caller must have all of them again when the reply is replayed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.api.readable_names import Name, list_readable_names
from orchestrator.compat import NO_OPINION
from orchestrator.exceptions import refuse


@dataclass(frozen=True, order=True)
class PermissionCheck:
	"""A permission on a record, or on the DocType where `name` is empty."""

	doctype: str
	name: str
	ptype: str


@dataclass
class PermissionRecording:
	"""The permissions checked so far in this request."""

	checks: set[PermissionCheck] = field(default_factory=set)
	listed: dict[str, set[str]] = field(default_factory=dict)


def begin_recording() -> None:
	"""Record the permission checks of this request from here on."""
	frappe.local.orchestrator_permission_recording = PermissionRecording()


def record_check(doc: Document, ptype: str, user: str | None = None) -> bool | None:
	"""Implement the hook has_permission of every DocType: record the check while a call with a key runs. It
	decides nothing.
	"""
	recording = getattr(frappe.local, "orchestrator_permission_recording", None)
	if recording is not None and user == frappe.session.user:
		recording.checks.add(PermissionCheck(doc.doctype, "" if doc.is_new() else str(doc.name), ptype))
	return NO_OPINION


def is_recording() -> bool:
	"""Return True while a call with a key runs."""
	return getattr(frappe.local, "orchestrator_permission_recording", None) is not None


def record_list(doctype: str) -> None:
	"""Record that the work reads records of a DocType as a list, for which Frappe does not ask the hook."""
	if is_recording():
		frappe.local.orchestrator_permission_recording.checks.add(PermissionCheck(doctype, "", "read"))


def record_listed(doctype: str, names: Iterable[Name | None]) -> None:
	"""Record which records of a DocType a list has given. Their rows do not say so."""
	if is_recording():
		listed = frappe.local.orchestrator_permission_recording.listed.setdefault(doctype, set())
		listed.update(str(name) for name in names if name is not None)


def build_snapshot(reply: Any) -> dict[str, Any]:
	"""Return the permissions that the caller has after the call, of those that a replay of `reply` requires."""
	recording = getattr(frappe.local, "orchestrator_permission_recording", None) or PermissionRecording()
	records = list(_find_records(reply))
	checks = recording.checks | {PermissionCheck(doctype, name, "read") for doctype, name in records}
	frappe.local.orchestrator_permission_recording = None
	return {
		"roles": sorted(frappe.get_roles()),
		"checks": [
			(check.doctype, check.name, check.ptype)
			for check in sorted(checks)
			if _find_refusal(check) is None
		],
		"levels": {doctype: _list_readable_levels(doctype) for doctype, _name in records},
		"listed": {doctype: sorted(names) for doctype, names in recording.listed.items()},
	}


def check_snapshot(permissions: dict[str, Any]) -> None:
	"""Refuse a replay whose caller has lost a permission since.

	Raises:
		PermissionError: 403, a role, a right on a DocType or a permission level is gone.
		DoesNotExistError: 404, a record of the reply may no longer be read.
	"""
	is_reduced = not set(permissions["roles"]).issubset(frappe.get_roles()) or any(
		not set(levels).issubset(_list_readable_levels(doctype))
		for doctype, levels in permissions["levels"].items()
	)
	error = frappe.PermissionError if is_reduced else None
	for values in permissions["checks"]:
		error = error or _find_refusal(PermissionCheck(*values))
	for doctype, names in permissions.get("listed", {}).items():
		error = error or _find_hidden(doctype, names)
	if error:
		frappe.clear_messages()
		refuse(
			_("You may no longer read the reply to this request because your permissions have changed."),
			error,
		)


def _find_refusal(check: PermissionCheck) -> type[Exception] | None:
	"""Return the error that the caller gets for `check` now, None if they have the permission."""
	if frappe.is_table(check.doctype):
		return None  # the access to a row follows from its parent, which Frappe checks as well
	if not frappe.has_permission(check.doctype, check.ptype):
		return frappe.PermissionError
	if not check.name or not frappe.db.exists(check.doctype, check.name):
		return None
	if frappe.has_permission(check.doctype, check.ptype, doc=check.name):
		return None
	return frappe.DoesNotExistError


def _find_hidden(doctype: str, names: list[str]) -> type[Exception] | None:
	"""Return the error for records of which the caller may no longer read one, None if they may read all that remain."""
	meta = frappe.get_meta(doctype)
	if meta.istable or meta.get("is_virtual"):
		return None  # as for a single record
	remaining = frappe.get_all(doctype, filters={"name": ("in", names)}, pluck="name", order_by=None)
	readable = list_readable_names(meta, remaining, frappe.session.user)
	return frappe.DoesNotExistError if len(readable) < len(remaining) else None


def _find_records(reply: Any) -> Iterator[tuple[str, str]]:
	"""Yield DocType and name of each record in a reply, at any depth; rows go by their parent."""
	if isinstance(reply, list):
		for item in reply:
			yield from _find_records(item)
	if not isinstance(reply, dict):
		return
	doctype, name = reply.get("doctype"), reply.get("name")
	if isinstance(doctype, str) and isinstance(name, str | int) and not reply.get("parenttype"):
		if frappe.db.exists("DocType", doctype, cache=True):
			yield doctype, str(name)
		return
	for value in reply.values():
		yield from _find_records(value)


def _list_readable_levels(doctype: str) -> list[int]:
	"""Return the permission levels of the DocType's fields that the caller may read."""
	return sorted(frappe.get_meta(doctype).get_permlevel_access("read", user=frappe.session.user))
