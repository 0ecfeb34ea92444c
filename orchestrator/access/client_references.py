"""Which records name a client: the DocTypes that link to one, references to records of any DocType, and rows of tables."""

from collections.abc import Iterable
from typing import Any, Final

import frappe
from frappe.model.meta import Meta

from orchestrator.access.disclosures import suspend_recording
from orchestrator.access.outside_recipients import WITHHELD_DOCTYPES
from orchestrator.doctypes import CLIENT, DOCUMENT, DOCUMENT_VERSION

# On frappe.local
GUARDED: Final = "orchestrator_guarded_doctypes"
# Records that belong to the client of the record that they link to
FOLLOWING_LINKS: Final = {DOCUMENT_VERSION: ("document", DOCUMENT)}


def list_guarded_doctypes() -> list[str]:
	"""Return the DocTypes whose records belong to a client, found once in a request."""
	if not hasattr(frappe.local, GUARDED):
		with suspend_recording():  # nobody gets metadata
			setattr(frappe.local, GUARDED, _find_guarded_doctypes())
	return list(getattr(frappe.local, GUARDED))


def list_client_fields(meta: Meta) -> list[str]:
	"""Return the fields of a DocType that link to a client."""
	return [
		field.fieldname
		for field in meta.get_link_fields()
		if field.options == CLIENT and not field.get("is_virtual")
	]


def _find_guarded_doctypes() -> list[str]:
	found: set[str] = {CLIENT, *FOLLOWING_LINKS}
	for table, column in (("DocField", "parent"), ("Custom Field", "dt")):
		found |= set(frappe.get_all(table, {"fieldtype": "Link", "options": CLIENT}, pluck=column))
	known = frappe.get_all(
		"DocType", {"name": ("in", list(found)), "issingle": 0, "istable": 0}, pluck="name"
	)
	return sorted(set(known) - WITHHELD_DOCTYPES)


def list_reference_conditions(meta: Meta) -> list[str]:
	"""Return the conditions of the records, or rows of a table, that name a client's record in a way no consent covers.

	These are references to a record of any DocType, and a client in a row: a record may have rows of several clients.
	"""
	conditions = [
		f"ifnull(`tab{meta.name}`.`{field.options}`, '') in {quote_all(list_guarded_doctypes())}"
		for field in meta.get_dynamic_link_fields()
		if not field.get("is_virtual") and meta.has_field(field.options)
	]
	if meta.istable:
		conditions += [
			f"ifnull(`tab{meta.name}`.`{fieldname}`, '') != ''" for fieldname in list_client_fields(meta)
		]
	return conditions


def build_row_conditions(meta: Meta) -> list[str]:
	"""Return a condition for each table of a DocType whose rows may name clients: none of a record's rows does."""
	tables = {field.options for field in meta.get_table_fields() if not field.get("is_virtual")}
	return [
		f"""not exists (select 1 from `tab{table}` where `tab{table}`.`parent` = `tab{meta.name}`.`name`
			and `tab{table}`.`parenttype` = {quote(meta.name)} and ({" or ".join(named)}))"""  # noqa: S608  # names are escaped
		for table in sorted(tables)
		if not frappe.get_meta(table).get("is_virtual")
		and (named := list_reference_conditions(frappe.get_meta(table)))
	]


def has_reference(meta: Meta, values: Any) -> bool:
	"""Return True for a record or row that meets one of the conditions of `list_reference_conditions`."""
	guarded = list_guarded_doctypes()
	return any(values.get(field.options) in guarded for field in meta.get_dynamic_link_fields()) or bool(
		meta.istable and any(values.get(fieldname) for fieldname in list_client_fields(meta))
	)


def quote(text: str) -> str:
	return str(frappe.db.escape(text, percent=False))


def quote_all(texts: Iterable[str]) -> str:
	return f"({', '.join(map(quote, texts)) or 'null'})"
