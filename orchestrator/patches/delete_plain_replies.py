"""Delete the replies that an earlier version stored unencrypted. A retry of the last day is executed again."""

import frappe


def execute() -> None:
	"""Delete every Idempotency Record."""
	frappe.db.delete("Idempotency Record")
