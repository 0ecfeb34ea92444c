"""Delete the fingerprints of deleted stays, so that the next run detects those that Kipu lists again."""

import frappe


def execute() -> None:
	frappe.db.sql(
		"update `tabSync State` state join `tabClient Stay` stay on stay.name = state.name"
		" set state.hashes = '' where stay.status = 'Deleted' and state.hashes != ''"
	)
