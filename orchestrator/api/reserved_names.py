"""Refuse names in a caller's values that are not fields but that Frappe's Document would act on.

`__islocal` makes a save an insert, `_validate` replaces a method, `doctype` turns the record into another kind.
"""

from collections.abc import Mapping
from typing import Any

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields, optional_fields
from frappe.model.base_document import get_controller
from frappe.model.meta import Meta

from orchestrator.compat import RESERVED_KEYWORDS
from orchestrator.exceptions import InvalidRequestError, refuse

# Keys that Desk's forms and Frappe's own replies have beside the fields; a new record ignores them.
FORM_STATE = frozenset(
	{"__islocal", "__unsaved", "__onload", "__last_sync_on", "localname", *optional_fields}
)
DOCSTATUSES = frozenset({"0", "1", "2"})


def remove_form_state(record: Mapping[str, Any]) -> dict[str, Any]:
	"""Return a record to insert without the state of a form."""
	return {name: value for name, value in record.items() if name not in FORM_STATE}


def check_reserved_names(meta: Meta, values: Mapping[str, Any]) -> None:
	"""Refuse Frappe's reserved names, in the record and in the rows of its tables.

	Raises:
		InvalidRequestError: 400, naming the first such name, or a docstatus or doctype that cannot be set.
	"""
	_check_names(meta, values)
	if values.get("doctype", meta.name) != meta.name:
		refuse(_("The doctype of a record cannot be changed."), InvalidRequestError)
	for table in meta.get_table_fields():
		rows = values.get(table.fieldname)
		for row in rows if isinstance(rows, list) else ():
			if isinstance(row, dict):
				_check_names(frappe.get_meta(table.options), remove_form_state(row))


def _check_names(meta: Meta, values: Mapping[str, Any]) -> None:
	for name in values:
		if _is_reserved(meta, str(name)):
			refuse(_("{0} is not a field of {1}.").format(name, _(meta.name)), InvalidRequestError)
	docstatus = values.get("docstatus")
	if docstatus is not None and (isinstance(docstatus, bool) or str(docstatus) not in DOCSTATUSES):
		refuse(_("docstatus must be 0, 1 or 2."), InvalidRequestError)


def _is_reserved(meta: Meta, name: str) -> bool:
	if meta.has_field(name) or name in default_fields or name in child_table_fields:
		return False
	controller = get_controller(meta.name)
	return name.startswith("_") or name in RESERVED_KEYWORDS or hasattr(controller, name)
