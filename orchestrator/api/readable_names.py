"""Which of many records a user may read."""

from collections.abc import Iterable

import frappe
from frappe.model.meta import Meta

Name = str | int


def list_readable_names(meta: Meta, names: Iterable[Name], user: str) -> dict[str, Name]:
	"""Return those of `names` that `user` may read: as text, and as the database has them.

	One list query checks all records. A separate check is needed only for DocTypes in which an app decides
	per document, and for records that are not in the list, since a document may be readable without being
	listed.
	"""
	stored = _list_stored_names(meta, names)
	listed = (
		set() if meta.name in frappe.get_hooks("has_permission") else filter_listed_names(meta, stored, user)
	)
	return {
		text: name
		for text, name in stored.items()
		if text in listed or frappe.get_doc(meta.name, name).has_permission("read", user=user)
	}


def _list_stored_names(meta: Meta, names: Iterable[Name]) -> dict[str, Name]:
	"""Return those of `names` that exist: as text, and as the database has them."""
	wanted = {str(name) for name in names}
	# get_all: existence only; permissions are checked next
	found = frappe.get_all(meta.name, filters={"name": ("in", list(names))}, pluck="name", order_by=None)
	# the database compares without regard to case and trailing blanks, a name does not
	return {str(name): name for name in found if str(name) in wanted}


def filter_listed_names(meta: Meta, stored: dict[str, Name], user: str) -> set[str]:
	"""Return those of `stored` that a list shows to `user`, none if the user may not list records."""
	if not stored or not frappe.has_permission(meta.name, "read", user=user):
		return set()
	filters = {"name": ("in", list(stored.values()))}
	return {
		str(name)
		for name in frappe.get_list(meta.name, filters=filters, pluck="name", user=user, order_by=None)
	}
