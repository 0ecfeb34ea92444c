"""The documented field names that a DocType does not have, and the fields they stand for. The one table."""

from collections.abc import Iterable, Mapping
from typing import Any

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


def field_of(doctype: str, name: str) -> str:
	"""The field that `name` stands for: itself, where it is no alias."""
	return ALIASES.get(doctype, {}).get(name, name)


def fields_of(doctype: str, values: Mapping[str, Any]) -> dict[str, Any]:
	"""`values` under field names. A field given under both names keeps the documented one's value."""
	aliases = ALIASES.get(doctype, {})
	plain = {key: value for key, value in values.items() if key not in aliases}
	return plain | {aliases[key]: value for key, value in values.items() if key in aliases}


def with_aliases(doctype: str, record: dict[str, Any]) -> dict[str, Any]:
	"""`record` with its documented names beside the fields they stand for."""
	for alias, field in ALIASES.get(doctype, {}).items():
		if field in record:
			record[alias] = record[field]
	return record


def documented_names(doctype: str) -> Iterable[str]:
	"""The aliases of a DocType."""
	return ALIASES.get(doctype, {}).keys()
