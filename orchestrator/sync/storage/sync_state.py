"""What Kipu last said of each record, and what a run changed: rows that only the sync reads."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import frappe

from orchestrator import clock, compat
from orchestrator.doctypes import SYNC_CHANGE, SYNC_STATE
from orchestrator.sync.kipu.mapping import to_canonical
from orchestrator.sync.merge.three_way import Record

_as_text = json.JSONEncoder(
	ensure_ascii=False, separators=(",", ":")
).encode  # made once: json.dumps would make one for every row
# In characters, of four bytes at most: the driver and the database take 16 MiB.
MAX_STATEMENT_BYTES = 4_000_000
STATE_COLUMNS = (
	"name", "reference_doctype", "hashes", "synced", "created_by_run", "written_by_run", "written_at",
)  # fmt: skip
PRESERVED_COLUMNS = frozenset({"name", "connection", "reference_doctype", "creation", "owner"})
CHANGE_COLUMNS = ("name", "reference_doctype", "reference_name", "before", "after")


def upsert_states(records: Iterable[Record], connection: str, run: str, stamps: dict[str, str]) -> None:
	"""Remember Kipu's word of these records. `stamps`: the `modified` of each that was written, by name."""
	rows = [
		(
			record.name,
			record.doctype,
			" ".join(record.hashes),
			_as_text(record.synced),
			run if record.new else record.created_by_run,
			run if record.name in stamps else record.written_by_run,
			stamps.get(record.name),
		)
		for record in records
	]
	upsert_rows(
		SYNC_STATE,
		STATE_COLUMNS,
		rows,
		{"connection": connection, **_build_standard_values()},
		kept=PRESERVED_COLUMNS,
	)


def log_changes(records: Iterable[Record], run: str) -> None:
	"""Remember what the records held, so that the run can be rolled back."""
	rows = [
		(
			frappe.generate_hash(length=16),
			record.doctype,
			record.name,
			_build_before(record),
			_build_after(record),
		)
		for record in records
	]
	insert_rows(SYNC_CHANGE, CHANGE_COLUMNS, rows, {"sync_run": run, **_build_standard_values()})


def _build_standard_values() -> dict[str, str]:
	user, moment = frappe.session.user, str(clock.get_now())
	return {"creation": moment, "modified": moment, "owner": user, "modified_by": user}


def upsert_rows(
	doctype: str,
	columns: Iterable[str],
	rows: list[tuple],
	same: Mapping[str, Any],
	kept: Collection[str],
) -> None:
	"""Insert rows, or write all but the columns `kept` of those that are there. In one statement, without any hook.

	`same`: values that are the same in all rows. A missing `written_at` leaves the one that is there."""
	columns = tuple(columns)
	assignments = ", ".join(
		f"`{name}`=coalesce(values(`{name}`), `{name}`)"
		if name == "written_at"
		else f"`{name}`=values(`{name}`)"
		for name in (*columns, *same)
		if name not in kept
	)
	_execute_insert(doctype, columns, rows, same, f" on duplicate key update {assignments}")


def insert_rows(doctype: str, columns: Iterable[str], rows: list[tuple], same: Mapping[str, Any]) -> None:
	"""Insert rows in one statement, without any hook. `same`: values that are the same in all rows."""
	_execute_insert(doctype, columns, rows, same, "")


def _execute_insert(
	doctype: str, columns: Iterable[str], rows: list[tuple], same: Mapping[str, Any], clause: str
) -> None:
	if not rows:
		return
	names = ", ".join(f"`{name}`" for name in (*columns, *same))
	literal = _Literals()
	ending = "".join([f", {literal[value]}" for value in same.values()]) + ")"
	text = ", ".join(["(" + ", ".join(map(literal.__getitem__, row)) + ending for row in rows])
	if len(text) > MAX_STATEMENT_BYTES and len(rows) > 1:
		middle = len(rows) // 2
		_execute_insert(doctype, columns, rows[:middle], same, clause)
		_execute_insert(doctype, columns, rows[middle:], same, clause)
		return
	# As a value, so that neither Frappe, which rewrites words of a query, nor its log comes by what people are called.
	frappe.db._conn.encoders[_Rows] = _Rows.literal
	frappe.db.sql(f"insert into `tab{doctype}` ({names}) values %s{clause}", (_Rows(text),))  # noqa: S608


class _Rows:
	"""Rows as SQL, for the driver to put into a query as they are. Shows none of them."""

	__slots__ = ("_text",)

	def __init__(self, text: str) -> None:
		self._text = text

	def literal(self, _mapping: object = None) -> str:
		"""As the driver asks for it."""
		return self._text


class _Literals(dict[Any, str]):
	"""Values as SQL, each escaped once by the driver: most of a page's are the same. Shows none of them."""

	def __init__(self) -> None:
		super().__init__()
		self[None] = "NULL"
		self._connection = frappe.db._conn
		self._backslash = compat.escape_text(self._connection, "\\")  # as the server's SQL mode has it

	def __missing__(self, value: Any) -> str:
		if type(value) is date or (type(value) is datetime and value.tzinfo is None):
			literal = f"'{value}'"
		elif type(value) is not str:
			literal = compat.render_literal(self._connection, value)
		elif value.replace("\n", "").isprintable():
			# Of printable text only these two could end it, or be read as something else.
			escaped = value.replace("\\", self._backslash).replace("'", "''")
			literal = f"'{escaped}'"
		else:
			literal = f"'{compat.escape_text(self._connection, value)}'"
		self[value] = literal
		return literal

	def __repr__(self) -> str:
		return f"<{len(self)} values>"


def _build_before(record: Record) -> str:
	values = {name: to_canonical(value) for name, value in record.before.items()}
	return _as_text({"values": values, "synced": record.synced_before})


def _build_after(record: Record) -> str:
	return _as_text({name: to_canonical(record.row.get(name)) for name in record.before})
