"""Side effects of saving a DocType's records on this site. Without any, many records may be inserted at once
with the same result. Otherwise each is saved as a document.
"""

from collections.abc import Collection, Iterator

import frappe
from frappe.core.doctype.docfield.docfield import DocField
from frappe.model.base_document import get_controller

from orchestrator.api.listeners import find_handlers, find_rules

INSERT_EVENTS = frozenset(
	{
		"before_insert", "before_naming", "autoname", "before_validate", "validate", "before_save", "after_insert",
		"on_update", "on_change",
	}
)  # fmt: skip

# Field types of which saving refuses some values.
INSERT_RELEVANT_PROPERTIES = frozenset({"Select", "Phone", "Link"})


def has_side_effects(doctype: str, written: Collection[str] = ()) -> bool:
	"""Return True if saving a new record of `doctype` could do more than write its row. `written`: the fields
	that get a value.
	"""
	return next(list_side_effects(doctype, written), None) is not None


def list_side_effects(doctype: str, written: Collection[str] = ()) -> Iterator[str]:
	"""Yield each handler and rule that saving would run."""
	yield from find_handlers(doctype, INSERT_EVENTS)
	yield from find_rules(doctype)
	if any(_is_checked_on_save(field, written) for field in frappe.get_meta(doctype).fields):
		yield "Custom Field"
	for check in (_find_overridden_controller, _is_in_global_search, _is_auto_followed):
		if reason := check(doctype):
			yield reason


def _find_overridden_controller(doctype: str) -> str | None:
	"""Yield a DocType class of another app that replaces this app's."""
	module = get_controller(doctype).__module__
	return None if module.startswith("orchestrator.") else module


def _is_checked_on_save(field: DocField, written: Collection[str]) -> bool:
	"""Return True for a site's own field that saving validates. Defaults are written like other values."""
	if not field.get("is_custom_field"):
		return False
	if field.reqd or field.fetch_from or field.unique or field.fieldtype == "Rating":
		return True
	if field.default and field.fieldtype in ("Link", "Dynamic Link", "Password"):
		return True  # its target must exist, or it is stored elsewhere
	return field.fieldname in written and (
		field.fieldtype in INSERT_RELEVANT_PROPERTIES or bool(field.options)
	)


def _is_in_global_search(doctype: str) -> str | None:
	return "global search" if frappe.get_meta(doctype).get_global_search_fields() else None


def _is_auto_followed(_doctype: str) -> str | None:
	"""Return True if users automatically follow the records that they create."""
	follows = frappe.get_cached_value("User", frappe.session.user, "follow_created_documents")
	return "document follow" if follows else None
