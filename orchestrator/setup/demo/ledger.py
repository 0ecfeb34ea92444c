"""Records that the demo created and settings that it changed, so that its removal undoes exactly that."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import frappe
from frappe.model.base_document import BaseDocument

from orchestrator.doctypes import DEMO_RECORD


class CreatedRecord(NamedTuple):
	doctype: str
	name: str


class ChangedSetting(NamedTuple):
	"""A value of a Single that the demo changed."""

	doctype: str
	fieldname: str
	before: str | None
	after: str


@contextmanager
def record_inserts() -> Iterator[list[CreatedRecord]]:
	"""Collect every record inserted within the block, also by hooks of other apps, in that order."""
	made: list[CreatedRecord] = []
	db_insert = BaseDocument.db_insert

	def recorded_insert(doc: BaseDocument, *args: object, **kwargs: object) -> None:
		db_insert(doc, *args, **kwargs)
		if not doc.get("parenttype"):
			made.append(CreatedRecord(doc.doctype, str(doc.name)))

	BaseDocument.db_insert = recorded_insert
	try:
		yield made
	finally:
		BaseDocument.db_insert = db_insert


@contextmanager
def open_silent_transaction() -> Iterator[None]:
	"""Commit all or nothing at the end, and send nothing: no mail, no webhook, no other job.

	Some apps commit in their hooks; here they may not. Jobs that wait for the commit are dropped: webhooks,
	notifications, look-ups of users' pictures on other hosts.
	"""
	commit, sendmail = frappe.db.commit, frappe.sendmail
	frappe.db.commit = lambda *_args, **_kwargs: None
	frappe.sendmail = lambda *_args, **_kwargs: None
	try:
		yield
	except BaseException:
		frappe.db.rollback()
		raise
	else:
		frappe.db.after_commit.reset()
		frappe.local._webhook_queue = []
		commit()
		frappe.clear_cache()
	finally:
		frappe.db.commit, frappe.sendmail = commit, sendmail


def has_demo() -> bool:
	return bool(frappe.db.count(DEMO_RECORD))


def store_demo(made: list[CreatedRecord], changed: list[ChangedSetting]) -> None:
	"""Store the collected records."""
	_insert_rows([_build_row(change) for change in changed])
	add_records(made)


def add_records(made: list[CreatedRecord]) -> None:
	"""Count further records as the demo's, unless they are already."""
	known = {(row.doctype, row.record) for row in list_created()}
	_insert_rows(
		[
			{"reference_doctype": doctype, "reference_name": name, "change": "Made"}
			for doctype, name in made
			if (doctype, name) not in known
		]
	)


def list_created() -> list[frappe._dict]:
	"""Return the records that the demo created, youngest first: name (of the row), doctype, record."""
	return frappe.get_all(
		DEMO_RECORD,
		filters={"change": "Made"},
		fields=["name", "reference_doctype as doctype", "reference_name as record"],
		order_by="sequence desc",
	)


def list_changed() -> list[tuple[str, ChangedSetting]]:
	"""Return the settings the demo changed, each with the name of its row."""
	rows = frappe.get_all(
		DEMO_RECORD, filters={"change": "Changed"}, fields=["name", "reference_doctype", "before"]
	)
	return [(row.name, ChangedSetting(row.reference_doctype, **json.loads(row.before))) for row in rows]


def delete_row(row: str) -> None:
	frappe.db.delete(DEMO_RECORD, {"name": row})


def _insert_rows(rows: list[dict[str, str]]) -> None:
	latest = frappe.get_all(DEMO_RECORD, pluck="sequence", order_by="sequence desc", limit=1)
	last = latest[0] if latest else 0
	for sequence, row in enumerate(rows, start=last + 1):
		doc = frappe.get_doc({"doctype": DEMO_RECORD, "sequence": sequence, **row})
		doc.set_new_name()
		doc.db_insert()


def _build_row(change: ChangedSetting) -> dict[str, str]:
	values = change._asdict()
	doctype = values.pop("doctype")
	return {
		"reference_doctype": doctype,
		"reference_name": doctype,
		"change": "Changed",
		"before": json.dumps(values),
	}
