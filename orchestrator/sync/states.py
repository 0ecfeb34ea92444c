"""What Kipu last said of each record, and what a run changed: rows that only the sync reads."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import frappe
from frappe.utils import now

from orchestrator.sync.decide import Record
from orchestrator.sync.kipu.mapping import canonical

DOCTYPE = "Sync State"
CHANGES = "Sync Change"
_as_text = json.JSONEncoder(
	ensure_ascii=False, separators=(",", ":")
).encode  # made once: json.dumps would make one for every row
STATE_COLUMNS = (
	"name", "connection", "reference_doctype", "hashes", "synced", "created_by_run", "written_by_run", "written_at",
	"creation", "modified", "owner", "modified_by",
)  # fmt: skip
KEPT_COLUMNS = frozenset({"name", "connection", "reference_doctype", "creation", "owner"})
CHANGE_COLUMNS = (
	"name", "sync_run", "reference_doctype", "reference_name", "before", "after", "creation", "modified", "owner",
	"modified_by",
)  # fmt: skip


def keep(records: Iterable[Record], connection: str, run: str, stamps: dict[str, str]) -> None:
	"""Remember Kipu's word of these records. `stamps`: the `modified` of each that was written, by name."""
	user, moment = frappe.session.user, now()
	rows = []
	for record in records:
		written = record.name in stamps
		rows.append(
			(
				record.name,
				connection,
				record.doctype,
				" ".join(record.hashes),
				_as_text(record.synced),
				run if record.new else record.created_by_run,
				run if written else record.written_by_run,
				stamps.get(record.name),
				moment,
				moment,
				user,
				user,
			)
		)
	upsert(DOCTYPE, STATE_COLUMNS, rows, updated=[name for name in STATE_COLUMNS if name not in KEPT_COLUMNS])


def log_changes(records: Iterable[Record], run: str) -> None:
	"""Remember what the records held, so that the run can be rolled back."""
	user, moment = frappe.session.user, now()
	rows = [
		(
			frappe.generate_hash(length=16), run, record.doctype, record.name, _before(record), _after(record),
			moment, moment, user, user,
		)
		for record in records
	]  # fmt: skip
	insert(CHANGES, CHANGE_COLUMNS, rows)


def upsert(doctype: str, columns: Iterable[str], rows: list[tuple], updated: Iterable[str]) -> None:
	"""Insert rows, or write the columns `updated` of those that are there. In one statement, without any hook.

	A missing `written_at` leaves the one that is there."""
	assignments = ", ".join(
		f"`{name}`=coalesce(values(`{name}`), `{name}`)"
		if name == "written_at"
		else f"`{name}`=values(`{name}`)"
		for name in updated
	)
	_insert(doctype, columns, rows, f" on duplicate key update {assignments}")


def insert(doctype: str, columns: Sequence[str], rows: list[tuple]) -> None:
	"""Insert rows in one statement, without any hook. Columns that are empty in all of them are left to the database."""
	filled = [number for number in range(len(columns)) if any(row[number] is not None for row in rows)]
	_insert(
		doctype,
		[columns[number] for number in filled],
		[tuple(row[number] for number in filled) for row in rows],
		"",
	)


def _insert(doctype: str, columns: Iterable[str], rows: list[tuple], clause: str) -> None:
	if not rows:
		return
	names = ", ".join(f"`{name}`" for name in columns)
	literal = _Literals()
	text = ", ".join(["(" + ", ".join(map(literal.__getitem__, row)) + ")" for row in rows])
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

	def __missing__(self, value: Any) -> str:
		if type(value) is date:
			literal = f"'{value}'"
		elif type(value) is not str:
			literal = self._connection.literal(value)
		elif value.isprintable() and "'" not in value and "\\" not in value:
			literal = f"'{value}'"  # nothing in it that could end a text, or be read as something else
		else:
			literal = f"'{self._connection.escape_string(value)}'"
		self[value] = literal
		return literal

	def __repr__(self) -> str:
		return f"<{len(self)} values>"


def _before(record: Record) -> str:
	values = {name: canonical(value) for name, value in record.before.items()}
	return _as_text({"values": values, "synced": record.synced_before})


def _after(record: Record) -> str:
	return _as_text({name: canonical(record.row.get(name)) for name in record.before})
