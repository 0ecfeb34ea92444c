"""What Kipu last said of each record, and what a run changed: rows that only the sync reads."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import frappe
from frappe.utils import now

from orchestrator.sync.decide import Record
from orchestrator.sync.kipu.mapping import canonical

DOCTYPE = "Sync State"
CHANGES = "Sync Change"
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
				json.dumps(record.synced, ensure_ascii=False),
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
	values = ", ".join(["(" + ", ".join([literal[value] for value in row]) + ")" for row in rows])
	query = f"insert into `tab{doctype}` ({names}) values {values}{clause}"  # noqa: S608 - escaped by the driver
	if "ifnull" in query.lower():
		# Frappe would put another word in its place, in people's data as well.
		marks = ", ".join(["(" + ", ".join(["%s"] * len(rows[0])) + ")"] * len(rows))
		query = f"insert into `tab{doctype}` ({names}) values {marks}{clause}"  # noqa: S608
		frappe.db.sql(query, [value for row in rows for value in row])
	else:
		frappe.db.sql(query)


class _Literals(dict[Any, str]):
	"""Values as SQL, each escaped once by the driver: most of a page's are the same. Shows none of them."""

	def __init__(self) -> None:
		super().__init__()
		self._connection = frappe.db._conn

	def __missing__(self, value: Any) -> str:
		if type(value) is str:
			literal = f"'{self._connection.escape_string(value)}'"
		else:
			literal = self._connection.literal(value)
		self[value] = literal
		return literal

	def __repr__(self) -> str:
		return f"<{len(self)} values>"


def _before(record: Record) -> str:
	values = {name: canonical(value) for name, value in record.before.items()}
	return json.dumps({"values": values, "synced": record.synced_before}, ensure_ascii=False)


def _after(record: Record) -> str:
	return json.dumps({name: canonical(record.row.get(name)) for name in record.before}, ensure_ascii=False)
