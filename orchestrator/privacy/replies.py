"""Records in a reply: documents and rows with their DocType, titles of links, and links in the rows of a report."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from frappe.model.base_document import BaseDocument

from orchestrator.access.disclosures import DisclosureRecorder
from orchestrator.privacy.references import find_record

LINK_TITLES: Final = "_link_titles"
TITLE_SEPARATOR: Final = "::"
# Keys of a dict that names records
KEYS: Final = frozenset({"doctype", "parenttype", "columns", LINK_TITLES})
SCALARS: Final = frozenset({str, int, float, bool, type(None), date, datetime, timedelta, Decimal})


def record_reply(recorder: DisclosureRecorder, reply: Any) -> None:
	"""Record the records of a reply, at any depth."""
	_ReplyScan(recorder).scan(reply)


def record_report(recorder: DisclosureRecorder, columns: Any, rows: Any) -> None:
	"""Record the records that the rows of a report link to."""
	if not (isinstance(columns, list) and isinstance(rows, list)):
		return
	for position, column in enumerate(columns):
		doctype, fieldname = _find_link(column)
		if doctype in recorder.doctypes:
			recorder.add(doctype, _list_values(rows, position, fieldname))


def _find_link(column: Any) -> tuple[str, str]:
	"""Return the DocType that a column of a report links to, and the column's name. Columns are dicts or texts."""
	if isinstance(column, dict):
		if column.get("fieldtype") == "Link":
			return str(column.get("options") or ""), str(column.get("fieldname") or "")
		return "", ""
	parts = str(column).split(":")  # "Label:Link/Client:120"
	kind, _slash, doctype = parts[1].partition("/") if len(parts) > 1 else ("", "", "")
	return (doctype, "") if kind == "Link" else ("", "")


def _list_values(rows: list[Any], position: int, fieldname: str) -> Iterable[str]:
	for row in rows:
		if isinstance(row, dict):
			value = row.get(fieldname)
		else:
			value = row[position] if isinstance(row, list | tuple) and position < len(row) else None
		if isinstance(value, str) and value:
			yield value


class _ReplyScan:
	"""One pass over a reply."""

	def __init__(self, recorder: DisclosureRecorder) -> None:
		self.recorder = recorder
		self.seen: set[int] = set()
		self.report_rows: Any = self  # flat: they are not scanned

	def scan(self, value: Any) -> None:
		if (
			isinstance(value, dict)
			and KEYS.isdisjoint(value)
			and SCALARS.issuperset(map(type, value.values()))
		):
			return  # a row of a list
		if isinstance(value, BaseDocument):
			self._record(value)
			value = value.__dict__
		elif isinstance(value, dict):
			self._scan_dict(value)
		if not isinstance(value, dict | list | tuple) or id(value) in self.seen:
			return
		self.seen.add(id(value))
		for item in value.values() if isinstance(value, dict) else value:
			if item is self.report_rows:
				continue
			if isinstance(item, dict | list | tuple | BaseDocument):
				self.scan(item)

	def _scan_dict(self, values: dict[str, Any]) -> None:
		if "doctype" in values or "parenttype" in values:
			self._record(values)
		if "columns" in values and ("result" in values or "rows" in values):
			self.report_rows = values.get("result", values.get("rows"))
			record_report(self.recorder, values["columns"], self.report_rows)
		titles = values.get(LINK_TITLES)
		if isinstance(titles, dict):
			for key in titles:
				doctype, _separator, name = str(key).partition(TITLE_SEPARATOR)
				self.recorder.add(doctype, [name])

	def _record(self, values: Any) -> None:
		if found := find_record(values):
			self.recorder.add(found[0], [found[1]])
