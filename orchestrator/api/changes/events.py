"""Record which records of DocTypes with a change feed are saved, renamed or deleted: in the transaction that does it.

A reader of a feed therefore learns of a change when its transaction is committed, however late that is.
"""

from collections.abc import Iterable

import frappe
from frappe.model.document import Document
from frappe.model.meta import Meta

from orchestrator.doctypes import CHANGE_FEED, CHANGE_FEED_EVENT
from orchestrator.rows import insert_rows

# A record that is saved, and what it was called before
Event = tuple[str, str | None]


def on_change(doc: Document, method: str | None = None) -> None:  # noqa: ARG001
	"""Handle the hook on_change of every DocType: insert, save, submit, cancel, db_set."""
	if not doc.flags.in_delete:
		_insert_events(doc.doctype, [(str(doc.name), None)])


def after_delete(doc: Document, method: str | None = None) -> None:  # noqa: ARG001
	"""Handle the hook after_delete of every DocType."""
	_insert_events(doc.doctype, [(str(doc.name), None)])


def after_rename(doc: Document, method: str | None, old: str, new: str, merge: bool = False) -> None:  # noqa: ARG001
	"""Handle the hook after_rename of every DocType, also for the records that link to the renamed one.

	Frappe changes their links by SQL, without an event and without a new `modified`.
	"""
	_insert_events(doc.doctype, [(str(new), str(old))])
	for doctype in {feed.reference_doctype for feed in _list_feeds()}:
		if frappe.db.exists("DocType", doctype):  # a feed may outlive its DocType for a while
			linking = _list_linking(frappe.get_meta(doctype), doc.doctype, str(new))
			_insert_events(doctype, [(name, None) for name in linking])


def _list_linking(meta: Meta, target: str, name: str) -> set[str]:
	"""Return the records of a DocType that link to a record."""
	columns = set(meta.get_valid_columns())
	filters: list[dict[str, str]] = [
		{field.fieldname: name} for field in meta.get_link_fields() if field.options == target
	]
	filters += [
		{field.fieldname: name, field.options: target}
		for field in meta.get_dynamic_link_fields()
		if field.options
	]
	filters += [{column: name} for column in ("owner", "modified_by") if target == "User"]
	# get_all: what goes into a feed is not shown to whoever renames.
	found = [
		frappe.get_all(meta.name, filters=each, pluck="name") for each in filters if columns.issuperset(each)
	]
	return {str(record) for names in found for record in names}


def _insert_events(doctype: str, events: Iterable[Event]) -> None:
	rows = [
		{"feed": feed.name, "docname": name, "old_name": old}
		for feed in _list_feeds(doctype)
		for name, old in events
	]
	if rows:
		insert_rows(CHANGE_FEED_EVENT, rows)


def _list_feeds(doctype: str | None = None) -> list[frappe._dict]:
	"""Return the feeds of the site, or those of a DocType: none while this app is being installed or removed.

	They are not cached: a cache that misses a new feed for a moment would lose a change.
	"""
	where = f" where reference_doctype = {frappe.db.escape(doctype, percent=False)}" if doctype else ""
	try:
		return frappe.db.sql(f"select name, reference_doctype from `tab{CHANGE_FEED}`{where}", as_dict=True)  # noqa: S608
	except Exception as error:
		if frappe.db.is_table_missing(error):
			return []
		raise
