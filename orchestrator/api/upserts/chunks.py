"""The records of an upsert, stored until a job has written them, and their results.

Records and results are written in the transaction of the data, so that a job that was killed is continued exactly where
its last transaction ended.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, NoReturn

import frappe
from frappe import _

from orchestrator.api.upserts.outcomes import Outcome
from orchestrator.api.upserts.source_parsing import SourceRecord
from orchestrator.doctypes import BULK_OPERATION_CHUNK
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.rows import insert_rows

MAX_RECORDS: Final = 100_000
RECORDS_PER_CHUNK: Final = 500


@dataclass
class Chunk:
	"""Some records of an upsert, and the outcomes by line of those that are written."""

	name: str
	records: list[SourceRecord]
	outcomes: dict[int, Outcome]

	def list_pending(self) -> list[SourceRecord]:
		"""Return the records that are not written yet."""
		return [record for record in self.records if record.line not in self.outcomes]


class SerializedRecords(NamedTuple):
	"""The records of an upsert as the texts of its chunks, and how many there are."""

	chunks: list[str]
	total: int


def serialize_records(records: Iterable[SourceRecord], key_names: Collection[str]) -> SerializedRecords:
	"""Return the records as texts. Those of which another one has the same key are marked: no one can tell which is meant.

	Args:
		records: The records. Few of them are in memory at a time.
		key_names: The names that the key may have among the values.

	Raises:
		InvalidRequestError: 400. There is no record, or there are too many.
	"""
	first_lines: dict[str, int] = {}
	repeated: dict[int, int] = {}
	chunks: list[str] = []
	pending: list[SourceRecord] = []
	total = 0
	for total, record in enumerate(records, 1):
		if total > MAX_RECORDS:
			_refuse_too_many()
		key = next((str(record.values[name]) for name in key_names if record.values.get(name)), None)
		if key and (first := first_lines.setdefault(key, record.line)) != record.line:
			repeated[record.line] = first
			repeated.setdefault(first, record.line)
		pending.append(record)
		if len(pending) == RECORDS_PER_CHUNK:
			chunks.append(_serialize(pending))
			pending = []
	if pending:
		chunks.append(_serialize(pending))
	if not total:
		refuse(_("There are no records."), InvalidRequestError)
	return SerializedRecords(_mark_repeated(chunks, repeated) if repeated else chunks, total)


def _refuse_too_many() -> NoReturn:
	refuse(
		_("There are more than {0} records. Send the rest in further calls.").format(MAX_RECORDS),
		InvalidRequestError,
	)


def _mark_repeated(chunks: Iterable[str], repeated: Mapping[int, int]) -> list[str]:
	"""Replace records by the problem that another line has their key.

	Args:
		chunks: The records.
		repeated: By the line of a record, another one with the same key.
	"""
	text = _("Line {0} has the same key. Send each record once.")
	return [
		_serialize(
			record._replace(values={}, problem=text.format(repeated[record.line]))
			if record.line in repeated
			else record
			for record in _parse_records(chunk)
		)
		for chunk in chunks
	]


def _serialize(records: Iterable[SourceRecord]) -> str:
	return json.dumps(list(records), separators=(",", ":"), ensure_ascii=False)


def _parse_records(text: str) -> list[SourceRecord]:
	return [SourceRecord(*fields) for fields in json.loads(text)]


def insert_chunks(operation: str, chunks: Iterable[str]) -> None:
	"""Store the records of an operation."""
	rows = (
		{"operation": operation, "position": position, "records": text}
		for position, text in enumerate(chunks)
	)
	insert_rows(BULK_OPERATION_CHUNK, rows)


def get_next_chunk(operation: str) -> Chunk | None:
	"""Return the first chunk with records that are not written yet, None if there is none."""
	filters = {"operation": operation, "records": ("is", "set")}
	# No permissions: nobody has one to read chunks
	found = frappe.get_all(
		BULK_OPERATION_CHUNK,
		filters=filters,
		fields=["name", "records", "results"],
		order_by="position",
		limit=1,
	)
	if not found:
		return None
	outcomes = {outcome.line: outcome for outcome in _parse_outcomes(found[0].results)}
	return Chunk(found[0].name, _parse_records(found[0].records), outcomes)


def save_chunk(chunk: Chunk) -> None:
	"""Store the outcomes so far. The records are deleted with the last one."""
	outcomes = [chunk.outcomes[line] for line in sorted(chunk.outcomes)]
	values = {"results": json.dumps(outcomes, separators=(",", ":"), ensure_ascii=False)}
	if not chunk.list_pending():
		values["records"] = ""
	frappe.db.set_value(BULK_OPERATION_CHUNK, chunk.name, values, update_modified=False)


def iterate_outcomes(operation: str) -> Iterator[Outcome]:
	"""Yield the outcomes of an operation in the order of the lines."""
	names = frappe.get_all(
		BULK_OPERATION_CHUNK, {"operation": operation}, pluck="name", order_by="position", limit=0
	)
	for name in names:
		yield from _parse_outcomes(frappe.db.get_value(BULK_OPERATION_CHUNK, name, "results"))


def _parse_outcomes(text: str | None) -> list[Outcome]:
	return [Outcome(*fields) for fields in json.loads(text or "[]")]


def delete_chunks(operation: str) -> None:
	"""Delete the records and results of an operation."""
	frappe.db.delete(BULK_OPERATION_CHUNK, {"operation": operation})
