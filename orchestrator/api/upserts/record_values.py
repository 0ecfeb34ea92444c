"""Check the values of one record of an upsert, as for a single insert or change."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from frappe import _
from frappe.model.meta import Meta

from orchestrator.api.aliases import rename_to_fieldnames
from orchestrator.api.field_values import INTEGER_TYPES, parse_values
from orchestrator.api.file_privacy import parse_record_privacy
from orchestrator.api.reserved_names import check_reserved_names
from orchestrator.api.upserts.requests import NAME, check_settable
from orchestrator.exceptions import InvalidRequestError, refuse

Key = str | int


@dataclass(frozen=True)
class UpsertTarget:
	"""The DocType of an upsert, and the field that identifies its records."""

	meta: Meta
	key_field: str


class KeyedRecord(NamedTuple):
	"""The values of a record by field, its key, and the line on which it begins."""

	line: int
	key: Key
	values: dict[str, Any]


def parse_record(target: UpsertTarget, line: int, sent: dict[str, Any]) -> KeyedRecord:
	"""Return the values of a record in the types of its fields.

	Raises:
		InvalidRequestError: 400. A field is unknown or cannot be set, a value does not fit, or there is no key.
	"""
	meta = target.meta
	check_reserved_names(meta, sent)
	check_settable(meta, sent)
	values = parse_record_privacy(meta.name, rename_to_fieldnames(meta.name, parse_values(meta, sent)))
	values.pop("doctype", None)
	for table in meta.get_table_fields():
		if table.fieldname in values and values[table.fieldname] is None:
			values[table.fieldname] = []
	return KeyedRecord(line, _parse_key(target, values.get(target.key_field)), values)


def _parse_key(target: UpsertTarget, key: Any) -> Key:
	if key is None or key == "":
		refuse(
			_("The record has no {0}, by which records are identified.").format(target.key_field),
			InvalidRequestError,
		)
	if isinstance(key, bool) or not isinstance(key, str | int):
		refuse(_("{0} must be {1}.").format(target.key_field, _("a text")), InvalidRequestError)
	field = target.meta.get_field(target.key_field)
	if field and field.fieldtype in INTEGER_TYPES and not _is_canonical(key):
		refuse(
			_("{0} must be {1}.").format(target.key_field, _("a whole number, such as 7")),
			InvalidRequestError,
		)
	if isinstance(key, str) and key != key.strip():
		refuse(_("{0} must not begin or end with a blank.").format(target.key_field), InvalidRequestError)
	return key


def _is_canonical(key: Key) -> bool:
	"""Return False for a number in another form than that in which it is compared, such as 007."""
	try:
		return str(int(key)) == str(key)
	except ValueError:
		return False


def build_changes(target: UpsertTarget, record: KeyedRecord, name: Key) -> dict[str, Any]:
	"""Return what a record may change of the one that has its key already."""
	changes = {field: value for field, value in record.values.items() if field != target.key_field}
	if NAME in changes and str(changes.pop(NAME)) != str(name):
		refuse(
			_("The record has another name. Rename it first, or leave {0} out.").format(NAME),
			InvalidRequestError,
		)
	return changes
