"""The fields of a DocType that a user may not read: by their permission levels, and by who the reader is."""

import frappe
from frappe import _
from frappe.model import default_fields, optional_fields
from frappe.model.meta import Meta

from orchestrator.access.key_scope import get_recipient
from orchestrator.exceptions import refuse

NO_FIELDS: frozenset[str] = frozenset()
# In all apps, Desk filters users by their type in link fields. The type reveals nothing about a person.
ALWAYS_READABLE = frozenset({("User", "user_type")})
# Copies of comments, tags, assignments and likes, which Frappe keeps in the row of each record
INTERNAL_COLUMNS = frozenset(optional_fields)


def get_unreadable_fields(
	doctype: str, parent_doctype: str | None = None, user: str | None = None
) -> frozenset[str]:
	"""Return the fields above level 0 that the user may not read, and the columns that recipients outside never get.

	Args:
		doctype: The DocType that has the fields.
		parent_doctype: For a child table, the DocType whose permissions hold.
		user: The reader, by default the session's user.

	Returns:
		Field names in lower case, because MariaDB finds columns in either case.
	"""
	return _get_fields_above_level(doctype, parent_doctype, user) | get_internal_columns(user)


def get_internal_columns(user: str | None = None) -> frozenset[str]:
	"""Return the columns that repeat internal records, where a recipient outside the organisation reads."""
	return INTERNAL_COLUMNS if get_recipient(user) else NO_FIELDS


def _get_fields_above_level(doctype: str, parent_doctype: str | None, user: str | None) -> frozenset[str]:
	meta = frappe.get_meta(doctype)
	fields = meta.get_high_permlevel_fields()
	user = user or frappe.session.user
	if not fields or user == "Administrator":
		return NO_FIELDS
	readable = _list_readable_levels(meta, parent_doctype, user)
	if readable is None:
		return NO_FIELDS
	return frozenset(
		field.fieldname.lower()
		for field in fields
		if field.permlevel not in readable and (doctype, field.fieldname) not in ALWAYS_READABLE
	)


def get_unreadable_tables(doctype: str, user: str | None = None) -> frozenset[str]:
	"""Return the child DocTypes whose rows are in a table field that the user may not read."""
	hidden = get_unreadable_fields(doctype, user=user)
	if not hidden:
		return NO_FIELDS
	tables = frappe.get_meta(doctype).get_table_fields()
	return frozenset(field.options for field in tables if field.fieldname.lower() in hidden)


def get_columns(doctype: str) -> frozenset[str]:
	"""Return all columns of a DocType in lower case."""
	return frozenset(column.lower() for column in frappe.get_meta(doctype).get_valid_columns())


def get_unselectable_fields(doctype: str) -> frozenset[str]:
	"""Return the columns that stay hidden from a user who may choose a record in a link but not read it."""
	meta = frappe.get_meta(doctype)
	shown = {*default_fields, *meta.get_search_fields(), meta.title_field, meta.image_field}
	return get_columns(doctype) - {name.lower() for name in shown if name}


def refuse_field(doctype: str, fieldname: str) -> None:
	"""Refuse the use of a field that the caller may not read. Raises PermissionError (403)."""
	refuse(
		_(
			"You may not read the field {0} of {1}, so you cannot filter, sort, group or calculate by it."
		).format(fieldname, _(doctype)),
		frappe.PermissionError,
	)


def _list_readable_levels(meta: Meta, parent_doctype: str | None, user: str) -> set[int] | None:
	"""Return the levels that the user may read, None if the DocType has no permissions at all."""
	if meta.istable and not parent_doctype:
		return set()
	if not meta.get_permissions(parent_doctype):
		return None
	return set(meta.get_permlevel_access("read", parent_doctype, user=user))
