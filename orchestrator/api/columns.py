"""Column names in a list request, resolved against the DocType: every result is an existing column."""

import difflib
import re
from collections.abc import Sequence
from typing import NoReturn

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields, optional_fields
from frappe.model.meta import Meta
from frappe.utils.caching import request_cache

from orchestrator.api.aliases import get_fieldname, list_aliases
from orchestrator.exceptions import InvalidRequestError, refuse

NAME_PATTERN = r"[A-Za-z_][A-Za-z0-9_]*"
# email · `email` · tabLead.email · `tabLead`.`email` · items.item_code
FIELD_PATTERN = re.compile(
	rf"^(?:`?(?P<table>tab[A-Za-z0-9_ -]+|{NAME_PATTERN})`?\.)?`?(?P<field>{NAME_PATTERN})`?$"
)


def build_qualified_column(meta: Meta, name: str, text: str) -> str:
	"""Return a column with its table, so that a joined table never makes it ambiguous."""
	column = find_column(meta, name, text)
	return column if "." in column else f"`tab{meta.name}`.`{column}`"


def find_column(meta: Meta, name: str, text: str) -> str:
	"""Return the column that `text` names: a field of this DocType, of a child table or of a linked record."""
	match = FIELD_PATTERN.match(text.strip())
	if not match:
		refuse_name(meta, name, text)
	table, fieldname = match["table"], match["field"]
	if not table or table == f"tab{meta.name}":
		return _get_checked_field(meta, name, fieldname)
	if table.startswith("tab") and not meta.has_field(table):
		other = get_child_meta(meta, name, table[3:])
		return f"`tab{other.name}`.`{_get_checked_field(other, name, fieldname)}`"
	link = meta.get_field(table)
	if not link or link.fieldtype not in ("Link", "Table", "Table MultiSelect"):
		refuse_name(meta, name, text)
	column = _get_checked_field(frappe.get_meta(link.options), name, fieldname)
	return f"{table}.{column}" if link.fieldtype == "Link" else f"`tab{link.options}`.`{column}`"


def find_own_column(meta: Meta, name: str, text: str) -> str:
	"""Return a field of `meta` itself, as filters have it."""
	match = FIELD_PATTERN.match(text.strip())
	if not match or (match["table"] and match["table"] != f"tab{meta.name}"):
		refuse_name(meta, name, text)
	return _get_checked_field(meta, name, match["field"])


def _get_checked_field(meta: Meta, name: str, text: str) -> str:
	"""Return the column named `text`. 400 if the DocType has none."""
	fieldname = get_fieldname(meta.name, text)
	if fieldname not in list_columns(meta.name):
		refuse_name(meta, name, text)
	return fieldname


@request_cache
def list_columns(doctype: str) -> set[str]:
	"""Return the columns of the DocType's table, or its fields if it has no table."""
	meta = frappe.get_meta(doctype)
	if meta.get("is_virtual"):
		return {*default_fields, *(df.fieldname for df in meta.fields)} - {"doctype"}
	columns = set(meta.get_valid_columns())
	if not meta.istable:
		columns -= set(child_table_fields)
	return columns | {name for name in optional_fields if frappe.db.has_column(doctype, name)}


def get_child_meta(meta: Meta, name: str, doctype: str) -> Meta:
	"""Return the meta of a child table of `meta`."""
	if doctype not in {table.options for table in meta.get_table_fields()}:
		refuse(_("{0} has no table {1} ({2}).").format(meta.name, doctype, name), InvalidRequestError)
	return frappe.get_meta(doctype)


def refuse_name(meta: Meta, name: str, text: str) -> NoReturn:
	"""Refuse (400) an unknown field, and suggest a similar name."""
	known = [*list_aliases(meta.name), *sorted(list_columns(meta.name))]
	hint = build_hint(text, known)
	message = _("{0} has no field {1} ({2}).").format(meta.name, text, name)
	refuse(f"{message} {hint}".strip(), InvalidRequestError)


def build_hint(text: str, known: Sequence[str]) -> str:
	"""Return a hint at the known name most like `text`, or nothing."""
	matches = difflib.get_close_matches(text, known, n=1)
	return _("Did you mean {0}?").format(matches[0]) if matches else ""
