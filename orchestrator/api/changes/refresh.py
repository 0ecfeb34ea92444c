"""Bring a feed up to date: notice which records its user may read, and which have changed, since the last call.

Three sources tell where to look. Events are complete for whatever is written by documents; `modified` finds bulk writes
within the overlap; a comparison of all names and dates finds the rest, and what a change of permissions has done.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import frappe

from orchestrator import clock
from orchestrator.api.changes.conditions import is_self_contained
from orchestrator.api.changes.differences import (
	EVERYTHING,
	View,
	build_view,
	list_modified,
	list_readable,
	list_unreadable,
	quote,
	quote_all,
)
from orchestrator.api.changes.feeds import OVERLAP, Feed, delete_by_name
from orchestrator.api.changes.tokens import compute_digest
from orchestrator.doctypes import CHANGE_FEED_EVENT, CHANGE_FEED_RECORD
from orchestrator.rows import IDENTITY_COLUMNS, upsert_rows

# How many events, or differences, a call works on; the rest is for the next one.
MAX_EVENTS = 2_000
MAX_DIFFERENCES = 20_000
SCAN_LENGTH = 1_000
COMPARISON_INTERVAL = timedelta(hours=2)
# Their index would have to be written with each change, and nobody reads them.
PRESERVED = IDENTITY_COLUMNS | {"modified", "modified_by"}


class Noticed(NamedTuple):
	"""Records that are to be written to the feed."""

	readable: list[frappe._dict]
	unreadable: list[frappe._dict]


def refresh_feed(feed: Feed) -> bool:
	"""Write what has changed to the feed. Returns True if there is more to be done than one call does."""
	now = clock.get_now()
	view = build_view(feed.doctype, feed.user)
	has_more = _apply_events(view, feed)
	if feed.is_complete and _is_comparison_due(view, feed):
		has_more = _compare_all(view, feed) or has_more
	else:
		has_more = not _is_advanced(view, feed) or has_more
	if not has_more:
		feed.checked_until = now
	return has_more


def scan_further(feed: Feed, length: int) -> None:
	"""Add the next records, `length` at most, by their names, to a feed that does not have all of them yet."""
	view = build_view(feed.doctype, feed.user)
	if feed.scanned_until is None:
		feed.condition_hash = compute_digest(view.condition)
	where = EVERYTHING if feed.scanned_until is None else f"{view.table}.name > {quote(feed.scanned_until)}"
	rows = list_readable(view, feed, where, length)
	if rows:
		feed.scanned_until = rows[-1].docname
	feed.is_complete = len(rows) < length
	_write(feed, Noticed(rows, []), {})


def _apply_events(view: View, feed: Feed) -> bool:
	"""Look at the records that have events. Returns True if there are more events."""
	events = frappe.db.sql(
		f"select name, docname, old_name from `tab{CHANGE_FEED_EVENT}`"  # noqa: S608
		f" where feed = {quote(feed.name)} order by creation, name limit {MAX_EVENTS}",
		as_dict=True,
	)
	if not events:
		return False
	names = {name for event in events for name in (event.docname, event.old_name) if name}
	_write(
		feed, _find(view, feed, names), {event.docname: event.old_name for event in events if event.old_name}
	)
	# These and no others: what is committed later is for the next call.
	delete_by_name(CHANGE_FEED_EVENT, [event.name for event in events])
	return len(events) == MAX_EVENTS


def _is_advanced(view: View, feed: Feed) -> bool:
	"""Look at the records modified since shortly before the last call. Returns True if these were all."""
	now = clock.get_now()
	names = list_modified(view, feed, min(feed.checked_until or now, now) - OVERLAP, MAX_EVENTS)
	if names:
		_write(feed, _find(view, feed, set(names)), {})
	return len(names) < MAX_EVENTS


def _find(view: View, feed: Feed, names: set[str]) -> Noticed:
	"""Return what there is to say of some records, those that have not changed included."""
	where = f"{view.table}.name in {quote_all(sorted(names))}"
	readable = list_readable(view, feed, where, len(names), only_different=False)
	missing = sorted(names.difference(row.docname for row in readable))
	if not missing:
		return Noticed(readable, [])
	return Noticed(
		readable, list_unreadable(view, feed, f"known.docname in {quote_all(missing)}", len(missing))
	)


def _is_comparison_due(view: View, feed: Feed) -> bool:
	"""Return True where a record may have come into the user's view, or left it, without being changed."""
	if feed.next_comparison_at is None or clock.get_now() >= feed.next_comparison_at:
		return True
	return feed.condition_hash != compute_digest(view.condition) or not is_self_contained(view.condition)


def _compare_all(view: View, feed: Feed) -> bool:
	"""Compare all records. Returns True if there are more differences than one call writes."""
	noticed = Noticed(
		list_readable(view, feed, EVERYTHING, MAX_DIFFERENCES),
		list_unreadable(view, feed, EVERYTHING, MAX_DIFFERENCES),
	)
	_write(feed, noticed, {})
	if max(map(len, noticed)) == MAX_DIFFERENCES:
		feed.next_comparison_at = None
		return True
	feed.condition_hash = compute_digest(view.condition)
	feed.next_comparison_at = clock.get_now() + COMPARISON_INTERVAL
	return False


def _write(feed: Feed, noticed: Noticed, renames: Mapping[str, str]) -> None:
	"""Write records under the next position of the feed."""
	if not any(noticed):
		return
	feed.position += 1
	gone = {row.docname for row in noticed.unreadable}
	rows = [_build_readable(feed, row, _find_origin(row, renames, gone)) for row in noticed.readable]
	rows += [_build_unreadable(feed, row) for row in noticed.unreadable]
	for number, row in enumerate(rows):
		# Of the feed and its position: random names are too short for a million rows not to meet
		row["name"] = row["name"] or f"{feed.name}-{feed.position}-{number}"
	upsert_rows(CHANGE_FEED_RECORD, rows, preserved=PRESERVED)


def _find_origin(row: frappe._dict, renames: Mapping[str, str], gone: set[str]) -> str | None:
	"""Return the name under which the feed had a record that was renamed, perhaps several times."""
	if row.known_name and row.known_name != row.docname:
		return row.known_name  # only its spelling was changed
	if row.status == "Present":
		return row.previous_name if _is_respelled(row) else None
	name, passed = row.docname, set()
	while (name := renames.get(name)) and name not in passed:
		if name in gone:
			return name
		passed.add(name)
	return None


def _is_respelled(row: frappe._dict) -> bool:
	"""Return True where the previous name differs in upper and lower case alone: the feed has one row for both names."""
	return str(row.previous_name or "").casefold() == str(row.docname).casefold()


def _build_readable(feed: Feed, row: frappe._dict, previous_name: str | None) -> dict[str, Any]:
	is_known = row.status == "Present"
	return {
		"name": row.row_name,  # MariaDB finds duplicates by the primary key faster than by another one
		"feed": feed.name,
		"docname": row.docname,
		"status": "Present",
		"position": feed.position,
		"since": row.since if is_known else feed.position,
		"first_position": row.first_position or feed.position,
		"record_modified": row.modified,
		"previous_name": previous_name,
		"removed_at": None,
	}


def _build_unreadable(feed: Feed, row: frappe._dict) -> dict[str, Any]:
	return {
		"name": row.row_name,
		"feed": feed.name,
		"docname": row.docname,
		"status": "Left" if row.remains else "Deleted",
		"position": feed.position,
		"since": row.since,
		"first_position": row.first_position,
		"record_modified": row.record_modified,
		"previous_name": None,
		"removed_at": clock.get_now(),
	}
