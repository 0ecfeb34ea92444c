"""Filters of this app's reports whose DocType depends on the version of ERPNext."""

import frappe

from orchestrator import compat

REPORT, FIELD = "Lead Analysis", "source"


def sync() -> None:
	"""Set the DocType of the filter by a lead's source to the site's own."""
	doctype = compat.get_lead_source_doctype()
	rows = frappe.get_all(
		"Report Filter",
		{"parent": REPORT, "fieldname": FIELD, "options": ("!=", doctype)},
		pluck="name",
	)
	for name in rows:
		frappe.db.set_value("Report Filter", name, "options", doctype, update_modified=False)
	if rows:
		frappe.clear_document_cache("Report", REPORT)
