"""Detect changes of an employee's records while a request waited for its lock."""

import frappe


def has_concurrent_changes(doctype: str, employee: str) -> bool:
	"""Return True if others have written records of the employee since this transaction's snapshot.

	What HRMS validated, it read from this transaction's snapshot; a locking read sees what has been committed
	since. So of two requests at once the second finds out that it validated the state before the first.
	"""
	table = frappe.qb.DocType(doctype)
	query = frappe.qb.from_(table).select(table.name, table.modified).where(table.employee == employee)
	return set(query.run()) != set(query.for_update().run())
