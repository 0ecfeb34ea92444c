"""Refuse values of fields that Frappe would silently ignore when it saves a record."""

from collections.abc import Mapping
from typing import Any

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields
from frappe.model.document import Document
from frappe.model.meta import Meta

from orchestrator.api.aliases import get_fieldname
from orchestrator.api.columns import refuse_name
from orchestrator.exceptions import refuse


def check_known_fields(meta: Meta, values: dict[str, Any]) -> None:
	"""Refuse (400) the first field that the DocType does not have."""
	for name in values:
		field = get_fieldname(meta.name, name)
		if not (field in default_fields or field in child_table_fields or meta.has_field(field)):
			refuse_name(meta, "body", name)


def check_field_permissions(doc: Document, values: Mapping[str, Any]) -> None:
	"""Refuse (403) a field whose permission level the caller may not write.

	Frappe would ignore the value and report success, for example to an employee who approves their own leave.
	"""
	if frappe.session.user == "Administrator":
		return
	fields = {field.fieldname: field for field in doc.meta.get_high_permlevel_fields()}
	writable = set(doc.get_permlevel_access("write")) if fields.keys() & values.keys() else set()
	for name in fields.keys() & values.keys():
		field, value = fields[name], values[name]
		if field.permlevel not in writable and doc.cast(value, field) != doc.cast(doc.get(name), field):
			refuse(
				_("You may not set {0} of {1}. Leave it out, or ask someone who has permission.").format(
					name, _(doc.doctype)
				),
				frappe.PermissionError,
			)


def check_links(meta: Meta, values: Mapping[str, Any]) -> None:
	"""Refuse (422) a link to a missing record.

	Frappe checks links itself, except those from which it fetches further values.
	"""
	for field in meta.get_link_fields():
		target = values.get(field.fieldname)
		if not target or not meta.get_fields_to_fetch(field.fieldname):
			continue
		if not frappe.get_meta(field.options).get("is_virtual") and not frappe.db.exists(
			field.options, target
		):
			refuse(_("Could not find {0}").format(f"{_(field.label)}: {target}"), frappe.LinkValidationError)
