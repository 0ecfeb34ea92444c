"""Tickets, tasks, documents and appointments of a client, each only where the reader may read it.

All of them come from one statement: the records to show and, beside each, how many there are.
"""

from collections.abc import Iterator
from typing import Any

import frappe
import frappe.permissions
import frappe.share

from orchestrator import clock, compat
from orchestrator.access.record_conditions import build_read_condition
from orchestrator.api.records import get_meta_or_none
from orchestrator.doctypes import SYNC_ISSUE
from orchestrator.period import to_iso
from orchestrator.sync.clients.linked_doctypes import LINKED_DOCTYPES, SECTIONS, LinkedDocType
from orchestrator.sync.clients.readable_fields import get_hidden_fields
from orchestrator.sync.shapes import LinkedRecord, LinkedSection, Section

MAX_RECORDS = 20  # of each DocType
SYNC_ISSUES = len(LINKED_DOCTYPES)  # the number of their row, behind those of the linked DocTypes


class LinkedRecords:
	"""The sections that the reader may see, and the number of open sync issues, None if hidden from the reader."""

	def __init__(self, readable: list[int], rows: list[frappe._dict]) -> None:
		self.sections: dict[Section, LinkedSection] = {
			section: _build_section(section, readable, rows)
			for section in SECTIONS
			if any(LINKED_DOCTYPES[index].section == section for index in readable)
		}
		self.sync_issues = next((int(row.total) for row in rows if row.source == SYNC_ISSUES), None)


def get_linked_records(client: str, stays: list[str]) -> LinkedRecords:
	"""Return the records that refer to a client.

	Args:
		client: The name of the client.
		stays: The names of those of its stays that the reader may read, whose sync issues are counted too.
	"""
	readable: list[int] = []
	statements: list[str] = []
	is_permitted = _Permitted()
	for index, linked in enumerate(LINKED_DOCTYPES):
		if is_permitted(linked.doctype) and (statement := _build_statement(index, linked)):
			readable.append(index)
			statements.append(statement)
	if has_role_to_read(SYNC_ISSUE) and (statement := _build_issue_statement()):
		statements.append(statement)
	now = clock.get_now()
	values = {"client": client, "records": [client, *stays], "now": now, "today": now.date()}
	rows = frappe.db.sql(" UNION ALL ".join(statements), values, as_dict=True) if statements else []
	return LinkedRecords(readable, rows)


class _Permitted:
	"""Tells whether the reader may read any record of a DocType. Shares are looked up once for all, if no role is enough."""

	def __init__(self) -> None:
		self._shared: set[str] | None = None

	def __call__(self, doctype: str) -> bool:
		if get_meta_or_none(doctype) is None:
			return False
		if has_role_to_read(doctype):
			return True
		if self._shared is None:
			self._shared = set(frappe.share.get_shared_doctypes(frappe.session.user))
		return doctype in self._shared


def has_role_to_read(doctype: str) -> bool:
	"""Return True if a role lets the reader read records of the DocType."""
	if frappe.session.user == "Administrator":
		return True
	return bool(frappe.permissions.get_role_permissions(frappe.get_meta(doctype)).get("read"))


def _build_statement(index: int, linked: LinkedDocType) -> str | None:
	"""Return the SELECT of one DocType, None if the reader may not read its records or their links to clients."""
	condition = build_read_condition(linked.doctype, frappe.session.user)
	hidden = get_hidden_fields(linked.doctype)
	meta = frappe.get_meta(linked.doctype)
	if condition is None or not hidden.isdisjoint(linked.link_fields):
		return None
	if not all(meta.has_field(field) for field in linked.link_fields):
		return None  # the migration that adds the field is still to come

	def get_column(*fieldnames: str) -> str:
		field = next((name for name in fieldnames if meta.has_field(name)), None)
		return "NULL" if field is None or field in hidden else f"`{field}`"

	due, state = get_column(*linked.due), get_column(*linked.states)
	is_open, is_overdue = _build_flags(linked, due, state)
	readable = f"AND ({condition.replace('%', '%%')})" if condition else ""
	columns = {
		"source": str(index),
		"name": compat.AS_TEXT.format("name"),
		"title": get_column(linked.title),
		"status": get_column("status"),
		"priority": get_column("priority"),
		"assigned_to": get_column("assigned_to"),
		"due": f"CAST({due} AS DATETIME(6))",
		"creation": "creation",
		"modified": "modified",
		"is_open": is_open,
		"is_overdue": is_overdue,
		"total": "COUNT(*) OVER ()",
		"open": f"SUM({is_open}) OVER ()",
		"overdue": f"SUM({is_overdue}) OVER ()",
	}
	selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
	return (
		f"(SELECT {selected} FROM `tab{linked.doctype}` WHERE {linked.link} {readable}"  # noqa: S608  # Frappe's own conditions, and names of this module
		f" ORDER BY {_build_order(linked, due, is_open)}, modified DESC, name DESC LIMIT {MAX_RECORDS})"
	)


def _build_flags(linked: LinkedDocType, due: str, state: str) -> tuple[str, str]:
	"""Return the SQL of `is_open` and `is_overdue`. An appointment is open until it begins."""
	closed = ", ".join(f"'{value}'" for value in linked.closed)
	is_open = f"(COALESCE({state}, '') NOT IN ({closed}))" if state != "NULL" else "NULL"
	if linked.overdue_at:
		return is_open, f"({is_open} AND COALESCE({due} < %({linked.overdue_at})s, FALSE))"
	if linked.due:
		is_open = f"({is_open} AND COALESCE({due} >= %(now)s, FALSE))"
	return is_open, "FALSE"


def _build_order(linked: LinkedDocType, due: str, is_open: str) -> str:
	"""Return the order: what is left to do before the rest, and then by date. Of appointments the nearest come first."""
	if linked.overdue_at:
		return f"{is_open} DESC, {due} IS NULL, {due}"
	if linked.due:
		return f"{is_open} DESC, ABS(TIMESTAMPDIFF(SECOND, {due}, %(now)s))"
	return "modified DESC"


def _build_issue_statement() -> str | None:
	"""Return the SELECT that counts the open sync issues of the client and its stays."""
	condition = build_read_condition(SYNC_ISSUE, frappe.session.user)
	if condition is None:
		return None
	readable = f"AND ({condition.replace('%', '%%')})" if condition else ""
	empty = ", ".join(["NULL"] * 10)
	return (
		f"(SELECT {SYNC_ISSUES} AS source, {empty}, COUNT(*) AS total, NULL, NULL FROM `tab{SYNC_ISSUE}`"  # noqa: S608
		f" WHERE status = 'Open' AND reference_name IN %(records)s {readable})"
	)


def _build_section(section: Section, readable: list[int], rows: list[frappe._dict]) -> LinkedSection:
	"""Return one section. The order of its DocTypes is kept, each with its own count."""
	indexes = [index for index in readable if LINKED_DOCTYPES[index].section == section]
	found = [row for row in rows if row.source in indexes]
	firsts = list({row.source: row for row in found}.values())
	found.sort(key=lambda row: not row.is_open)  # stable: keeps the order of each DocType
	return {
		"doctypes": [LINKED_DOCTYPES[index].doctype for index in indexes],
		"records": list(_serialize(found)),
		"total": sum(int(row.total) for row in firsts),
		"open": sum(int(row.open or 0) for row in firsts),
		"overdue": sum(int(row.overdue or 0) for row in firsts),
	}


def _serialize(rows: list[Any]) -> Iterator[LinkedRecord]:
	for row in rows:
		linked = LINKED_DOCTYPES[row.source]
		is_day = linked.overdue_at == "today"
		yield {
			"doctype": linked.doctype,
			"name": row.name,
			"title": row.title or row.name,
			"status": row.status,
			"priority": row.priority,
			"assigned_to": row.assigned_to,
			"due": to_iso(row.due.date() if row.due and is_day else row.due),
			"is_open": bool(row.is_open),
			"is_overdue": bool(row.is_overdue),
			"creation": to_iso(row.creation),
			"modified": to_iso(row.modified),
		}
