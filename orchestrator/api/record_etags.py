"""ETags of stored records: their state in the database, and what of it the caller reads.

An ETag has two parts. The first is a digest of the stored rows, the same for every caller: If-Match compares it. The
second is a digest of all else that decides on the reply, and If-None-Match compares both.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import frappe
from frappe.model.meta import Meta

from orchestrator import __version__
from orchestrator.access.switch import is_guarded
from orchestrator.api.record_tables import (
	TableDescription,
	build_row_digest,
	describe_tables,
	shows_row_only,
)
from orchestrator.api.sealed_replies import compute_keyed_digest

PURPOSE = "orchestrator-etag"
DIGEST_LENGTH = 32
SELECT = "select {0}, {1} from `tab{2}` where "
CHILD_CONDITION = "`parent` = %(name)s and `parenttype` = %(doctype)s and `parentfield` = {0}"
# A Single without values has a state as well
SINGLES_QUERY = (
	f"select '', {build_row_digest(('field', 'value'))} from tabSingles where doctype = %(doctype)s"  # noqa: S608
	" union all select '', '-'"
)


@dataclass(frozen=True)
class RecordEtag:
	"""The ETag of a record before it is loaded. Without a view, the reply itself has to be looked at."""

	state: str
	view: str | None


def compute_etag(meta: Meta, name: str | int | None) -> RecordEtag | None:
	"""Return the ETag of a record, None where there is no such record, or no table."""
	if meta.get("is_virtual"):
		return None
	tables = describe_tables(meta)
	state = _compute_state(meta, name, tables)
	return RecordEtag(state, _compute_view(meta, tables)) if state else None


def compute_state(meta: Meta, name: str | int | None) -> str | None:
	"""Return a digest of the record's row and of its child rows, as the transaction sees them.

	Returns:
		None where there is no such record, or no table.
	"""
	if meta.get("is_virtual"):
		return None
	return _compute_state(meta, name, describe_tables(meta))


def compute_digest(*parts: str) -> str:
	"""Return a digest with the site's key: without it, values of fields that a caller may not read could be guessed
	until the digest fits.
	"""
	return compute_keyed_digest(PURPOSE, *parts).hex()[:DIGEST_LENGTH]


def _compute_state(meta: Meta, name: str | int | None, tables: dict[str, TableDescription]) -> str | None:
	"""Read digests of all rows by one statement, so that nothing has to be loaded."""
	try:
		query = SINGLES_QUERY if meta.issingle else _build_query(tables)
		rows = frappe.db.sql(query, {"doctype": meta.name, "name": str(name)})
	except Exception as error:
		if frappe.db.is_missing_column(error) or frappe.db.is_table_missing(error):
			return None  # the DocType has changed and the site is not migrated yet
		raise
	if not any(fieldname == "" for fieldname, _digest in rows):
		return None
	# A row that is too long for MariaDB to concatenate has no digest. Then no ETag may ever match.
	digests = [f"{fieldname} {digest or frappe.generate_hash()}" for fieldname, digest in rows]
	return compute_digest("state", meta.name, *sorted(digests))


def _compute_view(meta: Meta, tables: dict[str, TableDescription]) -> str | None:
	"""Return a digest of what the reply depends on beside the state: the caller, their permission levels, the fields
	and the code.

	Returns:
		None where that does not suffice, because records show more than their rows.
	"""
	if meta.istable or meta.issingle or meta.name in Meta.special_doctypes:
		return None
	if not all(shows_row_only(table) for table in tables.values()):
		return None
	levels = sorted(meta.get_permlevel_access("read"))
	masked = _list_masked_fields(tables.values())
	caller = (frappe.session.user, sorted(frappe.get_roles()), levels, masked, is_guarded())
	versions = (frappe.__version__, __version__)
	return compute_digest("view", repr((caller, versions)), *(table.fields for table in tables.values()))


def _build_query(tables: dict[str, TableDescription]) -> str:
	"""Return a query of one digest for the record's row and one for each row of its child tables."""
	parts = []
	for fieldname, table in tables.items():
		if not table.is_virtual:
			label = frappe.db.escape(fieldname)
			condition = CHILD_CONDITION.format(label) if fieldname else "`name` = %(name)s"
			parts.append(SELECT.format(label, table.row_digest, table.doctype) + condition)
	return " union all ".join(parts)


def _list_masked_fields(tables: Iterable[TableDescription]) -> list[str]:
	"""Return the fields that Frappe 16 masks for the caller."""
	return [
		f"{table.doctype} {field.fieldname}"
		for table in tables
		if table.has_masks and hasattr(Meta, "get_masked_fields")
		for field in frappe.get_meta(table.doctype).get_masked_fields()
	]
