"""The file with the outcome of each record of an upsert. It is private, and belongs to whoever sent the records."""

import csv
import io
import json
from collections.abc import Iterable

import frappe

from orchestrator.api.upserts.outcomes import Outcome
from orchestrator.api.upserts.source_parsing import Format

COLUMNS = ("line", "status", "name", "error_type", "error_text")
# Spreadsheets take a cell that begins like this for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def create_result_file(operation: str, outcomes: Iterable[Outcome], file_format: Format) -> str:
	"""Store the outcomes as a private File of the session's user. Return its name."""
	render = _render_csv if file_format == "csv" else _render_ndjson
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": f"upsert-{operation}.{file_format}",
			"is_private": 1,
			"content": render(outcomes).encode(),
		}
	)
	file.insert(ignore_permissions=True)  # whoever may send records need not be allowed to upload files
	return str(file.name)


def _render_ndjson(outcomes: Iterable[Outcome]) -> str:
	return "".join(f"{json.dumps(_serialize_outcome(outcome), ensure_ascii=False)}\n" for outcome in outcomes)


def _serialize_outcome(outcome: Outcome) -> dict[str, object]:
	error = {"type": outcome.error_type, "text": outcome.error_text} if outcome.error_type else None
	return {"line": outcome.line, "status": outcome.status, "name": outcome.name, "error": error}


def _render_csv(outcomes: Iterable[Outcome]) -> str:
	file = io.StringIO(newline="")
	writer = csv.writer(file)
	writer.writerow(COLUMNS)
	writer.writerows([_escape_formula(cell) for cell in outcome] for outcome in outcomes)
	return file.getvalue()


def _escape_formula(cell: object) -> object:
	return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
