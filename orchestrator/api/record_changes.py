"""Parse, check and save the values that a caller sends for a record."""

import contextlib
from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields
from frappe.model.document import Document
from frappe.model.meta import Meta
from frappe.utils import get_datetime

from orchestrator.api.field_access import check_field_permissions, check_links
from orchestrator.api.parameters import parse_json
from orchestrator.api.records import get_meta_or_none
from orchestrator.exceptions import InvalidRequestError, refuse

# Parameters that Frappe adds to every request, beside the caller's.
TRANSPORT_KEYS = frozenset({"cmd", "csrf_token", "_lang", "sid"})
PROTECTED_FIELDS = frozenset((*default_fields, *child_table_fields)) - {"docstatus", "doctype"}


def check_parent_table(record: dict[str, Any]) -> None:
	"""400 for a child row whose parent's DocType has no such table."""
	parenttype, table = record.get("parenttype"), record.get("parentfield")
	if not parenttype:
		return
	if not isinstance(parenttype, str):
		refuse(_("{0} must be {1}.").format("parenttype", _("a single value")), InvalidRequestError)
	parent = get_meta_or_none(parenttype)
	if parent and table and table not in {field.fieldname for field in parent.get_table_fields()}:
		refuse(_("{0} has no table {1} ({2}).").format(parenttype, table, "parentfield"), InvalidRequestError)


def remove_transport_keys(values: dict[str, Any]) -> dict[str, Any]:
	"""Return the caller's own parameters."""
	return {key: value for key, value in values.items() if key not in TRANSPORT_KEYS}


def parse_changes(fieldname: str | dict | None, value: Any, values: dict[str, Any]) -> dict[str, Any]:
	"""Return the changes of a set_value request, in any of its three forms."""
	if fieldname is None:
		changes = remove_transport_keys(values)
	elif isinstance(fieldname, dict):
		changes = dict(fieldname)
	elif fieldname.lstrip().startswith("{"):
		changes = parse_json("fieldname", fieldname)
	else:
		changes = {fieldname: value}
	if not changes:
		refuse(
			_("Nothing to change: send fieldname and value, or the fields themselves."), InvalidRequestError
		)
	return changes


def check_not_modified_since(doc: Document, modified: Any) -> None:
	"""409 if the caller's `modified` is no longer the record's."""
	if modified and get_datetime(modified) != get_datetime(doc.modified):
		refuse(
			_("{0} {1} was changed in the meantime. Read it again and repeat the change.").format(
				doc.doctype, doc.name
			),
			frappe.TimestampMismatchError,
		)


def save_changes(meta: Meta, doc: Document, name: str | int, changes: dict[str, Any]) -> None:
	"""Save `changes` on the record, or on its row in the parent."""
	target = doc.getone({"doctype": meta.name, "name": name}) if meta.istable else doc
	check_field_permissions(target, changes)
	check_links(meta, changes)
	target.update(changes)
	with translate_link_errors():
		doc.save()


@contextlib.contextmanager
def translate_link_errors() -> Iterator[None]:
	"""Translate a missing record within the block to 422: it is one that the data refers to, not the
	requested one (404).
	"""
	try:
		yield
	except frappe.DoesNotExistError as error:
		raise frappe.LinkValidationError(*error.args) from error
