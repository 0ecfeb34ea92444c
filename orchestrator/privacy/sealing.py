"""Seal batches: turn them into entries of the access log, in one chain that a single process at a time continues.

Requests only add batches, so that they never wait for each other. The entries get consecutive numbers here; a number that
is missing later was removed.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

import frappe

from orchestrator.doctypes import ACCESS_LOG_BATCH, ACCESS_LOG_DAY, ACCESS_LOG_ENTRY
from orchestrator.privacy.batches import COLUMNS
from orchestrator.privacy.chain import GENESIS_HASH, Entry, compute_hash

MAX_BATCHES: Final = 200
MAX_ENTRIES: Final = 50_000  # in one transaction
LOCK_NAME: Final = "{0}.access_log"
HASHED_COLUMNS: Final = Entry._fields
BATCH_COLUMN: Final = HASHED_COLUMNS.index("batch")


class ChainHead(NamedTuple):
	"""The end of the chain: the last entry's number and hash, and the earliest day of the next one."""

	number: int
	hash: str
	day: date


def seal_batches() -> int:
	"""Run every five minutes: seal what waits. Return the number of new entries, 0 where another process seals."""
	total = 0
	with _hold_lock() as is_held:
		while is_held and (sealed := _seal_some()):
			total += sealed
	return total


def get_today() -> date:
	"""Return today in UTC, by which the log counts."""
	return datetime.now(UTC).date()


@contextmanager
def _hold_lock() -> Iterator[bool]:
	"""Hold the lock of the chain in this database. Yield False where another connection has it."""
	name = LOCK_NAME.format(frappe.conf.db_name)[-64:]
	frappe.db.commit()  # a snapshot from before the lock would not have the latest entries
	is_held = frappe.db.sql("select get_lock(%s, 0)", name)[0][0] == 1
	try:
		yield is_held
	finally:
		if is_held:
			frappe.db.sql("select release_lock(%s)", name)


def _seal_some() -> int:
	"""Seal the oldest batches in one transaction. Return the number of entries."""
	batches = frappe.db.sql(
		f"select `name`, {', '.join(f'`{column}`' for column in COLUMNS)} from `tab{ACCESS_LOG_BATCH}` order by `name` limit %s",  # noqa: S608  # names of ours
		MAX_BATCHES,
		as_dict=True,
	)
	if not batches:
		return 0
	rows = list(_build_rows(get_head(), batches))
	last = rows[-1][BATCH_COLUMN]
	frappe.db.bulk_insert(ACCESS_LOG_ENTRY, [*HASHED_COLUMNS, "entry_hash"], rows, chunk_size=2000)
	frappe.db.delete(
		ACCESS_LOG_BATCH, {"name": ("in", [batch.name for batch in batches if batch.name <= last])}
	)
	frappe.db.commit()
	return len(rows)


def get_head() -> ChainHead:
	"""Return the end of the chain."""
	closed = frappe.db.sql(
		f"select `day`, last_entry, closing_hash from `tab{ACCESS_LOG_DAY}` order by `day` desc limit 1"  # noqa: S608
	)
	day, number, digest = closed[0] if closed else (date.min, 0, GENESIS_HASH)
	floor = day + timedelta(days=1) if closed else day
	last = frappe.db.sql(
		f"select `name`, entry_hash, `day` from `tab{ACCESS_LOG_ENTRY}` order by `name` desc limit 1"  # noqa: S608
	)
	if last and last[0][0] > number:
		return ChainHead(last[0][0], last[0][1], max(last[0][2], floor))
	return ChainHead(number, digest, floor)


def _build_rows(head: ChainHead, batches: list[Any]) -> Iterator[tuple[Any, ...]]:
	"""Yield the entries of batches behind the end of the chain, each with its hash."""
	number, digest, day = head
	first = number
	for batch in batches:
		if number - first >= MAX_ENTRIES:
			return
		# A batch may be sealed after the next day has begun: its entry belongs to the day that is open.
		day = max(day, batch.accessed_at.date())
		for position, (doctype, name) in enumerate(_list_records(batch.records)):
			number += 1
			entry = Entry(
				name=number, batch=batch.name, position=position, day=day, accessed_at=batch.accessed_at,
				user=batch.user or "", recipient=batch.recipient or "", reference_doctype=doctype, reference_name=name,
				route=batch.route or "", api_key=batch.api_key or "", purpose=batch.purpose or "",
			)  # fmt: skip
			digest = compute_hash(digest, entry.to_canonical())
			yield (*entry, digest)


def _list_records(text: str) -> list[tuple[str, str]]:
	return [(doctype, name) for doctype, names in json.loads(text).items() for name in names]
