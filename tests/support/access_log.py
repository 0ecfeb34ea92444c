"""The access log as it is stored: batches that wait, and sealed entries."""

import json
from collections import Counter
from typing import Any, NamedTuple

import frappe


class LoggedAccess(NamedTuple):
	"""An access in the log, whether it is sealed or not."""

	user: str
	doctype: str
	name: str
	route: str
	recipient: str = ""
	api_key: str = ""
	purpose: str = ""


def get_last_batch() -> int:
	"""Return the number of the latest batch."""
	frappe.db.rollback()
	waiting = frappe.db.sql("select max(name) from `tabAccess Log Batch`")[0][0] or 0
	sealed = frappe.db.sql("select max(batch) from `tabAccess Log Entry`")[0][0] or 0
	return int(max(waiting, sealed))


def list_accesses(after: int) -> list[LoggedAccess]:
	"""Return the accesses in batches behind one."""
	frappe.db.rollback()
	found: list[LoggedAccess] = []
	batches = frappe.db.sql(
		"select * from `tabAccess Log Batch` where name > %s order by name", after, as_dict=True
	)
	entries = frappe.db.sql(
		"select * from `tabAccess Log Entry` where batch > %s order by name", after, as_dict=True
	)
	for batch in batches:
		for doctype, names in json.loads(batch.records).items():
			found += [_build(batch, doctype, name) for name in names]
	return found + [_build(entry, entry.reference_doctype, entry.reference_name) for entry in entries]


def count_records(after: int, user: str) -> Counter[tuple[str, str]]:
	"""Return how often a user got each record since a batch."""
	return Counter((access.doctype, access.name) for access in list_accesses(after) if access.user == user)


def _build(row: Any, doctype: str, name: str) -> LoggedAccess:
	return LoggedAccess(row.user, doctype, name, row.route, row.recipient, row.api_key, row.purpose)
