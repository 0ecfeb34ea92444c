"""Look up records by name, checking permission before existence."""

import contextlib

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.meta import Meta

from orchestrator.access.ended_access import has_ended
from orchestrator.compat import get_lazy_doc
from orchestrator.exceptions import refuse


def get_meta(doctype: str, parent: str | None = None) -> Meta:
	"""Return the DocType's meta: 404 if it does not exist, 403 for a child table without its parent."""
	meta = get_meta_or_none(doctype)
	if meta is None:
		refuse(_("There is no DocType {0}.").format(doctype), frappe.DoesNotExistError)
	if meta.istable and parent and not _is_readable_parent(parent, doctype):
		raise frappe.PermissionError
	return meta


def _is_readable_parent(parent: str, child: str) -> bool:
	"""Return True if `parent` has tables of the DocType `child` and the caller may read it."""
	if get_meta_or_none(parent) is None:
		return False
	return bool(frappe.has_permission(child, "read", parent_doctype=parent))


def get_meta_or_none(doctype: str) -> Meta | None:
	"""Return the meta as Frappe caches it: a check that the DocType exists would cost a query in every
	request.
	"""
	if not doctype or not isinstance(doctype, str):
		return None
	try:
		return frappe.get_meta(doctype)
	except frappe.DoesNotExistError:
		frappe.clear_messages()
		return None


def check_readable(meta: Meta, name: str | int | None, parent: str | None = None) -> None:
	"""Check what `get_readable` checks, without loading the child tables that no check looks at."""
	frappe.has_permission(meta.name, "read", throw=True, parent_doctype=parent)
	try:
		doc = get_lazy_doc(meta.name, name or "")
	except frappe.DoesNotExistError:
		raise_not_found(meta.name, name)
	if not doc.has_permission("read"):
		raise_not_found(meta.name, name)


def get_readable(meta: Meta, name: str | int | None, parent: str | None = None) -> Document:
	"""Return the record, if the caller may read it."""
	frappe.has_permission(meta.name, "read", throw=True, parent_doctype=parent)
	if meta.issingle:
		doc = frappe.get_doc(meta.name)
		doc.check_permission("read")
		return doc
	if not name or not frappe.db.exists(meta.name, name):
		raise_not_found(meta.name, name)
	doc = frappe.get_doc(meta.name, name)
	if not doc.has_permission("read"):
		raise_not_found(meta.name, name)
	return doc


def get_writable(meta: Meta, name: str | int) -> Document:
	"""Return the record to save for a change: itself, or the parent of a child row."""
	if not meta.istable:
		doc = get_readable(meta, name)
	else:
		row = frappe.db.get_value(meta.name, name, ["parenttype", "parent"], as_dict=True)
		if not row:
			raise_not_found(meta.name, name)
		doc = None
		with contextlib.suppress(frappe.DoesNotExistError):
			doc = get_readable(frappe.get_meta(row.parenttype), row.parent)
		if doc is None:
			raise_not_found(meta.name, name)  # the existence of a hidden record is hidden too
	doc.check_permission("write")
	return doc


def lock_record(meta: Meta, name: str | int) -> None:
	"""Lock the record, waiting for a concurrent deletion as well: afterwards it is missing, which is 404 and
	no conflict.
	"""
	if meta.issingle or meta.get("is_virtual") or not name:
		return
	# A plain read would find the record in the request's older snapshot.
	if frappe.db.get_value(meta.name, name, "name", for_update=True) is None:
		raise_not_found(meta.name, name)


def raise_not_found(doctype: str, name: str | int | None) -> None:
	"""Raise 404 for a record that is missing or hidden."""
	frappe.clear_messages()
	refuse(_("{0} {1} not found.").format(_(doctype), name or ""), frappe.DoesNotExistError)


def refuse_hidden(doctype: str, name: str) -> None:
	"""Raise 404 for a hidden record, 403 where the caller could read it until their access ended."""
	if has_ended(doctype, name):
		frappe.clear_messages()
		refuse(_("Your access to this record has ended."), frappe.PermissionError)
	raise_not_found(doctype, name)
