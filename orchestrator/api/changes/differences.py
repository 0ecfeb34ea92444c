"""Compare a feed with the records that its user may read now, by SQL: all records, or those of some names.

All queries read without locks, in the snapshot of the transaction.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import frappe

from orchestrator.access.record_conditions import NO_RECORDS, build_read_condition
from orchestrator.api.changes.feeds import Feed
from orchestrator.doctypes import CHANGE_FEED_RECORD

EVERYTHING = "1 = 1"
DIFFERS = """(known.docname is null or known.status != 'Present' or not (known.record_modified <=> found.modified)
	or binary known.docname != binary found.docname)"""


class View(NamedTuple):
	"""The records of a DocType that a user may read: the condition, and how names are written in SQL."""

	doctype: str
	condition: str
	name: str
	docname: str

	@property
	def table(self) -> str:
		"""Return the table in SQL."""
		return f"`tab{self.doctype}`"


def build_view(doctype: str, user: str) -> View:
	"""Return the view of a user."""
	condition = build_read_condition(doctype, user)
	condition = NO_RECORDS if condition is None else condition or EVERYTHING
	name, docname = f"`tab{doctype}`.name", "known.docname"
	if (
		frappe.get_meta(doctype).autoname == "autoincrement"
	):  # else the indexes of numbers and texts are of no use
		name, docname = f"cast({name} as char) collate utf8mb4_unicode_ci", "cast(known.docname as signed)"
	return View(doctype, condition, name, docname)


def quote(value: Any) -> str:
	"""Return a value as SQL. Conditions of hooks may have percent signs, so that no query here has parameters."""
	return str(frappe.db.escape(str(value), percent=False))


def quote_all(values: Iterable[Any]) -> str:
	"""Return a list of values as SQL."""
	return f"({', '.join(map(quote, values))})"


def list_readable(
	view: View, feed: Feed, where: str, limit: int, *, only_different: bool = True
) -> list[frappe._dict]:
	"""Return records that the user may read, in the order of their names, with what the feed has of each.

	Args:
		view: The user's view.
		feed: The feed.
		where: Condition of the records.
		limit: How many at most.
		only_different: Leave out those that are in the feed as they are.
	"""
	return frappe.db.sql(
		f"""select found.docname, found.modified, known.name as row_name, known.docname as known_name, known.status, known.since,
			known.first_position, known.previous_name
		from (select {view.name} as docname, `tab{view.doctype}`.name, `tab{view.doctype}`.modified from {view.table}
			where ({view.condition}) and ({where})) found
		left join `tab{CHANGE_FEED_RECORD}` known on known.feed = {quote(feed.name)} and known.docname = found.docname
		where {DIFFERS if only_different else EVERYTHING} order by found.name limit {limit}""",  # noqa: S608  # Frappe's own conditions
		as_dict=True,
	)


def list_unreadable(view: View, feed: Feed, where: str, limit: int) -> list[frappe._dict]:
	"""Return records of the feed that the user may not read any more, and whether they still exist.

	Args:
		view: The user's view.
		feed: The feed.
		where: Condition of the feed's records, under the name `known`.
		limit: How many at most.
	"""
	named = f"{view.table}.name = {view.docname}"
	return frappe.db.sql(
		f"""select known.name as row_name, known.docname, known.since, known.first_position, known.record_modified,
			exists (select 1 from {view.table} where {named}) as remains
		from `tab{CHANGE_FEED_RECORD}` known
		where known.feed = {quote(feed.name)} and known.status = 'Present' and ({where})
			and not exists (select 1 from {view.table} where {named} and ({view.condition}))
		limit {limit}""",  # noqa: S608  # Frappe's own conditions
		as_dict=True,
	)


def list_modified(view: View, feed: Feed, since: datetime, limit: int) -> list[str]:
	"""Return the names of records that were modified since a moment and are not in the feed as they are.

	Names of records that the user may not read are among them where the feed has the record.
	"""
	return frappe.db.sql(
		f"""select found.docname
		from (select {view.name} as docname, {view.table}.modified, ({view.condition}) as readable from {view.table}
			where {view.table}.modified >= {quote(since)}) found
		left join `tab{CHANGE_FEED_RECORD}` known on known.feed = {quote(feed.name)} and known.docname = found.docname
		where (found.readable or known.status = 'Present') and {DIFFERS}
		limit {limit}""",  # noqa: S608  # Frappe's own conditions
		pluck=True,
	)
