"""Documented field names that differ from the names of a DocType's fields."""

from collections.abc import Iterable, Mapping
from typing import Any

import frappe

# DocType -> documented name -> field
ALIASES: dict[str, dict[str, str]] = {
	"Lead": {"email": "email_id"},
	"Issue": {"issue_title": "subject", "customer_email": "raised_by"},
	"HD Ticket": {"issue_title": "subject", "customer_email": "raised_by"},
	"Task": {
		"task_name": "subject",
		"start_date": "exp_start_date",
		"due_date": "exp_end_date",
		"estimated_effort_hours": "expected_time",
		"progress_percentage": "progress",
	},
}

# Fields of ERPNext 15 that ERPNext 16 renamed: on a site with the old one, its name is not an alias
RENAMED_FIELDS: dict[str, dict[str, str]] = {
	"Lead": {"source": "utm_source"},
	"Opportunity": {"source": "utm_source"},
}


def _get_aliases(doctype: str) -> dict[str, str]:
	"""Return the documented names of the DocType on this site, each with its field."""
	aliases = ALIASES.get(doctype, {})
	renamed = RENAMED_FIELDS.get(doctype)
	if not renamed:
		return aliases
	has_field = frappe.get_meta(doctype).has_field
	return aliases | {old: new for old, new in renamed.items() if not has_field(old) and has_field(new)}


def get_fieldname(doctype: str, name: str) -> str:
	"""Return the field of the alias `name`; `name` itself if it is not an alias."""
	return _get_aliases(doctype).get(name, name)


def rename_to_fieldnames(doctype: str, values: Mapping[str, Any]) -> dict[str, Any]:
	"""Return `values` under field names.

	If a field is given under both names, the value of the documented name counts.
	"""
	aliases = _get_aliases(doctype)
	plain = {key: value for key, value in values.items() if key not in aliases}
	return plain | {aliases[key]: value for key, value in values.items() if key in aliases}


def add_aliases(doctype: str, record: dict[str, Any]) -> dict[str, Any]:
	"""Return `record` with its documented names beside the names of the fields."""
	for alias, field in _get_aliases(doctype).items():
		if field in record:
			record[alias] = record[field]
	return record


def list_aliases(doctype: str) -> Iterable[str]:
	return _get_aliases(doctype).keys()
