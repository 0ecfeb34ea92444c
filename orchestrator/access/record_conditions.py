"""The SQL condition of the records of a DocType that a user may read."""

import frappe
from frappe.model.db_query import DatabaseQuery

from orchestrator.access.key_scope import is_unlimited

NO_RECORDS = "1 = 0"


def build_read_condition(doctype: str, user: str) -> str | None:
	"""Return the condition that Frappe puts into a list of a DocType for a user.

	It includes role permissions, owners, user permissions, shares and the hooks
	`permission_query_conditions`. Frappe's own `build_match_conditions` does not add the shares of a user
	without a role for the DocType.

	Args:
		doctype: A DocType with a table of its own that is no child table.
		user: The user who reads.

	Returns:
		The condition, an empty string if the user may read all records, None if they may read none.
	"""
	if not frappe.has_permission(doctype, "read", user=user):
		return None
	return build_list_condition(doctype, user)


def can_read_all(doctype: str, user: str) -> bool:
	"""Return True for a user who may read every record of a DocType."""
	return is_unlimited(user) or build_read_condition(doctype, user) == ""


def build_list_condition(doctype: str, user: str) -> str | None:
	"""Return the condition for lists and link fields, which users may read with the right to select only."""
	query = DatabaseQuery(doctype, user=user)
	query.reference_doctype = doctype
	try:
		matched = query.build_match_conditions()
	except frappe.PermissionError:
		frappe.clear_last_message()
		return None
	return " and ".join(f"({condition})" for condition in (*query.conditions, matched) if condition)


def build_membership(doctype: str, column: str, user: str) -> str | None:
	"""Return the condition that a column names a record that the user may read, None if the user may read
	none.

	Args:
		doctype: The DocType of the named records.
		column: The column with its table, as SQL.
		user: The user who reads.
	"""
	meta = frappe.get_meta(doctype)
	if meta.istable or meta.get("is_virtual"):
		return None
	readable = build_read_condition(doctype, user)
	if readable is None:
		return None
	if meta.issingle:
		return f"{column} = {frappe.db.escape(doctype, percent=False)}"
	where = f" where {readable}" if readable else ""
	return f"{column} in (select `tab{doctype}`.name from `tab{doctype}`{where})"  # noqa: S608  # Frappe's own conditions
