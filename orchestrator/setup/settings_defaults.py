"""Defaults of settings that a later version added. Frappe fills them in on a new site only: on a site with
saved settings, a new number would be 0.
"""

import frappe

from orchestrator.doctypes import SETTINGS


def sync_defaults() -> None:
	"""Write the default of each field that the saved settings do not contain yet."""
	stored = frappe.db.get_singles_dict(SETTINGS)
	if not stored:
		return
	for field in frappe.get_meta(SETTINGS).fields:
		if field.default is not None and field.fieldname not in stored:
			frappe.db.set_single_value(SETTINGS, field.fieldname, field.default, update_modified=False)
