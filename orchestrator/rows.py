"""Insert or upsert many rows of a DocType without documents: no hook runs and nothing is validated.

Values are parameters of `frappe.db.sql`, which the driver escapes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import frappe

from orchestrator import clock

Row = Mapping[str, Any]
# In characters of at most four bytes: drivers and the database accept 16 MiB in one statement.
MAX_STATEMENT_CHARACTERS = 4_000_000
IDENTITY_COLUMNS = frozenset({"name", "creation", "owner"})


def build_standard_values(user: str | None = None) -> dict[str, str]:
	"""Return the standard columns of new rows written now by the session's user, or `user`, except `name`."""
	user, moment = user or frappe.session.user, str(clock.get_now())
	return {"creation": moment, "modified": moment, "owner": user, "modified_by": user}


def insert_rows(
	doctype: str, rows: Iterable[Row], *, user: str | None = None, ignore_duplicates: bool = False
) -> None:
	"""Insert rows that all have the same columns.

	Args:
		doctype: The DocType of the rows.
		rows: The values by column. Standard columns that a row lacks are added, `name` as a random one.
		user: Who creates the rows; the session's user by default.
		ignore_duplicates: Leave out rows whose primary or unique key exists instead of failing.
	"""
	_execute("insert ignore" if ignore_duplicates else "insert", doctype, rows, user)


def upsert_rows(
	doctype: str,
	rows: Iterable[Row],
	*,
	user: str | None = None,
	preserved: Collection[str] = IDENTITY_COLUMNS,
	preserved_if_null: Collection[str] = (),
) -> None:
	"""Insert rows, or update those whose primary or unique key exists. All have the same columns.

	Args:
		doctype: The DocType of the rows.
		rows: The values by column. Standard columns that a row lacks are added, `name` as a random one.
		user: Who writes the rows; the session's user by default.
		preserved: Columns that an update leaves as they are.
		preserved_if_null: Columns that an update leaves as they are where the new value is None.
	"""

	def build_clause(columns: Sequence[str]) -> str:
		return " on duplicate key update " + ", ".join(
			f"`{name}`=coalesce(values(`{name}`), `{name}`)"
			if name in preserved_if_null
			else f"`{name}`=values(`{name}`)"
			for name in columns
			if name not in preserved
		)

	_execute("insert", doctype, rows, user, build_clause)


def _execute(
	verb: str,
	doctype: str,
	rows: Iterable[Row],
	user: str | None,
	build_clause: Callable[[Sequence[str]], str] = lambda _columns: "",
) -> None:
	standard = build_standard_values(user)
	filled = ({"name": row.get("name") or frappe.generate_hash(length=10), **standard, **row} for row in rows)
	for columns, chunk in _split(filled):
		names = ", ".join([f"`{name}`" for name in columns])
		placeholders = ", ".join(["%s"] * len(chunk))  # one for each row: drivers write a tuple as (a, b, …)
		frappe.db.sql(
			f"{verb} into `tab{doctype}` ({names}) values {placeholders}{build_clause(columns)}", chunk
		)


def _split(rows: Iterable[Row]) -> Iterator[tuple[list[str], list[tuple[Any, ...]]]]:
	"""Yield columns and rows, as many as fit into one statement."""
	columns: list[str] = []
	chunk: list[tuple[Any, ...]] = []
	size = 0
	for row in rows:
		columns = columns or list(row)
		values = tuple(map(row.__getitem__, columns))
		length = sum([len(value) for value in values if type(value) is str])
		if chunk and size + length > MAX_STATEMENT_CHARACTERS:
			yield columns, chunk
			chunk, size = [], 0
		chunk.append(values)
		size += length
	if chunk:
		yield columns, chunk
