"""Keyset paging: the columns of a total order, and the SQL condition of the rows behind a given one.

A page starts behind the sort values of the last row of the page before, in place of an offset, so that its cost does not
grow with its number and rows that are written meanwhile do not shift it. All comparisons are MariaDB's, with the collation
of the column: NULL comes before any value where a column ascends, behind all where it descends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal

import frappe

ValueKind = Literal["text", "number", "moment"]

KEY_LABEL: Final = "orchestrator_key_{0}"


@dataclass(frozen=True)
class KeyColumn:
	"""A column of the order. `sql` is `link.field` for a field of a linked record until the query has joined its table."""

	sql: str
	kind: ValueKind
	is_descending: bool
	is_nullable: bool = True

	def select(self) -> str:
		"""Return the SQL that selects the exact value as text: Python's float would round a decimal."""
		return self.sql if self.kind == "text" else f"cast({self.sql} as char)"

	def match_equal(self, value: str | None) -> str:
		"""Return the condition of the rows with this value."""
		return f"{self.sql} is null" if value is None else f"{self.sql} = {self._to_literal(value)}"

	def match_behind(self, value: str | None) -> str | None:
		"""Return the condition of the rows behind this value, None where nothing can be."""
		if value is None:
			return None if self.is_descending else f"{self.sql} is not null"
		return self._compare("<" if self.is_descending else ">", value)

	def match_from(self, value: str | None) -> str | None:
		"""Return the condition of the rows with this value and behind it, None where all rows are."""
		if value is None:
			return self.match_equal(value) if self.is_descending else None
		return self._compare("<=" if self.is_descending else ">=", value)

	def _compare(self, operator: str, value: str) -> str:
		condition = f"{self.sql} {operator} {self._to_literal(value)}"
		if self.is_descending and self.is_nullable:
			return f"({condition} or {self.sql} is null)"
		return condition

	def _to_literal(self, value: str) -> str:
		if self.kind == "number":
			return format(Decimal(value), "f")
		return str(frappe.db.escape(value, percent=False))


@dataclass(frozen=True)
class Keyset:
	"""The columns of a total order, and the values of the row behind which a page starts, None for the first page."""

	columns: Sequence[KeyColumn]
	values: Sequence[str | None] | None = None

	def describe(self) -> list[tuple[str, bool]]:
		"""Return the order as JSON data: each column, and whether it descends."""
		return [(column.sql, column.is_descending) for column in self.columns]

	def select(self) -> str:
		"""Return the SQL that selects the sort values of each row."""
		return ", ".join(
			f"{column.select()} as {KEY_LABEL.format(index)}" for index, column in enumerate(self.columns)
		)

	def pop_values(self, row: dict[str, Any]) -> list[str | None]:
		"""Remove the sort values from a row and return them."""
		return [row.pop(KEY_LABEL.format(index)) for index in range(len(self.columns))]

	def resolve(self, resolve_sql: Callable[[str], str]) -> "Keyset":
		"""Return the keyset with the columns as a query names them."""
		return replace(
			self, columns=[replace(column, sql=resolve_sql(column.sql)) for column in self.columns]
		)

	def build_condition(self) -> str:
		"""Return the condition of the rows behind the values, nothing for the first page.

		Its first part says nothing new: by it MariaDB finds the range of an index on the first column.
		"""
		if self.values is None:
			return ""
		pairs = list(zip(self.columns, self.values, strict=True))
		parts = []
		for index, (column, value) in enumerate(pairs):
			if behind := column.match_behind(value):
				equal = [before.match_equal(other) for before, other in pairs[:index]]
				parts.append(" and ".join([*equal, behind]))
		condition = f"({' or '.join(f'({part})' for part in parts)})"
		start = self.columns[0].match_from(self.values[0]) if len(pairs) > 1 else None
		return f"({start} and {condition})" if start else condition
