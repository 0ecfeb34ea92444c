"""Delete change feeds that nobody has used for long, and deleted records that no valid token asks for. Index what the
others read.
"""

from datetime import datetime, timedelta

import frappe
from frappe.query_builder.functions import Max

from orchestrator import clock
from orchestrator.api.changes.feeds import delete_by_name
from orchestrator.api.changes.indexes import create_indexes
from orchestrator.doctypes import CHANGE_FEED, CHANGE_FEED_EVENT, CHANGE_FEED_RECORD

# How long a token is valid
RETENTION_DAYS = 30
ROWS_PER_TRANSACTION = 10_000


def delete_expired_feeds() -> None:
	"""Run daily: delete unused feeds, and from the others what is older than the retention; create missing indexes."""
	before = clock.get_now() - timedelta(days=RETENTION_DAYS)
	frappe.db.delete(CHANGE_FEED, {"used_at": ("<", before)})
	frappe.db.commit()  # from here on nothing is recorded for them
	for feed in frappe.get_all(CHANGE_FEED, pluck="name"):  # a janitor sees everybody's
		_delete_removed(feed, before)
	for doctype in (CHANGE_FEED_RECORD, CHANGE_FEED_EVENT):
		_delete_orphans(doctype)
	create_indexes()


def _delete_removed(feed: str, before: datetime) -> None:
	"""Delete records that were removed long ago. Older tokens expire, because they would miss the removal."""
	if not frappe.db.get_value(CHANGE_FEED, feed, for_update=True):
		return
	table = frappe.qb.DocType(CHANGE_FEED_RECORD)
	is_old = (table.feed == feed) & (table.removed_at < before)
	[(latest,)] = frappe.qb.from_(table).select(Max(table.position)).where(is_old).run()
	if latest is not None:
		frappe.qb.from_(table).delete().where(is_old).run()
		frappe.db.set_value(CHANGE_FEED, feed, "oldest_position", latest, update_modified=False)
	frappe.db.commit()  # each feed in a transaction of its own, which releases its lock


def _delete_orphans(doctype: str) -> None:
	"""Delete what belongs to no feed, a part at a time."""
	table, feeds = frappe.qb.DocType(doctype), frappe.qb.DocType(CHANGE_FEED)
	kept = frappe.qb.from_(feeds).select(feeds.name)
	orphans = (
		frappe.qb.from_(table).select(table.name).where(table.feed.notin(kept)).limit(ROWS_PER_TRANSACTION)
	)
	while names := orphans.run(pluck=True):
		delete_by_name(doctype, names)
		frappe.db.commit()
