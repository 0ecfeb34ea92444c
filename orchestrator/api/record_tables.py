"""The tables of a DocType as ETags need them: columns, properties of fields, and whether records show only what is stored."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from frappe.model.base_document import BaseDocument, get_controller
from frappe.model.document import Document
from frappe.model.meta import Meta

from orchestrator.compat import describe_metas

# Properties of a field by which Frappe shows the value of its column
FIELD_PROPERTIES = ("fieldname", "fieldtype", "permlevel", "unique", "not_nullable", "default")
# Columns that Frappe gives each table but those of child tables, and shows where they have a value
OPTIONAL_COLUMNS = ("_user_tags", "_liked_by")
# Methods of a controller by which it may show something else than its row
SHOWING_METHODS = ("load_from_db", "get", "get_valid_dict", "as_dict", "apply_fieldlevel_read_permissions")
CONSTRUCTORS = ("__init__", "__setup__")
# Apps whose constructors compute no field; tests/api/test_record_etags.py compares their records with the rows
PLATFORM_APPS = frozenset({"frappe", "erpnext", "hrms"})


@dataclass(frozen=True)
class TableDescription:
	"""A DocType's table.

	Attributes:
		doctype: Name of the DocType.
		is_virtual: True if there is no table.
		columns: The columns that a record shows.
		row_digest: SQL expression of a digest of them.
		fields: The properties of the fields, as text.
		has_masks: True if Frappe 16 masks a field for some users.
		virtual_fields: Names of the fields without a column, and whether they have an expression.
	"""

	doctype: str
	is_virtual: bool
	columns: tuple[str, ...]
	row_digest: str
	fields: str
	has_masks: bool
	virtual_fields: tuple[tuple[str, bool], ...]


def describe_table(meta: Meta) -> TableDescription:
	"""Return the description of a DocType's table."""
	virtual = {
		field.fieldname: bool(field.get("options")) for field in meta.fields if field.get("is_virtual")
	}
	optional = () if meta.istable else OPTIONAL_COLUMNS
	columns = dict.fromkeys(name for name in (*meta.get_valid_columns(), *optional) if name not in virtual)
	return TableDescription(
		doctype=meta.name,
		is_virtual=bool(meta.get("is_virtual")),
		columns=tuple(columns),
		row_digest=build_row_digest(f"`{name}`" for name in columns),
		fields=repr([[vars(field).get(name) for name in FIELD_PROPERTIES] for field in meta.fields]),
		has_masks=any(vars(field).get("mask") for field in meta.fields),
		virtual_fields=tuple(virtual.items()),
	)


def build_row_digest(columns: Iterable[str]) -> str:
	"""Return the SQL expression of a digest of columns."""
	# QUOTE tells NULL from an empty text, and keeps separators within a value from being taken for separators. As binary,
	# because columns and numbers may differ in their collation.
	values = ", ".join(f"quote(cast({column} as binary))" for column in columns)
	return f"sha2(concat_ws(',', {values}), 256)"


def describe_tables(meta: Meta) -> dict[str, TableDescription]:
	"""Return the descriptions of the DocType's table, under an empty name, and of its child tables, by its table fields."""
	doctypes = {"": meta.name, **{field.fieldname: field.options for field in meta.get_table_fields()}}
	names = list(dict.fromkeys(doctypes.values()))
	descriptions = dict(zip(names, describe_metas(names, describe_table), strict=True))
	return {fieldname: descriptions[doctype] for fieldname, doctype in doctypes.items()}


def shows_row_only(table: TableDescription) -> bool:
	"""Return True if a record shows what stands in its row and nothing else."""
	controller = get_controller(table.doctype)
	return (
		not table.is_virtual
		and _is_plain_controller(controller)
		# a virtual field without code, for forms, is always empty
		and not any(has_code or hasattr(controller, name) for name, has_code in table.virtual_fields)
	)


@functools.lru_cache(maxsize=2048)
def _is_plain_controller(controller: type) -> bool:
	"""Return True for a controller that neither computes nor replaces what a record shows."""
	owners = [cls for cls in controller.__mro__ if cls not in (Document, BaseDocument, object)]
	if any(name in vars(cls) for cls in owners for name in SHOWING_METHODS):
		return False
	return all(
		cls.__module__.split(".")[0] in PLATFORM_APPS
		for cls in owners
		if any(name in vars(cls) for name in CONSTRUCTORS)
	)
