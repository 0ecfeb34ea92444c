"""The records of an upsert, stored until a job has written them, and their results.

Records and results are written in the transaction of the data, so that a job that was killed is continued exactly where
its last transaction ended.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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
# Below what rows.py and the database accept in one statement. A change may store a record twice more, in a Version.
MAX_CHUNK_CHARACTERS: Final = 2_000_000
MAX_RECORD_CHARACTERS: Final = 1_000_000


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


@dataclass
class ChunkBuilder:
	"""Puts records into chunks, each of which fits into one statement."""

	chunks: list[str] = field(default_factory=list)
	pending: list[str] = field(default_factory=list)
	size: int = 0
	total: int = 0

	def add(self, record: SourceRecord) -> None:
		"""Append a record. One that is too long is replaced by the problem that it is."""
		text = _serialize(record)
		if len(text) > MAX_RECORD_CHARACTERS:
			problem = _("The record is longer than {0} characters. Send it in a single call.")
			text = _serialize(
				record._replace(values={}, problem=problem.format(f"{MAX_RECORD_CHARACTERS:,}"))
			)
		if len(self.pending) == RECORDS_PER_CHUNK or self.size + len(text) > MAX_CHUNK_CHARACTERS:
			self.finish()
		self.pending.append(text)
		self.size += len(text)
		self.total += 1

	def finish(self) -> list[str]:
		"""End the last chunk. Return all of them."""
		if self.pending:
			self.chunks.append(_join(self.pending))
		self.pending, self.size = [], 0
		return self.chunks


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
	builder = ChunkBuilder()
	for record in records:
		if builder.total == MAX_RECORDS:
			_refuse_too_many()
		key = _get_key(record, key_names)
		if key and (first := first_lines.setdefault(key, record.line)) != record.line:
			repeated[record.line] = first
			repeated.setdefault(first, record.line)
		builder.add(record)
	if not builder.total:
		refuse(_("There are no records."), InvalidRequestError)
	chunks = builder.finish()
	return SerializedRecords(_mark_repeated(chunks, repeated) if repeated else chunks, builder.total)


def _get_key(record: SourceRecord, key_names: Collection[str]) -> str | None:
	"""Return the key of a record as text, None if it has none."""
	values = (record.values.get(name) for name in key_names)
	return next((str(value) for value in values if value not in (None, "")), None)


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
		_join(
			_serialize(
				record._replace(values={}, problem=text.format(repeated[record.line]))
				if record.line in repeated
				else record
			)
			for record in _parse_records(chunk)
		)
		for chunk in chunks
	]


def _serialize(record: SourceRecord) -> str:
	return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def _join(records: Iterable[str]) -> str:
	return f"[{','.join(records)}]"


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
