"""Forget the content of deleted stays, so that the next run sees which of them Kipu lists again."""

import frappe


def execute() -> None:
	frappe.db.sql(
		"update `tabSync State` state join `tabClient Stay` stay on stay.name = state.name"
		" set state.hashes = '' where stay.status = 'Deleted' and state.hashes != ''"
	)
