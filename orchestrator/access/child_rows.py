"""Permissions on single rows of child tables, by the record that they belong to.

Frappe checks only the DocType of the parent in this case (`frappe.permissions.has_child_permission` looks for
the parent record in an attribute that is not set). Without this module, whoever may read one record could
read and change the rows of all records.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import frappe
from frappe import _
from frappe.model import table_fields
from frappe.model.base_document import BaseDocument
from frappe.model.document import Document
from frappe.utils import cint
from frappe.utils.caching import request_cache

from orchestrator.access.key_scope import is_unlimited
from orchestrator.access.record_conditions import NO_RECORDS, build_membership
from orchestrator.access.switch import is_guarded
from orchestrator.exceptions import refuse

READS = frozenset({"read", "select", "print", "email", "report", "export"})
OWN_MODULE = "Orchestrator"
Native = Callable[..., bool]


class RowPlace(NamedTuple):
	"""The table of a record that a row is in."""

	parenttype: str | None
	parent: str | None
	parentfield: str | None


# Lists


def build_conditions(user: str | None = None, doctype: str = "") -> str:
	"""Implement the hook permission_query_conditions of every DocType: the rows whose record the user may read."""
	user = user or frappe.session.user
	if not doctype or is_unlimited(user) or not frappe.is_table(doctype) or not _is_guarded(doctype):
		return ""
	allowed = [
		condition
		for parenttype, fields in _get_parent_tables(doctype).items()
		if (condition := _build_condition(doctype, parenttype, fields, user))
	]
	return f"({' or '.join(allowed)})" if allowed else NO_RECORDS


def _build_condition(doctype: str, parenttype: str, fields: list[str], user: str) -> str | None:
	"""Return the condition of the rows in the records of one DocType, None if the user may read none."""
	membership = build_membership(parenttype, f"`tab{doctype}`.parent", user)
	readable = [field for field in fields if _is_table_readable(parenttype, field, user)]
	if membership is None or not readable:
		return None
	listed = ", ".join(frappe.db.escape(field, percent=False) for field in readable)
	return (
		f"(`tab{doctype}`.parenttype = {frappe.db.escape(parenttype, percent=False)}"
		f" and `tab{doctype}`.parentfield in ({listed}) and {membership})"
	)


def _is_table_readable(parenttype: str, fieldname: str, user: str) -> bool:
	meta = frappe.get_meta(parenttype)
	level = cint(meta.get_field(fieldname).permlevel)
	return not level or level in meta.get_permlevel_access("read", user=user)


@request_cache
def _get_parent_tables(doctype: str) -> dict[str, list[str]]:
	"""Return the DocTypes that have a child table, each with the names of the fields that hold its rows."""
	filters = {"options": doctype, "fieldtype": ("in", table_fields)}
	# get_all: which DocTypes have the table is no secret, and must not depend on the reader.
	found = {
		*frappe.get_all("DocField", filters=filters, pluck="parent", limit=0),
		*frappe.get_all("Custom Field", filters=filters, pluck="dt", limit=0),
		*frappe.get_all(
			"Property Setter",
			filters={"property": "options", "value": doctype},
			pluck="doc_type",
			limit=0,
		),
	}
	tables = {}
	for parenttype in sorted(found):
		if not frappe.db.exists("DocType", parenttype):
			continue
		meta = frappe.get_meta(parenttype)
		fields = [field.fieldname for field in meta.get_table_fields() if field.options == doctype]
		if fields and not meta.istable:
			tables[parenttype] = fields
	return tables


# Single rows


def has_child_permission(
	native: Native,
	child_doctype: str,
	ptype: str = "read",
	child_doc: Any = None,
	user: str | None = None,
	*args: Any,
	**kwargs: Any,
) -> bool:
	"""Replace Frappe's function: after its own answer, check the permission on the parent record of a single
	row.

	See orchestrator/access/platform_patches.py.
	"""
	if not native(child_doctype, ptype, child_doc, user, *args, **kwargs):
		return False
	if not child_doc or not _is_guarded(child_doctype):
		return True
	return has_row_permission(child_doctype, child_doc, ptype, user or frappe.session.user)


def _is_guarded(doctype: str) -> bool:
	"""Return True for this app's own child tables, and for all while the platform is guarded."""
	return is_guarded() or frappe.get_meta(doctype).module == OWN_MODULE


def has_row_permission(doctype: str, row: Any, ptype: str, user: str) -> bool:
	"""Return True if a user may read, or change, a single row.

	A row cannot move: one sent with another parent, table or DocType is refused. So is every change of the
	rows of a submitted or cancelled record, which change only with their record.

	Args:
		doctype: The child table.
		row: The row, or its name.
		ptype: The kind of permission. What does not read needs the permission to write the record.
		user: The user.
	"""
	if isinstance(getattr(row, "parent_doc", None), BaseDocument):
		return True  # a row within a record in memory, which Frappe has checked
	name = row if isinstance(row, str | int) else row.get("name")
	stored = _get_stored_place(doctype, str(name)) if name else None
	place = stored if isinstance(row, str | int) else _build_place(row)
	if place is None or (stored is not None and ptype != "create" and stored != place):
		return False
	return _has_place_permission(doctype, place, ptype, user)


def _get_stored_place(doctype: str, name: str) -> RowPlace | None:
	row = frappe.db.get_value(doctype, name, RowPlace._fields, as_dict=True)
	return _build_place(row) if row else None


def _build_place(row: Any) -> RowPlace:
	return RowPlace(row.get("parenttype"), str(row.get("parent") or ""), row.get("parentfield"))


def _has_place_permission(doctype: str, place: RowPlace, ptype: str, user: str) -> bool:
	"""Return True if the user may read or write the record. False for a record that does not exist."""
	tables = _get_parent_tables(doctype)
	if not place.parent or place.parentfield not in tables.get(place.parenttype or "", ()):
		return False
	try:
		record = frappe.get_doc(place.parenttype, place.parent)
	except frappe.DoesNotExistError:
		frappe.clear_last_message()
		return False
	if record.name != place.parent:
		return False  # MariaDB finds names in either case; the rows of the record have its own
	if ptype not in READS and not record.docstatus.is_draft():
		return False
	right = "read" if ptype in READS else "write"
	return bool(frappe.has_permission(place.parenttype, right, doc=record, user=user))


# Rows that are saved with a record


def check_moved_rows(doc: Document) -> None:
	"""Refuse (403) to save a record with rows of another record, which Frappe would move and overwrite."""
	if doc.flags.ignore_permissions or is_unlimited(frappe.session.user):
		return
	before = doc.get_doc_before_save()
	for table in doc.meta.get_table_fields():
		own = {row.name for row in before.get(table.fieldname) or ()} if before else set()
		new = {
			str(row.name)
			for row in doc.get(table.fieldname) or ()
			if row.name and not row.get("__islocal") and row.name not in own
		}
		if new and _is_guarded(table.options) and _has_rows_elsewhere(doc, table, new):
			refuse(
				_("A row of {0} belongs to another record. Leave out the names of new rows.").format(
					table.fieldname
				),
				frappe.PermissionError,
			)


def _has_rows_elsewhere(doc: Document, table: Any, names: set[str]) -> bool:
	rows = frappe.get_all(  # whatever the user may read: all of them would be moved
		table.options, {"name": ("in", sorted(names))}, RowPlace._fields, order_by=None, limit=0
	)
	place = RowPlace(doc.doctype, str(doc.name), table.fieldname)
	return any(_build_place(row) != place for row in rows)
