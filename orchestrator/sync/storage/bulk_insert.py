"""Insert many new records at once, with the same rows as `insert()` would write. Only where saving has no
side effects: see save_side_effects.py.
"""

from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any

import frappe

from orchestrator import clock
from orchestrator.rows import insert_rows, upsert_rows
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.merge.three_way import Person, Record

DOCTYPES = ("Client", "Client Stay")
Templates = Mapping[str, PrivateDict]
# Columns of an existing row that do not change.
STORED_COLUMNS = frozenset(
	{
		"name",
		"owner",
		"creation",
		"docstatus",
		"idx",
		"_user_tags",
		"_comments",
		"_assign",
		"_liked_by",
		"_seen",
	}
)


def is_bulk_writable(person: Person, run: str) -> bool:
	"""Return True if only records that this run created are written, and none has a value that saving would
	clean.
	"""
	changed = [record for record in person.records if record.changed]
	return all(
		(record.new or record.created_by_run == run) and not _contains_markup(record.row)
		for record in changed
	)


def build_templates() -> Templates:
	"""Return the columns of a new row with their defaults, by DocType."""
	return {doctype: _build_template(doctype) for doctype in DOCTYPES}


def bulk_write(persons: Collection[Person], templates: Templates) -> dict[str, str]:
	"""Write the changed records. Return the `modified` of each record by name."""
	moment = str(clock.get_now())
	stamps: dict[str, str] = {}
	for doctype in DOCTYPES:
		changed = [
			record
			for person in persons
			for record in person.records
			if record.doctype == doctype and record.changed
		]
		_bulk_write_doctype(doctype, changed, templates[doctype], moment)
		stamps.update((record.name, moment) for record in changed)
	return stamps


def _bulk_write_doctype(
	doctype: str, records: Collection[Record], template: PrivateDict, moment: str
) -> None:
	named = {"name", "creation", *chain.from_iterable(record.row for record in records)} - {"modified"}
	written = PrivateDict(
		{name: value for name, value in template.items() if name in named or value is not None}
	)
	written["modified"] = moment
	defaults = PrivateDict(
		{name: value for name, value in written.items() if name in named and value is not None}
	)
	# An existing row of another connection is an error, not an update.
	insert_rows(doctype, (_build_row(record, written, moment, defaults) for record in records if record.new))
	known = [record for record in records if not record.new]
	_lock_rows(doctype, known)
	upsert_rows(
		doctype, (_build_row(record, written, moment, {}) for record in known), preserved=STORED_COLUMNS
	)
	for record in known:
		frappe.clear_document_cache(doctype, record.name)


def _lock_rows(doctype: str, known: Collection[Record]) -> None:
	"""Lock the rows, which are written as a whole. Raise QueryDeadlockError, so that the page is repeated, if
	one was changed since it was read.
	"""
	if not known:
		return
	rows = frappe.db.sql(
		f"select name, modified from `tab{doctype}` where name in %s for update",  # noqa: S608
		(tuple(record.name for record in known),),
	)
	if dict(rows) != {record.name: record.row.get("modified") for record in known}:
		raise frappe.QueryDeadlockError


def _build_template(doctype: str) -> PrivateDict:
	user = frappe.session.user
	fresh = frappe.new_doc(doctype).get_valid_dict(ignore_virtual=True)
	return PrivateDict({**fresh, "owner": user, "modified_by": user, "docstatus": 0, "idx": 0})


def _build_row(record: Record, written: PrivateDict, moment: str, defaults: Mapping[str, Any]) -> PrivateDict:
	values = PrivateDict({name: record.row.get(name, value) for name, value in written.items()})
	values["name"] = record.name
	values["creation"] = record.row.get("creation") or moment
	values["modified"] = moment
	for name, default in defaults.items():
		if values[name] is None:  # a blank of Kipu: a new document has its default then
			values[name] = default
	return values


def _contains_markup(row: PrivateDict) -> bool:
	text = "".join([value for value in row.values() if type(value) is str])
	return "<" in text or ">" in text
