"""The caller's own tickets, Issues and HD Tickets together: assigned to the caller, or raised by them."""

import json
from typing import Any, Literal

import frappe
from frappe import _

from orchestrator import compat
from orchestrator.apps import is_installed
from orchestrator.assignment import FIELD
from orchestrator.doctypes import HD_TICKET, ISSUE
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk.service_level import RESOLUTION_BY
from orchestrator.helpdesk.shapes import TicketPage
from orchestrator.helpdesk.tickets import DOCTYPES, check_doctype, has_role_for_issues, is_agent, is_customer
from orchestrator.period import to_iso

Relation = Literal["assigned", "raised"]
RELATIONS: tuple[Relation, ...] = ("assigned", "raised")
FIELDS = (
	"name", "subject", "status", "priority", "customer", "raised_by", "response_by", "creation", "modified", "_assign",
)  # fmt: skip
ORDER = "modified desc, name desc"


def parse_relation(text: str | None) -> Relation | None:
	"""Return the relation that the caller names. 400 for any other."""
	if not text:
		return None
	relation = next((known for known in RELATIONS if known == text), None)
	if relation is None:
		refuse(_("relation must be one of: {0}.").format(", ".join(RELATIONS)), InvalidRequestError)
	return relation


def parse_doctypes(doctype: str | None) -> list[str]:
	"""Return the requested DocTypes, by default those that the site has."""
	if doctype:
		check_doctype(doctype)
		return [doctype]
	return list(DOCTYPES) if is_installed("helpdesk") else [ISSUE]


def get_page(
	doctypes: list[str], relation: Relation | None, status: str | None, start: int, length: int
) -> TicketPage:
	"""Return a page of the tickets, latest change first."""
	queries = [_build_query(doctype, relation, status) for doctype in doctypes]
	latest = [row for query in queries for row in _get_rows(query, ["name", "modified"], start + length)]
	latest.sort(key=lambda row: row.modified, reverse=True)
	keys = [(row.doctype, row.name) for row in latest[start : start + length]]
	details: dict[tuple[str, str], dict[str, Any]] = {}
	for query in queries:
		names = [name for doctype, name in keys if doctype == query.doctype]
		details |= {
			(row.doctype, row.name): _serialize_ticket(row, query.is_staff)
			for row in _get_details(query, names)
		}
	return TicketPage(
		tickets=[details[key] for key in keys if key in details], total=sum(map(_count_tickets, queries))
	)


def _build_query(doctype: str, relation: Relation | None, status: str | None) -> frappe._dict:
	"""Return the conditions and columns of a list of the caller's own tickets.

	Customers have no role for issues: as in ERPNext's portal, their own ones are listed without permissions;
	the condition on who raised them replaces these.
	"""
	is_staff = is_agent() if doctype == HD_TICKET else not is_customer() and has_role_for_issues()
	relation = relation or ("assigned" if is_staff else "raised")
	filters: list[list[Any]] = [[doctype, "status", "=", status]] if status else []
	or_filters: list[list[Any]] = []
	if relation == "assigned":
		filters.append([doctype, "name", "in", _list_assigned(doctype) or [""]])
	else:
		or_filters = [[doctype, "raised_by", "=", frappe.session.user]]
		if contacts := _list_own_contacts():
			or_filters.append([doctype, "contact", "in", contacts])
	ignore = doctype == ISSUE and not is_staff and relation == "raised"
	return frappe._dict(
		doctype=doctype, filters=filters, or_filters=or_filters, ignore_permissions=ignore, is_staff=is_staff
	)


def _list_assigned(doctype: str) -> list[str]:
	"""Return the tickets with an open assignment to the caller."""
	filters = {"reference_type": doctype, "allocated_to": frappe.session.user, "status": "Open"}
	# get_all: the assignments are the caller's own
	return frappe.get_all("ToDo", filters=filters, pluck="reference_name", limit=0)


def _list_own_contacts() -> list[str]:
	"""Return the contacts of the caller."""
	user = frappe.session.user
	# get_all: the contacts are the caller's own
	return frappe.get_all("Contact", or_filters={"user": user, "email_id": user}, pluck="name", limit=0)


def _get_rows(query: frappe._dict, fields: list[str], length: int) -> list[frappe._dict]:
	"""Return the first rows of the list, each with its DocType."""
	if not _can_list(query):
		return []
	rows = compat.get_list(
		query.doctype,
		fields=fields,
		filters=query.filters,
		or_filters=query.or_filters,
		order_by=ORDER if "name" in fields else "",
		limit_page_length=length,
		ignore_permissions=query.ignore_permissions,
	)
	return [row.update(doctype=query.doctype) for row in rows]


def _get_details(query: frappe._dict, names: list[str]) -> list[frappe._dict]:
	"""Return the complete rows of these names."""
	if not names:
		return []
	meta = frappe.get_meta(query.doctype)
	due = next(name for name in RESOLUTION_BY if meta.has_field(name))
	only = frappe._dict(query, filters=[*query.filters, [query.doctype, "name", "in", names]])
	assignee = [FIELD] if meta.has_field(FIELD) else []
	return _get_rows(only, [*FIELDS, *assignee, f"{due} as resolution_by"], len(names))


def _count_tickets(query: frappe._dict) -> int:
	"""Return the total number of tickets."""
	rows = _get_rows(query, [f"count(distinct `tab{query.doctype}`.name) as total"], 1)
	return int(rows[0].total) if rows else 0


def _can_list(query: frappe._dict) -> bool:
	"""Return False if the caller can see nothing in the list."""
	return query.ignore_permissions or bool(frappe.has_permission(query.doctype, "read"))


def _serialize_ticket(row: frappe._dict, is_staff: bool) -> dict[str, Any]:
	"""Return a row for the reply: times as in get_sla_status, and for staff the first assignee."""
	assignees = [row[FIELD]] if row.get(FIELD) else json.loads(row._assign or "[]")
	times = {name: to_iso(row[name]) for name in ("response_by", "resolution_by", "creation", "modified")}
	return {
		"name": str(row.name),
		"doctype": row.doctype,
		"subject": row.subject,
		"status": row.status,
		"priority": row.priority,
		"customer": row.customer,
		"raised_by": row.raised_by,
		"assigned_to": assignees[0] if assignees and is_staff else None,
		"first_response_due": times["response_by"],
		"resolution_due": times["resolution_by"],
		"creation": times["creation"],
		"modified": times["modified"],
	}
