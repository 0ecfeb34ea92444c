"""A report's result as one table, whichever form Frappe returns: the columns to show, and rows as sequences."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint

from orchestrator.api import reports
from orchestrator.insights.reports.content import html_text

Row = Sequence[Any]
NUMBERS = frozenset({"Currency", "Float", "Int", "Percent", "Duration"})
INDENT = "    "
# Company:company:default_currency, as Frappe's fields name the currency of a record that they link to
LINKED_CURRENCY_PARTS = 3


@dataclass(frozen=True)
class CurrencySource:
	"""The place of an amount's currency: the value at `index` of the row, or `fieldname` of the `doctype`
	record that it names.
	"""

	index: int
	doctype: str | None = None
	fieldname: str | None = None

	def get_currency(self, row: Row) -> str | None:
		"""Return the currency of an amount in `row`."""
		currency = row[self.index]
		if currency and self.doctype:
			return frappe.get_cached_value(self.doctype, currency, self.fieldname)
		return currency or None


@dataclass(frozen=True)
class Column:
	"""A column that is shown; `index` is the position of its value in a row."""

	key: str
	label: str
	fieldtype: str
	options: str | None
	index: int
	width: int = 0
	precision: int | None = None
	currency: CurrencySource | None = None

	@property
	def is_number(self) -> bool:
		return self.fieldtype in NUMBERS

	@property
	def is_html(self) -> bool:
		return self.fieldtype in html_text.HTML_TYPES

	def get_value(self, row: Row) -> Any:
		"""Return the column's value in `row` as stored; for a column of HTML, its text."""
		value = row[self.index]
		return html_text.to_text(value) if self.is_html and isinstance(value, str) else value


@dataclass
class Table:
	"""The result of a report. `rows` are iterated once; `total` is not one of them. `close` releases the
	source of the rows.
	"""

	columns: list[Column]
	rows: Iterator[Row]
	expected_rows: int | None = None
	total: Row | None = None
	message: str | None = None
	chart: dict[str, Any] | None = None
	summary: list[dict[str, Any]] = field(default_factory=list)
	close: Callable[[], None] = lambda: None

	@property
	def labels(self) -> list[str]:
		"""The headings of the columns."""
		return [column.label for column in self.columns]

	def list_cells(self, row: Row) -> list[Any]:
		"""Return the values of the columns, in their order."""
		if self._has_html:
			return [column.get_value(row) for column in self.columns]
		return [row[column.index] for column in self.columns]

	@cached_property
	def _has_html(self) -> bool:
		return any(column.is_html for column in self.columns)


def parse_result(result: dict[str, Any]) -> Table:
	"""Convert Frappe's result to a table.

	Empties the result's rows, so that each can be freed once it is written.
	"""
	known = [_parse_column(column) for column in result.get("columns") or []]
	keys = [column["fieldname"] for column in known]
	columns = _parse_columns(known, keys)
	rows = result.pop("result", None) or []
	total = rows.pop() if rows and result.get("add_total_row") else None
	to_row = _build_row_reader(keys, [column["label"] for column in known])
	return Table(
		columns=columns,
		rows=map(to_row, _drain_rows(rows)),
		expected_rows=len(rows),
		total=None if total is None else to_row(total),
		message=result.get("message") if isinstance(result.get("message"), str) else None,
		chart=result.get("chart"),
		summary=[item for item in result.get("report_summary") or [] if item.get("label")],
	)


def _parse_column(column: Any) -> dict[str, Any]:
	"""Return Frappe's description of a column as a dict."""
	raw = column if isinstance(column, dict) else {}
	if not isinstance(column, (str, dict)):
		raw = column.as_dict()  # the report builder gives the field itself
	shape = reports.build_column(column)
	hidden, precision = cint(raw.get("hidden")), raw.get("precision")
	shape["label"] = _(shape["label"] or "")
	return {**shape, "hidden": hidden, "precision": cint(precision) if precision else None}


def _parse_columns(known: list[dict[str, Any]], keys: list[str]) -> list[Column]:
	"""Return the columns that are shown.

	Adds to `keys` the currencies in a row that have no column.
	"""
	return [
		Column(
			key=_make_unique(column["fieldname"], index, keys),
			label=column["label"],
			fieldtype=column["fieldtype"],
			options=column["options"],
			index=index,
			width=cint(column["width"]),
			precision=column["precision"],
			currency=_parse_currency(column, keys),
		)
		for index, column in enumerate(known)
		if not column["hidden"]
	]


def _make_unique(fieldname: str, index: int, keys: list[str]) -> str:
	"""Return the column's fieldname, with its number if an earlier column has the same: a list that joins two
	DocTypes may show the `name` of both.
	"""
	return fieldname if keys.index(fieldname) == index else f"{fieldname}_{index + 1}"


def _parse_currency(column: dict[str, Any], keys: list[str]) -> CurrencySource | None:
	"""Return the source of an amount's currency, if the row has one."""
	options = column["options"]
	if column["fieldtype"] != "Currency" or not isinstance(options, str) or not options:
		return None
	parts = options.split(":")
	linked = len(parts) == LINKED_CURRENCY_PARTS
	fieldname = parts[1] if linked else parts[0]
	if fieldname not in keys:
		keys.append(fieldname)
	index = keys.index(fieldname)
	return CurrencySource(index, parts[0], parts[2]) if linked else CurrencySource(index)


def _build_row_reader(keys: list[str], labels: list[str]) -> Callable[[Any], Row]:
	"""Return a function that converts a row to a sequence, whether it is an object by fieldname (or by label)
	or a list.
	"""
	width = len(keys)
	names = [(key, labels[index] if index < len(labels) else key) for index, key in enumerate(keys)]

	def read_row(row: Any) -> Row:
		if not isinstance(row, dict):
			values = list(row)[:width]
			return values + [None] * (width - len(values))
		values = [row[key] if key in row else row.get(label) for key, label in names]
		if row.get("indent") and values:
			values[0] = INDENT * cint(row["indent"]) + str(values[0] or "")
		return values

	return read_row


def _drain_rows(rows: list[Any]) -> Iterator[Any]:
	"""Yield the rows in their order, and release each."""
	rows.reverse()
	while rows:
		yield rows.pop()
