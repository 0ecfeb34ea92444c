"""Pauses of tickets: since when a ticket is on hold or answered, and why.

A pause is recorded with the save that begins it. Desk's form sends the reason with the ticket, as the attributes
`pause_reason` and `pause_note`, which are no fields: a customer may read the fields of a ticket, but not this.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from orchestrator import clock
from orchestrator.doctypes import HD_TICKET, ISSUE, TICKET_PAUSE
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.helpdesk import tickets
from orchestrator.helpdesk.service_level import FINISHED_STATUSES
from orchestrator.helpdesk.shapes import TicketPauseState
from orchestrator.helpdesk.tickets import Ticket
from orchestrator.period import to_iso

REASON, NOTE = "pause_reason", "pause_note"  # attributes of a ticket that is saved
WAITING_FOR_CUSTOMER = "Waiting for Customer"
REASONS = (
	WAITING_FOR_CUSTOMER,
	"Waiting for Third Party",
	"Waiting for Colleague",
	"Scheduled for Later",
	"Other",
)
REPLIED, ON_HOLD = "Replied", "On Hold"
PAUSING_STATUSES = frozenset({REPLIED, ON_HOLD})  # of an Issue, besides those of its agreement
MAX_NOTE_LENGTH = 1000


def is_finished(doc: Document) -> bool:
	"""Return True for a ticket that is resolved or closed."""
	return doc.status in FINISHED_STATUSES or doc.get("status_category") == "Resolved"


def is_paused(doc: Document) -> bool:
	"""Return True for a ticket that waits for somebody."""
	if is_finished(doc):
		return False
	if doc.doctype == HD_TICKET:
		return doc.get("status_category") == "Paused"
	return bool(doc.get("on_hold_since")) or doc.status in PAUSING_STATUSES


# Hooks of the ticket


def on_update(doc: Document, _method: str | None = None) -> None:
	"""Handle the hook on_update of Issue and HD Ticket: record the beginning and the end of a pause."""
	before = doc.get_doc_before_save()
	was_paused, paused = bool(before and is_paused(before)), is_paused(doc)
	is_same = was_paused and paused and before.status == doc.status
	if was_paused and not is_same:
		_end_pauses(doc)
	if paused and not is_same:
		_begin_pause(doc)


def delete_pauses(doc: Document, _method: str | None = None) -> None:
	"""Handle the hook on_trash: a new ticket may get the name of a deleted one."""
	frappe.db.delete(TICKET_PAUSE, _build_filters(doc))


def _begin_pause(doc: Document) -> None:
	"""Insert the pause with the reason that the form sent. An answered ticket waits for its customer."""
	reason, note = _get_sent_reason(doc)
	_end_pauses(doc)  # of a pause that ended without a save
	pause = frappe.new_doc(TICKET_PAUSE)
	pause.update(
		{
			**_build_filters(doc),
			"status": doc.status,
			"started_at": clock.get_now_to_second(),
			"reason": reason or (WAITING_FOR_CUSTOMER if doc.status == REPLIED else None),
			"note": note,
		}
	)
	pause.insert(ignore_permissions=True)  # whoever may save the ticket


def _end_pauses(doc: Document) -> None:
	pause = frappe.qb.DocType(TICKET_PAUSE)
	# isnull: "is not set" also compares with empty text, which an update of MariaDB refuses for times
	(
		frappe.qb.update(pause)
		.set(pause.ended_at, clock.get_now_to_second())
		.where(pause.reference_doctype == doc.doctype)
		.where(pause.reference_name == str(doc.name))
		.where(pause.ended_at.isnull())
	).run()


def _get_sent_reason(doc: Document) -> tuple[str | None, str | None]:
	"""Return reason and note, none if a customer sent them."""
	reason, note = doc.get(REASON), doc.get(NOTE)
	if not (reason or note) or not is_handled_by_caller(doc.doctype):
		return None, None
	return parse_reason(reason), parse_note(note)


def _build_filters(doc: Document) -> dict[str, Any]:
	return {"reference_doctype": doc.doctype, "reference_name": str(doc.name)}


# Calls


def is_handled_by_caller(doctype: str) -> bool:
	"""Return True if the caller is support staff for this type of tickets."""
	if doctype == HD_TICKET:
		return tickets.is_agent()
	return not tickets.is_customer() and tickets.has_role_for_issues()


def parse_reason(reason: Any) -> str:
	"""Return the reason. 400 for any that is not one of `REASONS`."""
	if reason not in REASONS:
		refuse(_("reason must be one of: {0}.").format(", ".join(REASONS)), InvalidRequestError)
	return str(reason)


def parse_note(note: Any) -> str | None:
	"""Return the note. 400 for a note that is too long."""
	if note and (not isinstance(note, str) or len(note) > MAX_NOTE_LENGTH):
		refuse(_("note takes at most {0} characters.").format(MAX_NOTE_LENGTH), InvalidRequestError)
	return (note or "").strip() or None


def pause_ticket(ticket: Ticket, reason: str, note: str | None, status: str | None) -> TicketPauseState:
	"""Put the ticket on hold, or change the reason of the pause that it is in."""
	doc = ticket.doc
	reason, note = parse_reason(reason), parse_note(note)
	if not ticket.is_staff:
		refuse(_("Only the support team may pause tickets."), frappe.PermissionError)
	doc.check_permission("write")
	if is_finished(doc):
		refuse(
			_("{0} {1} is {2}. Reopen it before you pause it.").format(
				_(doc.doctype), doc.name, _(doc.status)
			),
			ConflictError,
		)
	target = status or (doc.status if is_paused(doc) else _get_default_status(doc))
	_check_status(doc, target)
	if target == doc.status:
		_change_reason(doc, reason, note)
	else:
		doc.update({"status": target, REASON: reason, NOTE: note})
		doc.save()
	return serialize_pause(doc)


def _change_reason(doc: Document, reason: str, note: str | None) -> None:
	pause = get_current_pauses(doc.doctype, [str(doc.name)]).get(str(doc.name))
	if pause:
		frappe.db.set_value(TICKET_PAUSE, pause.name, {"reason": reason, "note": note})
		return
	doc.update({REASON: reason, NOTE: note})
	_begin_pause(doc)


def list_statuses(doctype: str) -> list[str]:
	"""Return the statuses that pause a ticket."""
	if doctype == ISSUE:
		options = frappe.get_meta(ISSUE).get_field("status").options.splitlines()
		return [option for option in options if option in PAUSING_STATUSES]
	# get_all: names of statuses, which every agent sees
	return frappe.get_all("HD Ticket Status", {"category": "Paused", "enabled": 1}, pluck="name", limit=0)


def _get_default_status(doc: Document) -> str:
	known = list_statuses(doc.doctype)
	if not known:
		refuse(_("This site has no status that pauses a ticket. Enable one."), frappe.ValidationError)
	return ON_HOLD if ON_HOLD in known else known[0]


def _check_status(doc: Document, status: str) -> None:
	known = list_statuses(doc.doctype)
	if status not in known:
		refuse(_("status must be one of: {0}.").format(", ".join(known)), InvalidRequestError)


def get_current_pauses(doctype: str, names: Iterable[str]) -> dict[str, frappe._dict]:
	"""Return the latest open pause of each ticket. The caller of this function has checked the tickets."""
	rows = frappe.get_all(
		TICKET_PAUSE,
		{"reference_doctype": doctype, "reference_name": ("in", list(names)), "ended_at": ("is", "not set")},
		["name", "reference_name", "started_at", "reason", "note"],
		order_by="started_at, creation",
		limit=0,
	)
	return {row.reference_name: row for row in rows}


def get_paused_since(doc: Document, pause: frappe._dict | None) -> datetime | None:
	"""Return the time at which the present pause began, as the service level counts it."""
	moment = doc.get("on_hold_since") or (pause and pause.started_at)
	return get_datetime(moment) if moment else None


def serialize_pause(doc: Document) -> TicketPauseState:
	"""Return the ticket's present pause for the reply."""
	pause = get_current_pauses(doc.doctype, [str(doc.name)]).get(str(doc.name))
	return TicketPauseState(
		issue=str(doc.name),
		doctype=doc.doctype,
		status=doc.status,
		paused_since=to_iso(get_paused_since(doc, pause)),
		reason=pause.reason if pause else None,
		note=pause.note if pause else None,
	)
