"""Clients by a part of their name, or by the MR number of a stay."""

import frappe
from frappe import _

from orchestrator.api.shapes import FoundRecord
from orchestrator.doctypes import CLIENT, CLIENT_STAY

MAX_WORDS = 6
FIELDS = ["name", "full_name", "status", "facility", "admission_date"]


def find_clients(query: str, limit: int) -> list[FoundRecord]:
	"""Return clients that the caller may read: those with the MR number first, then those with every word in their name."""
	if not frappe.has_permission(CLIENT, "read"):
		return []
	by_number = _list_by_number(query, limit)
	rows = [*by_number, *_list_by_name(query, limit)]
	return list({row.name: _build_record(row) for row in rows}.values())[:limit]


def _list_by_name(query: str, limit: int) -> list[frappe._dict]:
	filters = [["full_name", "like", f"%{_escape_wildcards(word)}%"] for word in query.split()[:MAX_WORDS]]
	return frappe.get_list(
		CLIENT, filters=filters, fields=FIELDS, order_by="full_name asc, name asc", limit_page_length=limit
	)


def _list_by_number(query: str, limit: int) -> list[frappe._dict]:
	"""Return the clients of stays whose MR number begins with the text."""
	if " " in query or not frappe.has_permission(CLIENT_STAY, "read"):
		return []
	names = frappe.get_list(
		CLIENT_STAY,
		filters=[["mr_number", "like", f"{_escape_wildcards(query)}%"]],
		pluck="client",
		order_by="mr_number asc, name asc",
		limit_page_length=limit,
	)
	if not names:
		return []
	return frappe.get_list(CLIENT, filters=[["name", "in", names]], fields=FIELDS, order_by="full_name asc")


def _escape_wildcards(text: str) -> str:
	return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _build_record(row: frappe._dict) -> FoundRecord:
	admitted = frappe.format_value(row.admission_date, "Date") if row.admission_date else None
	return {
		"doctype": CLIENT,
		"name": row.name,
		"title": row.full_name or row.name,
		"description": ", ".join(filter(None, [_(row.status), row.facility, admitted])),
		"snippet": "",
	}
