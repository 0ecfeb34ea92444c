"""The state of a ticket's service level agreement, read from the fields that the SLA engine of its own app
keeps (for an Issue corrected by due_times.py). These fields take working hours, holidays, pauses and
priorities into account; nothing is computed again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import frappe
from frappe.model.document import Document
from frappe.utils import cint, get_datetime

from orchestrator import clock
from orchestrator.configuration import get_settings
from orchestrator.doctypes import ISSUE
from orchestrator.helpdesk.shapes import SlaStatus
from orchestrator.period import to_iso

ON_TRACK, AT_RISK, BREACHED, PAUSED, MET, NONE = "on_track", "at_risk", "breached", "paused", "met", "none"
# ERPNext renamed its fields within version 15; Helpdesk's have the older names.
RESOLUTION_BY = ("sla_resolution_by", "resolution_by")
RESOLVED_ON = ("sla_resolution_date", "resolution_date")
FINISHED_STATUSES = frozenset({"Resolved", "Closed"})


@dataclass(frozen=True)
class Target:
	"""A target of an agreement. `finished`: the ticket is done, though the time was not recorded."""

	due: datetime | None
	done: datetime | None
	held_since: datetime | None = None
	finished: bool = False


class Agreement(NamedTuple):
	"""A service level agreement. `promises_resolution` is False if it only covers the first response."""

	name: str
	promises_resolution: bool


def compute_status(target: Target, now: datetime, at_risk_seconds: int) -> str:
	"""Return the target's status at `now`."""
	if target.done:
		return NONE if not target.due else MET if target.done <= target.due else BREACHED
	if target.finished:
		return NONE
	if target.held_since:
		return BREACHED if target.due and target.due < target.held_since else PAUSED
	if not target.due:
		return NONE
	seconds_left = (target.due - now).total_seconds()
	return BREACHED if seconds_left < 0 else AT_RISK if seconds_left <= at_risk_seconds else ON_TRACK


def compute_seconds_left(target: Target, now: datetime) -> int | None:
	"""Return the seconds until the target is due, None if its clock does not run."""
	if target.done or target.held_since or target.finished or not target.due:
		return None
	return int((target.due - now).total_seconds())


def build_sla_status(doc: Document) -> SlaStatus:
	"""Return the ticket's state now. `tickets.get_ticket` has checked that the caller may read it."""
	agreement = _get_agreement(doc)
	now = clock.get_now()
	response, resolution = build_targets(doc, agreement) if agreement else (Target(None, None),) * 2
	at_risk = get_at_risk_seconds()
	return SlaStatus(
		issue=str(doc.name),
		doctype=doc.doctype,
		sla=agreement.name if agreement else None,
		first_response_due=to_iso(response.due),
		resolution_due=to_iso(resolution.due),
		first_response_met=compute_status(response, now, at_risk) == MET,
		resolution_status=compute_status(resolution, now, at_risk),
		first_response_status=compute_status(response, now, at_risk),
		first_responded_on=to_iso(_get_first_moment(doc, "first_responded_on")),
		resolved_on=to_iso(resolution.done),
		on_hold_since=to_iso(_get_first_moment(doc, "on_hold_since")),
		first_response_seconds_left=compute_seconds_left(response, now),
		resolution_seconds_left=compute_seconds_left(resolution, now),
		checked_at=to_iso(now),
	)


def build_targets(doc: Document, agreement: Agreement) -> tuple[Target, Target]:
	"""Return the targets of first response and resolution.

	While a ticket is on hold, its resolution has no due time unless that has passed: the SLA engine sets it
	again later.
	"""
	held_since = _get_first_moment(doc, "on_hold_since")
	# A list action of Desk closes issues without the SLA engine, so that there is no resolution time.
	finished = doc.status in FINISHED_STATUSES
	due = _get_first_moment(doc, *RESOLUTION_BY) if agreement.promises_resolution else None
	if held_since and due and due >= held_since:
		due = None
	return (
		Target(
			_get_first_moment(doc, "response_by"),
			_get_first_moment(doc, "first_responded_on"),
			held_since,
			finished,
		),
		Target(
			due,
			_get_first_moment(doc, *RESOLVED_ON),
			held_since if agreement.promises_resolution else None,
			finished,
		),
	)


def _get_agreement(doc: Document) -> Agreement | None:
	"""Return the ticket's agreement, with the name that users gave it: ERPNext generates names of its
	documents.
	"""
	doctype, title, name = (
		("Service Level Agreement", "service_level", doc.get("service_level_agreement"))
		if doc.doctype == ISSUE
		else ("HD Service Level Agreement", "name", doc.sla)
	)
	row = frappe.db.get_value(doctype, name, [title, "apply_sla_for_resolution"]) if name else None
	return Agreement(row[0], bool(cint(row[1]))) if row else None


def get_at_risk_seconds() -> int:
	"""Return the time before its due time from which a target is at risk, from Orchestrator Settings."""
	return cint(get_settings().sla_at_risk_minutes) * 60


def _get_first_moment(doc: Document, *fieldnames: str) -> datetime | None:
	"""Return the value of the first of these fields that the DocType has."""
	fieldname = next(name for name in fieldnames if doc.meta.has_field(name))
	value = doc.get(fieldname)
	return get_datetime(value) if value else None
