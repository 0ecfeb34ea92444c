"""Parse and check the parameters of an upsert, before its records are looked at."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Final

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields, no_value_fields, table_fields
from frappe.model.meta import Meta
from frappe.permissions import get_role_permissions

from orchestrator.api.aliases import get_fieldname
from orchestrator.api.bulk.requests import get_bulk_meta
from orchestrator.api.columns import refuse_name
from orchestrator.api.record_changes import PROTECTED_FIELDS
from orchestrator.api.upserts.source_parsing import FORMATS, Format
from orchestrator.exceptions import InvalidRequestError, refuse

NAME: Final = "name"
# Types of fields whose values are equal exactly if their texts are.
KEY_FIELD_TYPES: Final = frozenset({"Data", "Int", "Long Int", "Link", "Phone", "Autocomplete", "Select"})
# Standard fields that a record may have: what Frappe sets itself is refused, as in a single change.
SENDABLE_STANDARD_FIELDS: Final = frozenset({"name", "modified", "docstatus", "doctype"})


@dataclass(frozen=True)
class UpsertRequest:
	"""An upsert without its records: the DocType, the field that identifies a record, and what a failure stops.

	`lang` is the language of the errors.
	"""

	doctype: str
	key_field: str
	format: Format
	stop_on_error: bool
	lang: str

	def to_json(self) -> str:
		"""Serialize the call for a Bulk Operation."""
		return json.dumps(asdict(self), separators=(",", ":"))

	@classmethod
	def from_json(cls, text: str) -> "UpsertRequest":
		"""Parse the call that is stored in a Bulk Operation."""
		return cls(**json.loads(text))


def parse_format(value: str | None) -> Format | None:
	"""Return the format that a caller names, None if they name none. 400 for any other."""
	if value is None or value == "":
		return None
	if value not in FORMATS:
		refuse(_("{0} must be {1}.").format("format", " | ".join(FORMATS)), InvalidRequestError)
	return value  # type: ignore[return-value]


def check_doctype(doctype: str) -> Meta:
	"""Return the meta of a DocType of which the caller may create or change records.

	Raises:
		DoesNotExistError: 404. There is no such DocType.
		PermissionError: 403. The caller may neither create nor change a record of it.
		InvalidRequestError: 400. It has no records of its own.
	"""
	meta = get_bulk_meta(doctype)
	allowed = get_role_permissions(meta, is_owner=True)
	owned = allowed.get("if_owner") or {}
	if not any(rights.get(right) for rights in (allowed, owned) for right in ("create", "write")):
		refuse(
			_(
				"You do not have permission to create or change any {0}. Ask your administrator for access."
			).format(_(doctype)),
			frappe.PermissionError,
		)
	return meta


def check_key_field(meta: Meta, sent: str) -> str:
	"""Return the field that identifies a record.

	Raises:
		InvalidRequestError: 400. The DocType has no such field, or two records may have the same value in it.
		PermissionError: 403. The caller may not read the field.
	"""
	name = get_fieldname(meta.name, sent)
	if name == NAME:
		return name
	field = meta.get_field(name)
	if field is None or name in PROTECTED_FIELDS:
		refuse_name(meta, "key_field", sent)
	if field.permlevel and not _can_read_level(meta, field.permlevel):
		refuse(
			_("You may not read {0} of {1}. Identify the records by another field.").format(
				sent, _(meta.name)
			),
			frappe.PermissionError,
		)
	is_unique = field.unique and not field.get("is_virtual") and field.fieldtype in KEY_FIELD_TYPES
	if not is_unique or not frappe.db.get_column_index(f"tab{meta.name}", name, unique=True):
		refuse(
			_(
				"{0} of {1} is not unique, so it does not identify a record. Send {2}, or a field that is set to Unique."
			).format(sent, _(meta.name), NAME),
			InvalidRequestError,
		)
	return name


def _can_read_level(meta: Meta, level: int) -> bool:
	if frappe.session.user == "Administrator":
		return True
	return level in frappe.new_doc(meta.name).get_permlevel_access("read")


def check_columns(meta: Meta, key_field: str, columns: Collection[str]) -> None:
	"""400 for a CSV whose columns are not fields that a cell can set, or that lack the key."""
	check_settable(meta, columns)
	for column in columns:
		field = meta.get_field(get_fieldname(meta.name, column))
		if field and field.fieldtype in table_fields:
			refuse(
				_("{0} is a table, which a cell cannot hold. Send the records as NDJSON.").format(column),
				InvalidRequestError,
			)
	if key_field not in {get_fieldname(meta.name, column) for column in columns}:
		refuse(
			_("The first line does not name {0}, by which records are identified.").format(key_field),
			InvalidRequestError,
		)


def check_settable(meta: Meta, names: Collection[str]) -> None:
	"""400 for a name that is no field, or the name of a field that cannot be set."""
	for name in names:
		fieldname = get_fieldname(meta.name, name)
		field = meta.get_field(fieldname)
		if field is None and fieldname not in (*default_fields, *child_table_fields):
			refuse_name(meta, "records", name)
		is_standard = field is None and fieldname not in SENDABLE_STANDARD_FIELDS
		is_without_value = field is not None and (
			field.get("is_virtual")
			or (field.fieldtype in no_value_fields and field.fieldtype not in table_fields)
		)
		if is_standard or is_without_value:
			refuse(
				_("{0} of {1} cannot be set. Leave it out.").format(name, _(meta.name)), InvalidRequestError
			)
