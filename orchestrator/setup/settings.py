"""Orchestrator Settings on a site that had the app before a setting was added: Frappe gives a Single's defaults only to
one that was never stored."""

import frappe

DOCTYPE = "Orchestrator Settings"


def sync() -> None:
	"""Store the default of each setting that has no value at all. What the site has set stays, be it 0 or empty."""
	stored = frappe.db.get_singles_dict(DOCTYPE)
	missing = {
		field.fieldname: field.default
		for field in frappe.get_meta(DOCTYPE).fields
		if field.default and field.fieldname not in stored
	}
	if missing:
		frappe.db.set_single_value(DOCTYPE, missing, update_modified=False)
