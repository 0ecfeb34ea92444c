"""Days of the access log: closed once they are over, and moved to compressed files after the retention."""

import gzip
import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import frappe

from orchestrator import rows
from orchestrator.api.sealed_replies import compute_keyed_digest
from orchestrator.configuration import get_settings
from orchestrator.doctypes import ACCESS_LOG_DAY, ACCESS_LOG_ENTRY
from orchestrator.privacy.chain import GENESIS_HASH, Entry
from orchestrator.privacy.sealing import HASHED_COLUMNS, get_today, seal_batches

SIGNATURE_PURPOSE: Final = "access-log-day"
SIGNED: Final = ("day", "entries", "first_entry", "last_entry", "opening_hash", "closing_hash")
CHUNK: Final = 5000
LOGGER: Final = "access-log"


def close_days() -> None:
	"""Close each day that is over: store where its chain begins and ends, with a signature by the site's key."""
	seal_batches()
	last = frappe.get_all(ACCESS_LOG_DAY, fields=["last_entry", "closing_hash"], order_by="day desc", limit=1)
	number, digest = (last[0].last_entry, last[0].closing_hash) if last else (0, GENESIS_HASH)
	found = frappe.db.sql(
		f"""select `day`, count(*) entries, min(`name`) first_entry, max(`name`) last_entry from `tab{ACCESS_LOG_ENTRY}`
		where `name` > %s and `day` < %s group by `day` order by `day`""",  # noqa: S608  # names of ours
		(number, get_today()),
		as_dict=True,
	)
	for day in found:
		closing = frappe.db.get_value(ACCESS_LOG_ENTRY, day.last_entry, "entry_hash")
		values = {**day, "name": str(day.day), "opening_hash": digest, "closing_hash": closing}
		rows.insert_rows(ACCESS_LOG_DAY, [{**values, "signature": sign_day(values)}], user="Administrator")
		digest = closing
		# a copy of the hash outside the database
		frappe.logger(LOGGER).warning(f"{day.day}: {day.entries} entries to {day.last_entry}, {closing}")
	frappe.db.commit()


def sign_day(day: Any) -> str:
	"""Return the signature of a day's figures, which only the site's encryption key can make."""
	return compute_keyed_digest(SIGNATURE_PURPOSE, *(str(day[field]) for field in SIGNED)).hex()


def list_days() -> list[Any]:
	"""Return all closed days, oldest first."""
	return frappe.get_all(
		ACCESS_LOG_DAY, fields=["name", *SIGNED, "signature", "archive", "archive_digest"], order_by="day asc"
	)


def archive_old_days() -> int:
	"""Move the entries of days beyond the retention to files, oldest first. Return the number of days."""
	limit = get_today() - timedelta(days=get_settings().access_log_retention_days)
	old = [day for day in list_days() if day.day < limit and not day.archive]
	for day in old:
		_archive(day)
	return len(old)


def _archive(day: Any) -> None:
	path = get_archive_path(f"{day.day}.jsonl.gz")
	digest = _write_file(path, _read_lines(day.first_entry, day.last_entry))
	frappe.db.delete(ACCESS_LOG_ENTRY, {"name": ("between", [day.first_entry, day.last_entry])})
	values = {"archive": path.name, "archive_digest": digest}
	frappe.db.set_value(ACCESS_LOG_DAY, day.name, values, update_modified=False)
	frappe.db.commit()


def get_archive_path(name: str) -> Path:
	"""Return the path of an archive."""
	return Path(frappe.get_site_path("private", "access-log", name))


def iterate_entries(first: int, last: int | None = None) -> Iterator[tuple[Entry, str]]:
	"""Yield stored entries in their order, each with its hash."""
	columns = ", ".join(f"`{column}`" for column in (*HASHED_COLUMNS, "entry_hash"))
	upper = "and `name` <= %(last)s" if last is not None else ""
	while True:
		found = frappe.db.sql(
			f"select {columns} from `tab{ACCESS_LOG_ENTRY}` where `name` >= %(first)s {upper} order by `name` limit {CHUNK}",  # noqa: S608
			{"first": first, "last": last},
		)
		for row in found:
			yield Entry(*row[:-1]), row[-1]
		if len(found) < CHUNK:
			return
		first = found[-1][0] + 1


def iterate_archive(path: Path) -> Iterator[tuple[str, str]]:
	"""Yield the canonical text and the hash of each entry in an archive."""
	with gzip.open(path, "rt", encoding="utf-8") as lines:
		for line in lines:
			digest, _space, canonical = line.rstrip("\n").partition(" ")
			yield canonical, digest


def compute_file_digest(path: Path) -> str:
	"""Return the SHA-256 of a file."""
	with path.open("rb") as file:
		digest = hashlib.sha256()
		while block := file.read(1 << 20):
			digest.update(block)
	return digest.hexdigest()


def _read_lines(first: int, last: int) -> Iterator[str]:
	for entry, digest in iterate_entries(first, last):
		yield f"{digest} {entry.to_canonical()}\n"


def _write_file(path: Path, lines: Iterable[str]) -> str:
	"""Write lines to a compressed file so that it is on the disk before any entry is deleted. Return its SHA-256."""
	path.parent.mkdir(parents=True, exist_ok=True)
	part = path.with_suffix(".part")
	with part.open("wb") as raw:
		with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:
			for line in lines:
				file.write(line.encode())
		raw.flush()
		os.fsync(raw.fileno())
	part.replace(path)
	return compute_file_digest(path)
