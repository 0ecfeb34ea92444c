"""A minimal record for each DocType that arguments name and of which the site has no record.

The rows are written directly into their tables: no controller runs. They only have to exist, so that a call
gets past the look-up of its arguments.
"""

from typing import Any

import frappe
from frappe.model.document import Document

# Rows of these would change the behaviour of the site
CONFIGURING = frozenset({"Accounting Dimension", "Assignment Rule", "Client Script", "Custom Field", "DocType", "Document Naming Rule",
	"Event Producer", "Inventory Dimension", "Kanban Board", "Notification", "Property Setter", "Pricing Rule", "Server Script", "Tax Rule",
	"Webhook", "Workflow", "Energy Point Rule", "Email Account", "Auto Email Report", "Auto Repeat", "Milestone Tracker", "User",
	"Document Naming Settings", "Web Page", "Web Form", "Blog Post", "Website Route Meta", "Language", "Translation",
	"Domain", "Session Default", "OAuth Client", "Connected App", "LDAP Settings", "Social Login Key", "Service Level Agreement"})  # fmt: skip
VALUES: dict[str, Any] = {
	"Int": 1, "Float": 1, "Currency": 1, "Percent": 1, "Date": "2026-01-15", "Datetime": "2026-01-15 10:00:00", "Time": "10:00:00",
	"Data": "text", "Small Text": "text", "Text": "text", "Text Editor": "text", "Code": "{}", "JSON": "{}",
}  # fmt: skip


def create_stand_in(doctype: str, known: dict[str, Any]) -> Any:
	"""Insert a row, and one in each of its tables, and return its name. `known` has records for its links."""
	if doctype in CONFIGURING:
		return None
	doc = frappe.new_doc(doctype)
	_fill(doc, known)
	for df in doc.meta.get_table_fields():
		_fill(doc.append(df.fieldname, {}), known)
	_name(doc)
	doc.db_insert()
	for row in doc.get_all_children():
		row.parent = doc.name
		_name(row)
		row.db_insert()
	return doc.name


def _name(doc: Document) -> None:
	if doc.meta.autoname == "autoincrement":
		doc.name = frappe.db.get_next_sequence_val(doc.doctype)
	else:
		doc.name = f"stand-in {frappe.generate_hash(length=6)}"


def _fill(doc: Document, known: dict[str, Any]) -> None:
	for df in doc.meta.fields:
		if doc.get(df.fieldname) or (df.unique and df.fieldtype != "Data"):
			continue
		if df.fieldtype == "Link":
			value = known.get(frappe.scrub(df.options or ""))
		elif df.unique:
			value = frappe.generate_hash(length=8)
		else:
			value = VALUES.get(df.fieldtype)
		if value is not None and (df.reqd or df.fieldtype == "Link" or df.unique):
			doc.set(df.fieldname, value)
