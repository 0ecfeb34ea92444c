"""Which records the scope of an API key includes: by their DocType, and by the record or report that they tell of.

A comment, a version, a file or a deleted document repeats what stands in another record. A scope that names `Comment`
does not open the comments on clients unless it names `Client` as well.
"""

from typing import Any

import frappe
from frappe.model.meta import Meta

from orchestrator.access.key_scope import (
	READING_RIGHTS,
	RIGHT_BY_PTYPE,
	KeyScope,
	describe_right,
	get_scope,
)
from orchestrator.access.record_conditions import NO_RECORDS
from orchestrator.doctypes import BULK_OPERATION, GENERATED_REPORT

FILE = "File"
REFERENCED = ("DocType", "Report")
# Fields that name a DocType or a report as plain text
TEXT_REFERENCES = {
	("Access Log Entry", "reference_doctype"): "DocType",
	("Access Log", "export_from"): "DocType",
	("Access Log", "report_name"): "Report",
	("Deleted Document", "deleted_doctype"): "DocType",
	("Prepared Report", "report_name"): "Report",
	("Sync State", "reference_doctype"): "DocType",
}


def find_missing_scope(
	scope: KeyScope, doctype: str, ptype: str, doc: Any = None, parent_doctype: str | None = None
) -> str | None:
	"""Return what the scope lacks for a right to a DocType, or to one of its records. None where it includes it.

	Args:
		scope: The scope.
		doctype: The DocType.
		ptype: Frappe's kind of permission.
		doc: A record or its name.
		parent_doctype: For a child table, the DocType of the parent.
	"""
	if frappe.is_table(doctype):
		return _find_missing_parent(scope, doctype, ptype, doc, parent_doctype)
	if doctype == FILE and doc and ptype in ("read", "select") and (report := _find_generated_report(doc)):
		return None if scope.allows_report(report) else describe_report(report)
	if doctype == FILE and doc and ptype in ("read", "select") and (written := _find_written_doctype(doc)):
		return None if scope.allows(written, "read") else describe_right(written, "read")
	if not scope.allows(doctype, ptype):
		return describe_right(doctype, ptype)
	return _find_missing_reference(scope, doctype, doc) if doc and not scope.is_lifted else None


def describe_report(report: str) -> str:
	"""Return how messages name a report."""
	return f"report {report}"


def _find_missing_parent(
	scope: KeyScope, doctype: str, ptype: str, doc: Any, parent_doctype: str | None
) -> str | None:
	"""Return what the scope lacks of the record that a row belongs to. A row is read and written with its record."""
	right = "read" if RIGHT_BY_PTYPE.get(ptype, ptype) in READING_RIGHTS else "write"
	parents: set[Any] = {parent_doctype}
	if doc:
		name = doc if isinstance(doc, str | int) else doc.get("name")
		stored = frappe.db.get_value(doctype, str(name), "parenttype") if name else None
		parents |= {stored, None if isinstance(doc, str | int) else doc.get("parenttype")}
	parents -= {None, ""}
	for parent in parents:
		if not (_has_table(str(parent), doctype) and scope.allows(str(parent), right)):
			return describe_right(str(parent), right)
	return None if parents else describe_right(doctype, right)


def _has_table(parent_doctype: str, doctype: str) -> bool:
	if not frappe.db.exists("DocType", parent_doctype, cache=True):
		return False
	return doctype in {table.options for table in frappe.get_meta(parent_doctype).get_table_fields()}


def _find_missing_reference(scope: KeyScope, doctype: str, doc: Any) -> str | None:
	"""Return what the scope lacks of what a record tells of, both as it is stored and as it is sent."""
	meta = frappe.get_meta(doctype)
	references = list_references(meta)
	if not references:
		return None
	name = doc if isinstance(doc, str | int) else doc.get("name")
	found = [] if isinstance(doc, str | int) else [doc]
	is_stored = name and not meta.get("is_virtual")
	if is_stored and (stored := frappe.db.get_value(doctype, name, list(references), as_dict=True)):
		found.append(stored)
	for each in found:
		for fieldname, referenced in references.items():
			value = str(each.get(fieldname) or "")
			if value and referenced == "Report" and not scope.allows_report(value):
				return describe_report(value)
			if value and referenced == "DocType" and not scope.allows(value, "read"):
				return describe_right(value, "read")
	return None


def list_references(meta: Meta) -> dict[str, str]:
	"""Return the fields of a DocType that name another DocType or a report, each with which of the two it names."""
	found = {
		field.fieldname: field.options
		for field in meta.get_link_fields()
		if field.options in REFERENCED and not field.get("is_virtual")
	}
	texts = {field: kind for (doctype, field), kind in TEXT_REFERENCES.items() if doctype == meta.name}
	return {**found, **{field: kind for field, kind in texts.items() if meta.has_field(field)}}


def _find_generated_report(doc: Any) -> str | None:
	"""Return the report whose result a file is, None for any other file."""
	name = doc if isinstance(doc, str | int) else doc.get("name")
	return frappe.db.get_value(GENERATED_REPORT, {"file": name}, "report") if name else None


def _find_written_doctype(doc: Any) -> str | None:
	"""Return the DocType of the records whose upsert has a file as its results, None for any other file."""
	name = doc if isinstance(doc, str | int) else doc.get("name")
	return frappe.db.get_value(BULK_OPERATION, {"result_file": name}, "reference_doctype") if name else None


def build_conditions(user: str | None = None, doctype: str = "") -> str:
	"""Implement the hook permission_query_conditions of every DocType: the records that the scope of the key includes."""
	scope = get_scope()
	if scope is None or scope.is_lifted or not scope.applies_to(user) or frappe.is_table(doctype):
		return ""
	if not scope.allows(doctype, "read"):
		return NO_RECORDS
	meta = frappe.get_meta(doctype)
	conditions = [
		_build_reference_condition(scope, f"`tab{doctype}`.`{fieldname}`", referenced)
		for fieldname, referenced in list_references(meta).items()
	]
	if doctype == FILE:
		conditions.append(
			f"`tabFile`.`name` not in (select `file` from `tab{GENERATED_REPORT}`"  # noqa: S608  # names are escaped
			f" where `file` is not null and {_build_membership('`report`', sorted(scope.reports), 'not in')})"
		)
		written = _build_membership("`reference_doctype`", scope.list_readable_doctypes(), "not in")
		conditions.append(
			f"`tabFile`.`name` not in (select `result_file` from `tab{BULK_OPERATION}`"  # noqa: S608  # names are escaped
			f" where `result_file` is not null and {written})"
		)
	return " and ".join(conditions)


def _build_reference_condition(scope: KeyScope, column: str, referenced: str) -> str:
	names = sorted(scope.reports) if referenced == "Report" else scope.list_readable_doctypes()
	return f"(ifnull({column}, '') = '' or {_build_membership(column, names, 'in')})"


def _build_membership(column: str, names: list[str], operator: str) -> str:
	"""Return the condition that a column is one of the names, or none of them."""
	if not names:
		return "1 = 0" if operator == "in" else "1 = 1"
	return f"{column} {operator} ({', '.join(frappe.db.escape(name, percent=False) for name in names)})"
