"""Whether saving records of a DocType does nothing but check them and write their rows on this site.

Then many are written at once, with the same result. Otherwise each is saved by itself.
"""

from typing import Final

import frappe
from frappe.model import no_value_fields
from frappe.model.base_document import get_controller
from frappe.model.document import Document
from frappe.model.meta import Meta

from orchestrator.api.listeners import find_handlers, find_rules

SAVE_EVENTS: Final = frozenset(
	{
		"before_insert", "before_naming", "autoname", "before_validate", "validate", "before_save", "after_insert",
		"on_update", "on_change",
	}
)  # fmt: skip
# Records that decide on values or names, which Frappe applies while it checks the record
APPLIED_RULES: Final = frozenset({"Document Naming Rule", "Property Setter"})
# Types of fields that saving checks without reading or writing anything else. Links are checked together.
PLAIN_TYPES: Final = frozenset(
	{
		"Autocomplete", "Check", "Color", "Currency", "Data", "Date", "Datetime", "Duration", "Float", "Int", "Link",
		"Long Int", "Long Text", "Percent", "Phone", "Rating", "Read Only", "Select", "Small Text", "Text", "Time",
	}
)  # fmt: skip
VERSION: Final = "Version"
# What Python itself adds to a class with annotations
ANNOTATION_FUNCTIONS: Final = frozenset({"__annotate__", "__annotate_func__"})


def can_write_many(meta: Meta) -> bool:
	"""Return True if saving records of the DocType has no effects but their rows, and their versions."""
	return (
		_has_plain_fields(meta)
		and not _overrides_saving(meta.name)
		and not meta.get_global_search_fields()
		and not frappe.get_cached_value("User", frappe.session.user, "follow_created_documents")
		and not _has_listeners(meta.name)
		and not (meta.track_changes and _has_listeners(VERSION))
	)


def _has_plain_fields(meta: Meta) -> bool:
	if meta.is_submittable or meta.get("is_tree") or meta.get("track_seen") or meta.get_table_fields():
		return False
	return all(_is_plain(meta, field) for field in meta.fields if field.fieldtype not in no_value_fields)


def _is_plain(meta: Meta, field: frappe._dict) -> bool:
	if field.fieldtype not in PLAIN_TYPES or field.get("is_virtual") or field.fetch_from:
		return False
	if field.fieldtype != "Link":
		return True
	target = frappe.get_meta(field.options)
	return not (target.issingle or target.get("is_virtual") or meta.get_fields_to_fetch(field.fieldname))


def _overrides_saving(doctype: str) -> bool:
	"""Return True if the class of the DocType has code of its own."""
	classes = get_controller(doctype).__mro__
	own = classes[: classes.index(Document)]
	return any(
		name not in ANNOTATION_FUNCTIONS and (callable(value) or isinstance(value, property | classmethod))
		for each in own
		for name, value in vars(each).items()
	)


def _has_listeners(doctype: str) -> bool:
	if next(find_handlers(doctype, SAVE_EVENTS), None) is not None:
		return True
	return any(rule not in APPLIED_RULES for rule in find_rules(doctype))
