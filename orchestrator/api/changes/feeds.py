"""Change feeds: for a user and a DocType, which records the user could read when they last asked.

One feed serves all tokens of the user for the DocType. Its records have a position that only grows, so that each token
finds what was noticed after it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import frappe

from orchestrator import clock
from orchestrator.api.changes.indexes import enqueue_index
from orchestrator.doctypes import CHANGE_FEED, CHANGE_FEED_EVENT, CHANGE_FEED_RECORD
from orchestrator.rows import IDENTITY_COLUMNS, upsert_rows

# How far back from the last call changes are looked for by `modified`: a transaction may commit late, and the clocks of
# hosts differ. What is later still is found by the next comparison.
OVERLAP = timedelta(minutes=10)
COLUMNS = (
	"name",
	"position",
	"oldest_position",
	"is_complete",
	"scanned_until",
	"condition_hash",
	"checked_until",
	"next_comparison_at",
)


@dataclass
class Feed:
	"""A change feed, locked for this transaction.

	`is_current` is False if another call has written it since this transaction began to read: such a transaction may
	read the feed as it was then, but not write it.
	"""

	name: str
	doctype: str
	user: str
	is_current: bool = True
	position: int = 0
	oldest_position: int = 0
	is_complete: bool = False
	scanned_until: str | None = None
	condition_hash: str | None = None
	checked_until: datetime | None = None
	next_comparison_at: datetime | None = None

	def update(self) -> None:
		"""Write the feed, and that it is used."""
		values = {column: getattr(self, column) for column in COLUMNS if column != "name"}
		frappe.db.set_value(
			CHANGE_FEED, self.name, {**values, "used_at": clock.get_now()}, update_modified=False
		)


def open_feed(doctype: str, user: str, api_key: str) -> Feed:
	"""Return the feed of a user for a DocType, created if there is none. Other calls with the feed wait for this one.

	Args:
		doctype: The DocType.
		user: The user.
		api_key: The API key whose scope limits what the user may read, which has a feed of its own; empty without one.
	"""
	seen = _get_feed(doctype, user, api_key)
	if seen is None:
		_create_feed(doctype, user, api_key)
		seen = _get_feed(doctype, user, api_key)
	locked = _get_feed(doctype, user, api_key, for_update=True) or frappe._dict()
	is_current = seen is not None and seen.position == locked.position
	feed = Feed(doctype=doctype, user=user, is_current=is_current, **(seen or {"name": locked.name}))
	feed.is_complete = bool(feed.is_complete)
	return feed


def _create_feed(doctype: str, user: str, api_key: str) -> None:
	"""Insert a feed, or wait for the call that inserts it at this moment.

	To ignore duplicates would share the lock of the row, and deadlock with whoever does the same.
	"""
	now = clock.get_now()
	row = {
		"user": user,
		"api_key": api_key,
		"reference_doctype": doctype,
		"next_comparison_at": now,
		"checked_until": now,
	}
	preserved = IDENTITY_COLUMNS | row.keys() | {"modified", "modified_by"}
	upsert_rows(CHANGE_FEED, [{**row, "used_at": now}], preserved=preserved)
	enqueue_index(doctype)


def _get_feed(doctype: str, user: str, api_key: str, *, for_update: bool = False) -> frappe._dict | None:
	return frappe.db.get_value(
		CHANGE_FEED,
		{"user": user, "api_key": api_key, "reference_doctype": doctype},
		COLUMNS,
		as_dict=True,
		for_update=for_update,
	)


def delete_by_name(doctype: str, names: list[str]) -> None:
	"""Delete rows, and lock no others.

	Without the hint, MariaDB reads a small table from one end to the other, waits for rows that others are inserting, and
	lets them wait for what it has read.
	"""
	frappe.db.sql(
		f"delete part from `tab{doctype}` part force index (primary) where part.name in %(names)s",
		{"names": names},
	)


def create_feed_indexes() -> None:
	"""Create the unique index of feeds: one feed per DocType, user and scope."""
	frappe.db.add_unique(CHANGE_FEED, ["reference_doctype", "user", "api_key"], "one_per_user")


def create_record_indexes() -> None:
	"""Create the indexes of the records in feeds: one row per record, and the order of their positions."""
	frappe.db.add_unique(CHANGE_FEED_RECORD, ["feed", "docname"], "one_per_record")
	frappe.db.add_index(CHANGE_FEED_RECORD, ["feed", "position", "docname"], "in_order")


def create_event_indexes() -> None:
	"""Create the index of the order of events."""
	frappe.db.add_index(CHANGE_FEED_EVENT, ["feed", "creation"], "in_order")
