"""A report as a JSON file: one object with the report's particulars, and its rows as objects by the columns'
keys.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from frappe.utils.response import json_handler

from orchestrator.insights.reports.content.cells import is_finite
from orchestrator.insights.reports.content.report_table import Row, Table
from orchestrator.insights.reports.content.title_page import TitlePage


def write_json(path: Path, table: Table, title: TitlePage) -> None:
	"""Write the table row by row. Any JSON parser can read the file."""
	head = {
		"report_name": title.report_name,
		"generated_at": title.generated_at.isoformat(),
		"filters": title.conditions,
		"message": table.message,
		"summary": table.summary,
		"chart": table.chart,
		"columns": [
			{
				"key": column.key,
				"label": column.label,
				"fieldtype": column.fieldtype,
				"options": column.options,
			}
			for column in table.columns
		],
	}
	with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
		file.write(_serialize(head)[:-1] + ',\n"rows": [')
		for number, row in enumerate(table.rows):
			file.write((",\n" if number else "\n") + _serialize(dict(_build_fields(table, row))))
		total = None if table.total is None else dict(_build_fields(table, table.total))
		file.write(f'\n],\n"total_row": {_serialize(total)}}}\n')


def _build_fields(table: Table, row: Row) -> Iterator[tuple[str, Any]]:
	"""Yield keys and values of a row. Non-finite numbers, which JSON does not have, become null."""
	for column in table.columns:
		value = row[column.index]
		yield column.key, None if isinstance(value, float) and not is_finite(value) else value


def _serialize(value: Any) -> str:
	"""Return JSON on one line; dates, timestamps and decimals as in Frappe's replies."""
	return json.dumps(value, default=json_handler, ensure_ascii=False, separators=(", ", ": "))
