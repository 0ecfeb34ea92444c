"""Detect changes of an employee's records while a request waited for its lock."""

import frappe


def has_concurrent_changes(doctype: str, employee: str) -> bool:
	"""Return True if others have written records of the employee since this transaction's snapshot.

	HRMS validates with this transaction's snapshot; a locking read finds what was committed since. So of two
	concurrent requests, the second detects that it validated the state before the first.
	"""
	table = frappe.qb.DocType(doctype)
	query = frappe.qb.from_(table).select(table.name, table.modified).where(table.employee == employee)
	return set(query.run()) != set(query.for_update().run())
