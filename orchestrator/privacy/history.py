"""Who got a record, and what a user got: pages of the access log, entries that are not sealed yet included.

Pages are ordered by batch. A batch keeps its number when it is sealed, so that a cursor stays valid meanwhile.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

import frappe
from frappe import _

from orchestrator.api.cursors import FIRST_PAGE, encrypt_cursor, parse_cursor
from orchestrator.api.parameters import parse_whole_number
from orchestrator.doctypes import ACCESS_LOG_BATCH, ACCESS_LOG_ENTRY
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.privacy.shapes import AccessPage, RecordAccess

DEFAULT_LIMIT, MAX_LIMIT = 50, 500
COLUMNS: Final = "accessed_at, user, recipient, route, api_key, purpose"
# Beyond every number of a batch, and every position in one
END: Final = 2**62


class Place(NamedTuple):
	"""The place of an access in the log: the batch, and the position in it."""

	batch: int
	position: int


def check_permission() -> None:
	"""Refuse whoever may not read the access log.

	Raises:
		PermissionError: 403.
	"""
	frappe.has_permission(ACCESS_LOG_ENTRY, "read", throw=True)


def list_record_accesses(doctype: str, name: str, limit: Any, cursor: str | None) -> AccessPage:
	"""Return a page of those who got a record, the latest first."""
	scope, count = ["record", doctype, name], parse_limit(limit)
	before = _parse_place(cursor, scope)
	found = [
		*_list_waiting(
			before, "locate(%(text)s, records) > 0", {"text": json.dumps(name, ensure_ascii=False)}
		),
		*_list_sealed(
			"reference_doctype = %(doctype)s and reference_name = %(name)s",
			{"doctype": doctype, "name": name},
			before,
			count,
		),
	]
	wanted = [access for access in found if (access.row["doctype"], access.row["name"]) == (doctype, name)]
	return _build_page(wanted, count, scope)


def list_user_accesses(user: str, limit: Any, cursor: str | None) -> AccessPage:
	"""Return a page of what a user got, the latest first."""
	scope, count = ["user", user], parse_limit(limit)
	before = _parse_place(cursor, scope)
	found = [
		*_list_waiting(before, "user = %(user)s", {"user": user}),
		*_list_sealed("user = %(user)s", {"user": user}, before, count),
	]
	return _build_page(found, count, scope)


def parse_limit(limit: Any) -> int:
	"""Return the number of accesses on a page."""
	count = parse_whole_number("limit", limit, DEFAULT_LIMIT)
	if not 1 <= count <= MAX_LIMIT:
		refuse(_("limit must be between 1 and {0}.").format(MAX_LIMIT), InvalidRequestError)
	return count


class _Found(NamedTuple):
	place: Place
	row: RecordAccess


def _parse_place(cursor: str | None, scope: list[str]) -> Place:
	values = parse_cursor(cursor or FIRST_PAGE, scope)
	return Place(*(int(value or 0) for value in values)) if values else Place(END, END)


def _list_sealed(condition: str, values: dict[str, Any], before: Place, count: int) -> Iterator[_Found]:
	"""Yield one sealed access more than a page has, the latest first, by an index."""
	rows = frappe.db.sql(
		f"""select `name` entry, batch, position, reference_doctype, reference_name, {COLUMNS}
		from `tab{ACCESS_LOG_ENTRY}`
		where {condition} and batch <= %(batch)s and (batch < %(batch)s or position < %(position)s)
		order by batch desc, position desc limit {count + 1}""",  # noqa: S608  # conditions of ours
		{**values, "batch": before.batch, "position": before.position},
		as_dict=True,
	)
	for row in rows:
		yield _Found(
			Place(row.batch, row.position),
			_build_access(row, row.entry, row.reference_doctype, row.reference_name),
		)


def _list_waiting(before: Place, condition: str, values: dict[str, Any]) -> Iterator[_Found]:
	"""Yield the accesses in batches that are not sealed yet. There are those of a few minutes."""
	rows = frappe.db.sql(
		f"select `name` batch, records, {COLUMNS} from `tab{ACCESS_LOG_BATCH}` where {condition} and `name` <= %(batch)s",  # noqa: S608
		{**values, "batch": before.batch},
		as_dict=True,
	)
	for row in rows:
		records = [(doctype, name) for doctype, names in json.loads(row.records).items() for name in names]
		for position, (doctype, name) in enumerate(records):
			place = Place(row.batch, position)
			if place < before:
				yield _Found(place, _build_access(row, None, doctype, name))


def _build_access(row: Any, entry: int | None, doctype: str, name: str) -> RecordAccess:
	return {
		"entry": entry,
		"accessed_at": format_utc(row.accessed_at),
		"user": row.user or None,
		"recipient": row.recipient or None,
		"doctype": doctype,
		"name": name,
		"route": row.route or "",
		"api_key": row.api_key or None,
		"purpose": row.purpose or None,
	}


def format_utc(moment: datetime) -> str:
	"""Return a time of the log as ISO 8601."""
	return f"{moment.isoformat(timespec='milliseconds')}Z"


def _build_page(found: list[_Found], count: int, scope: list[str]) -> AccessPage:
	found.sort(key=lambda access: access.place, reverse=True)
	page = found[:count]
	has_more = len(found) > count
	return {
		"accesses": [access.row for access in page],
		"next_cursor": encrypt_cursor([str(part) for part in page[-1].place], scope) if has_more else None,
	}
