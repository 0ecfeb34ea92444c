"""Defaults of settings that a later version brought. Frappe fills them in for a new site only: on one whose settings
were saved before, a new number would be 0."""

import frappe

DOCTYPE = "Orchestrator Settings"


def sync_defaults() -> None:
	"""Write the default of each field that the saved settings do not know yet."""
	stored = frappe.db.get_singles_dict(DOCTYPE)
	if not stored:
		return
	for field in frappe.get_meta(DOCTYPE).fields:
		if field.default is not None and field.fieldname not in stored:
			frappe.db.set_single_value(DOCTYPE, field.fieldname, field.default, update_modified=False)
