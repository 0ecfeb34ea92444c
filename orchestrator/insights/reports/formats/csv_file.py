"""A report as a CSV file: UTF-8 with a byte order mark for spreadsheets, text quoted, numbers unquoted."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orchestrator.insights.reports.content.cells import is_finite, to_text
from orchestrator.insights.reports.content.formulas import escape_formula
from orchestrator.insights.reports.content.report_table import Table

ENCODING = "utf-8-sig"


def write_csv(path: Path, table: Table) -> None:
	"""Write the table row by row, so that the memory does not grow with the rows."""
	with path.open("w", encoding=ENCODING, errors="backslashreplace", newline="") as file:
		writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
		writer.writerow(map(escape_formula, table.labels))
		writer.writerows(map(build_cells, map(table.list_cells, table.rows)))
		if table.total is not None:
			writer.writerow(build_cells(table.list_cells(table.total)))


def build_cells(values: Iterable[Any]) -> list[Any]:
	"""Return the cells of a row: numbers unchanged, other values as text that is not a formula."""
	return [
		value if type(value) in (int, float) and is_finite(value) else _build_cell(value) for value in values
	]


def _build_cell(value: Any) -> Any:
	"""Return a cell that is not a plain number."""
	if isinstance(value, bool):
		return int(value)
	return value if _is_decimal(value) else escape_formula(to_text(value))


def _is_decimal(value: Any) -> bool:
	"""Return True for a finite number of another class, such as the database's Decimal."""
	return hasattr(value, "as_tuple") and value.is_finite()
