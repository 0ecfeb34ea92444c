"""Fill the times that Sync Runs and Kipu Connections of an earlier version lack: of the request, and of the last
successful test, for which a successful sync counts.
"""

import frappe


def execute() -> None:
	frappe.db.sql("update `tabSync Run` set requested_at = creation where requested_at is null")
	frappe.db.sql("update `tabKipu Connection` set tested_at = last_success where tested_at is null")
