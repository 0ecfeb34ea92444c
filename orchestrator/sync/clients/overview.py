"""A client in one reply: header, alerts, stays, linked records and activity."""

from datetime import date
from typing import Any

import frappe
from frappe.model.document import Document

from orchestrator import clock
from orchestrator.api.records import get_meta_or_none, raise_not_found, refuse_hidden
from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.period import to_iso
from orchestrator.sync.clients.activity import list_activity
from orchestrator.sync.clients.alerts import list_alerts
from orchestrator.sync.clients.linked_doctypes import LINKED_DOCTYPES
from orchestrator.sync.clients.linked_records import get_linked_records
from orchestrator.sync.clients.readable_fields import get_hidden_fields
from orchestrator.sync.shapes import ClientHeader, ClientOverview, Section, StayEntry

MAX_STAYS = 100
STAY_DATES = ("admission_date", "anticipated_discharge_date", "discharge_date", "absent_since")
STAY_FIELDS = (
	"name", "status", "facility", "level_of_care", "program", "mr_number", *STAY_DATES, "next_level_of_care",
	"discharge_type", "location_name", "building_name", "room_name", "bed_name",
)  # fmt: skip
TEXT_FIELDS = ("preferred_name", "gender", "pronouns", "preferred_language", "phone", "email")


def get_overview(name: str) -> ClientOverview:
	"""Return a client as the caller may see it.

	Raises PermissionError (403) if the caller may read no clients, DoesNotExistError (404) for one that is missing or
	hidden.
	"""
	doc = _get_readable(name)
	today = clock.get_today()
	stays = list_stays(doc.name)
	current = _find_current(stays or [])
	names = [stay["name"] for stay in stays or []]
	linked = get_linked_records(doc.name, names)
	header = _build_header(doc, current, today)
	return {
		"client": header,
		"alerts": list(list_alerts(header, doc.date_of_death, current, linked, today)),
		"stays": stays,
		"tickets": linked.sections.get("tickets"),
		"tasks": linked.sections.get("tasks"),
		"documents": linked.sections.get("documents"),
		"appointments": linked.sections.get("appointments"),
		"activity": list_activity(doc.name, names),
		"can_create": _list_creatable(),
	}


def _get_readable(name: str) -> Document:
	"""Return the client without the fields that the caller may not see."""
	frappe.has_permission(CLIENT, "read", throw=True)
	try:
		doc = frappe.get_doc(CLIENT, name)
	except frappe.DoesNotExistError:
		raise_not_found(CLIENT, name)
	if not doc.has_permission("read"):
		refuse_hidden(CLIENT, name)
	for field in get_hidden_fields(CLIENT):
		doc.set(field, None)
	return doc


def _build_header(doc: Any, current: StayEntry | None, today: date) -> ClientHeader:
	return {
		"name": doc.name,
		"full_name": doc.full_name or doc.name,
		"status": doc.status,
		"facility": doc.facility,
		"level_of_care": doc.level_of_care,
		"admission_date": to_iso(doc.admission_date),
		"discharge_date": to_iso(doc.discharge_date),
		"expected_discharge_date": current["expected_discharge_date"] if current else None,
		"date_of_birth": to_iso(doc.date_of_birth),
		"age": _compute_age(doc.date_of_birth, doc.date_of_death or today),
		**{field: doc.get(field) or None for field in TEXT_FIELDS},  # type: ignore[typeddict-item]
	}


def _compute_age(born: date | None, at: date) -> int | None:
	"""Return the age in whole years. A birthday on 29 February is reached on 1 March in other years."""
	if not born or born > at:
		return None
	return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def list_stays(client: str) -> list[StayEntry] | None:
	"""Return the latest stays that the caller may read, newest first, None if they may read no stays."""
	if not frappe.has_permission(CLIENT_STAY, "read"):
		return None
	hidden = get_hidden_fields(CLIENT_STAY)
	if "client" in hidden:
		return None
	rows = frappe.get_list(
		CLIENT_STAY,
		filters={"client": client},
		fields=[field for field in STAY_FIELDS if field not in hidden],
		order_by="admission_date desc, creation desc, name desc",
		limit=MAX_STAYS,
	)
	return [_build_stay(row) for row in rows]


def _build_stay(row: Any) -> StayEntry:
	admitted, expected, discharged, absent = (to_iso(row.get(name)) for name in STAY_DATES)
	return {
		"name": row.name,
		"status": row.get("status"),
		"facility": row.get("facility"),
		"level_of_care": row.get("level_of_care"),
		"program": row.get("program"),
		"mr_number": row.get("mr_number"),
		"admission_date": admitted,
		"expected_discharge_date": expected,
		"discharge_date": discharged,
		"absent_since": absent,
		"days": _count_days(row),
		"next_level_of_care": row.get("next_level_of_care"),
		"discharge_type": row.get("discharge_type"),
		"bed": ", ".join(filter(None, (row.get("building_name"), row.get("room_name"), row.get("bed_name"))))
		or None,
	}


def _count_days(row: Any) -> int | None:
	"""Return the days of a stay so far. None before its admission, and for an ended one without a date of discharge."""
	admitted, discharged = row.get("admission_date"), row.get("discharge_date")
	end = discharged or (clock.get_today() if row.get("status") == "Active" else None)
	return (end - admitted).days if admitted and end and end >= admitted else None


def _find_current(stays: list[StayEntry]) -> StayEntry | None:
	"""Return the stay that the client's state comes from, as the sync chooses it: one in care, else the latest listed one."""
	listed = [stay for stay in stays if stay["status"] not in ("Absent", "Deleted")] or stays
	return next((stay for stay in listed if stay["status"] == "Active"), listed[0] if listed else None)


def _list_creatable() -> dict[Section, str]:
	"""Return by section the DocType that the caller may create a record of."""
	creatable: dict[Section, str] = {}
	for linked in LINKED_DOCTYPES:
		if linked.section in creatable or get_meta_or_none(linked.doctype) is None:
			continue
		if frappe.has_permission(linked.doctype, "create"):
			creatable[linked.section] = linked.doctype
	return creatable
