"""Fields that the reader may see in full: neither above their permission levels nor masked."""

import frappe
from frappe.model.meta import Meta

from orchestrator.access.field_levels import get_unreadable_fields


def get_hidden_fields(doctype: str) -> frozenset[str]:
	"""Return the fields of a DocType that the reader may not read, or reads masked, in lower case."""
	hidden = get_unreadable_fields(doctype)
	if not hasattr(Meta, "get_masked_fields") or frappe.session.user == "Administrator":
		return hidden
	return hidden | {field.fieldname.lower() for field in frappe.get_meta(doctype).get_masked_fields()}
