"""Access to the copy of a deleted record: for users who may read every record and every field of its DocType.

Frappe keeps the copy for 180 days and shows it to every System Manager, even copies of records that they
could never read. The permissions of the deleted record itself cannot be checked any more; hence users who may
read only some records see no copy.
"""

from collections.abc import Set as AbstractSet

import frappe
from frappe.model.db_query import DatabaseQuery
from frappe.model.document import Document
from frappe.model.meta import Meta

from orchestrator.access.key_scope import is_unlimited
from orchestrator.access.switch import is_guarded
from orchestrator.compat import NO_OPINION
from orchestrator.doctypes import DELETED_DOCUMENT

NO_ROWS_CONDITION = "1 = 0"


def has_permission(doc: Document, user: str | None = None) -> bool | None:
	"""Implement the hook has_permission of Deleted Document, for every permission type."""
	if not is_guarded():
		return NO_OPINION
	return _can_read_all(doc.deleted_doctype, user or frappe.session.user)


def build_conditions(user: str | None) -> str:
	"""Implement the hook permission_query_conditions of Deleted Document: limit lists to records of DocTypes that the user may
	read.
	"""
	user = user or frappe.session.user
	if is_unlimited(user) or not is_guarded():
		return ""
	# get_all: finds the DocTypes of all copies; the permission is checked below.
	deleted = frappe.get_all(
		DELETED_DOCUMENT, pluck="deleted_doctype", distinct=True, order_by="deleted_doctype asc"
	)
	readable = [
		frappe.db.escape(doctype, percent=False) for doctype in deleted if _can_read_all(doctype, user)
	]
	return (
		f"`tab{DELETED_DOCUMENT}`.`deleted_doctype` in ({', '.join(readable)})"
		if readable
		else NO_ROWS_CONDITION
	)


def _can_read_all(doctype: str | None, user: str) -> bool:
	"""Return True if no rule of the DocType hides a record or a field from the user."""
	if not doctype or not frappe.db.exists("DocType", doctype, cache=True):
		return False
	meta = frappe.get_meta(doctype)
	if meta.istable or not frappe.permissions.get_role_permissions(meta, user=user).get("read"):
		return False
	if _list_levels(meta) - set(meta.get_permlevel_access("read", user=user)):
		return False
	return meta.issingle or not DatabaseQuery(doctype, user=user).build_match_conditions()


def _list_levels(meta: Meta) -> AbstractSet[int]:
	"""Return the permission levels of the DocType's fields, and of those of its tables."""
	tables = [frappe.get_meta(field.options) for field in meta.get_table_fields()]
	return frozenset(field.permlevel or 0 for each in (meta, *tables) for field in each.fields)
