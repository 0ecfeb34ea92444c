"""ETags of stored records: their state in the database, and what of it the caller reads.

An ETag has two parts. The first is a digest of the stored rows, the same for every caller: If-Match compares it. The
second is a digest of all else that decides on the reply, and If-None-Match compares both.
"""

import functools
from collections.abc import Iterator
from typing import Any

import frappe
from frappe.model import table_fields
from frappe.model.base_document import BaseDocument, get_controller
from frappe.model.document import Document
from frappe.model.meta import Meta

import orchestrator
from orchestrator.access.switch import is_guarded
from orchestrator.api.sealed_replies import compute_keyed_digest

PURPOSE = "orchestrator-etag"
DIGEST_LENGTH = 32
# Columns that Frappe adds to a record which has a value in them, beside the fields of the DocType
OPTIONAL_COLUMNS = ("_user_tags", "_liked_by")
# Methods of a controller by which it may show something else than its row
SHOWING_METHODS = ("load_from_db", "get", "get_valid_dict", "as_dict", "apply_fieldlevel_read_permissions")
CONSTRUCTORS = ("__init__", "__setup__")
# Apps whose constructors compute no field; tests/api/test_record_etags.py compares their records with the rows
PLATFORM_APPS = frozenset({"frappe", "erpnext", "hrms"})


def compute_state(meta: Meta, name: str | int | None) -> str | None:
	"""Return a digest of the record's row and of its child rows, as the transaction sees them.

	One statement reads all of them, as digests, so that nothing has to be loaded.

	Returns:
		None where there is no such record, or no table.
	"""
	if meta.get("is_virtual"):
		return None
	try:
		query = _build_singles_query() if meta.issingle else _build_query(meta)
		rows = frappe.db.sql(query, {"doctype": meta.name, "name": str(name)})
	except Exception as error:
		if frappe.db.is_missing_column(error) or frappe.db.is_table_missing(error):
			return None  # the DocType has changed and the site is not migrated yet
		raise
	if not any(table == "" for table, _digest in rows):
		return None
	return compute_digest("state", meta.name, *sorted(f"{table} {digest}" for table, digest in rows))


def compute_view(meta: Meta) -> str | None:
	"""Return a digest of what the reply depends on beside the state: the caller, their permission levels, the fields
	and the code.

	Returns:
		None where that does not suffice and the reply itself has to be looked at.
	"""
	if not _shows_rows_only(meta):
		return None
	metas = [meta, *_list_child_metas(meta)]
	fields = [(f.fieldname, f.fieldtype, f.permlevel) for m in metas for f in m.fields]
	masked = [field.fieldname for m in metas for field in _list_masked_fields(m)]
	levels = sorted(meta.get_permlevel_access("read"))
	versions = (frappe.__version__, orchestrator.__version__)
	caller = (frappe.session.user, sorted(frappe.get_roles()), levels, masked, is_guarded())
	return compute_digest("view", repr((caller, versions, fields)))


def compute_digest(*parts: str) -> str:
	"""Return a digest with the site's key: without it, values of fields that a caller may not read could be guessed
	until the digest fits.
	"""
	return compute_keyed_digest(PURPOSE, *parts).hex()[:DIGEST_LENGTH]


def _build_query(meta: Meta) -> str:
	"""Return a query of one digest for the record's row and one for each row of its child tables."""
	optional = [column for column in OPTIONAL_COLUMNS if frappe.db.has_column(meta.name, column)]
	parts = [_select_digests("", meta, optional) + "`name` = %(name)s"]
	for field in meta.get_table_fields():
		child = frappe.get_meta(field.options)
		if not child.get("is_virtual"):
			parts.append(
				_select_digests(field.fieldname, child)
				+ "`parent` = %(name)s and `parenttype` = %(doctype)s"
				+ f" and `parentfield` = {frappe.db.escape(field.fieldname)}"
			)
	return " union all ".join(parts)


def _select_digests(table: str, meta: Meta, optional: list[str] | None = None) -> str:
	columns = [*dict.fromkeys((*_list_columns(meta), *(optional or ())))]
	# QUOTE tells NULL from an empty text, and keeps separators within a value from being taken for separators. As binary,
	# because columns and numbers may differ in their collation.
	values = ", ".join(f"quote(cast(`{column}` as binary))" for column in columns)
	return f"select {frappe.db.escape(table)}, sha2(concat_ws(',', {values}), 256) from `tab{meta.name}` where "  # noqa: S608


def _build_singles_query() -> str:
	"""Return a query of a digest for each value of a Single; without any, of none, which is a state as well."""
	values = "select '', sha2(concat_ws(',', quote(cast(field as binary)), quote(cast(value as binary))), 256) from tabSingles where doctype = %(doctype)s"
	return f"{values} union all select '', ''"


def _list_columns(meta: Meta) -> Iterator[str]:
	"""Yield the columns that a record shows."""
	for column in meta.get_valid_columns():
		field = meta.get_field(column)
		if not (field and field.get("is_virtual")):
			yield column


def _list_child_metas(meta: Meta) -> list[Meta]:
	return [frappe.get_meta(name) for name in dict.fromkeys(f.options for f in meta.get_table_fields())]


def _list_masked_fields(meta: Meta) -> list[Any]:
	"""Return the fields that Frappe 16 masks for the caller."""
	return meta.get_masked_fields() if hasattr(meta, "get_masked_fields") else []


def _shows_rows_only(meta: Meta) -> bool:
	"""Return True if a record shows what stands in its rows and nothing else."""
	if meta.istable or meta.issingle or meta.name in Meta.special_doctypes:
		return False
	return all(
		not m.get("is_virtual")
		and not any(field.get("is_virtual") for field in m.fields if field.fieldtype not in table_fields)
		and _is_plain_controller(get_controller(m.name))
		for m in (meta, *_list_child_metas(meta))
	)


@functools.lru_cache(maxsize=2048)
def _is_plain_controller(controller: type) -> bool:
	"""Return True for a controller that neither computes nor replaces what a record shows."""
	owners = [cls for cls in controller.__mro__ if cls not in (Document, BaseDocument, object)]
	if any(name in vars(cls) for cls in owners for name in SHOWING_METHODS):
		return False
	return all(
		cls.__module__.split(".")[0] in PLATFORM_APPS
		for cls in owners
		if any(name in vars(cls) for name in CONSTRUCTORS)
	)
