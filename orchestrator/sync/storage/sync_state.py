"""Sync State and Sync Change: last synced source values, and changes of a run. Only the sync reads these
rows.
"""

import json
from collections.abc import Iterable

import frappe

from orchestrator.doctypes import SYNC_CHANGE, SYNC_STATE
from orchestrator.rows import insert_rows, upsert_rows
from orchestrator.sync.kipu.mapping import to_canonical
from orchestrator.sync.merge.three_way import Record

_as_text = json.JSONEncoder(
	ensure_ascii=False, separators=(",", ":")
).encode  # made once: json.dumps would make one for every row


def upsert_states(records: Iterable[Record], connection: str, run: str, stamps: dict[str, str]) -> None:
	"""Store the last synced source values of these records. `stamps`: the `modified` of each written one, by
	name.
	"""
	upsert_rows(
		SYNC_STATE,
		(
			{
				"name": record.name,
				"connection": connection,
				"reference_doctype": record.doctype,
				"hashes": " ".join(record.hashes),
				"synced": _as_text(record.synced),
				"created_by_run": run if record.new else record.created_by_run,
				"written_by_run": run if record.name in stamps else record.written_by_run,
				"written_at": stamps.get(record.name),
			}
			for record in records
		),
		preserved_if_null={"written_at"},
	)


def log_changes(records: Iterable[Record], run: str) -> None:
	"""Store the previous values of records, so that the run can be rolled back."""
	insert_rows(
		SYNC_CHANGE,
		(
			{
				"name": frappe.generate_hash(length=16),
				"sync_run": run,
				"reference_doctype": record.doctype,
				"reference_name": record.name,
				"before": _build_before(record),
				"after": _build_after(record),
			}
			for record in records
		),
	)


def _build_before(record: Record) -> str:
	values = {name: to_canonical(value) for name, value in record.before.items()}
	return _as_text({"values": values, "synced": record.synced_before})


def _build_after(record: Record) -> str:
	return _as_text({name: to_canonical(record.row.get(name)) for name in record.before})
