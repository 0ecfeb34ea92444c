"""Find open tickets that are at risk or breached and not yet escalated for it: one query per DocType and
stage, however many tickets are open.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import frappe

from orchestrator import clock
from orchestrator.apps import is_installed
from orchestrator.compat import AS_TEXT
from orchestrator.doctypes import HD_TICKET, ISSUE
from orchestrator.helpdesk.service_level import (
	FINISHED_STATUSES,
	RESOLUTION_BY,
	RESOLVED_ON,
	get_at_risk_seconds,
)

BATCH_SIZE = 500
NAME = AS_TEXT.format("ticket.name")
# Tickets overdue for longer are not escalated, so that a site with years of old tickets is not flooded.
HISTORY = timedelta(days=7)


class Stage(NamedTuple):
	"""A stage of escalation of a target. A breached target is not escalated as at risk."""

	name: str
	is_resolution: bool
	is_breach: bool


STAGES = (
	Stage("Response Breached", is_resolution=False, is_breach=True),
	Stage("Resolution Breached", is_resolution=True, is_breach=True),
	Stage("Response At Risk", is_resolution=False, is_breach=False),
	Stage("Resolution At Risk", is_resolution=True, is_breach=False),
)


class OverdueTicket(NamedTuple):
	"""A ticket, the due time of its target, and its assignees."""

	name: str
	due: datetime
	assignees: list[str]


@dataclass(frozen=True)
class TicketSource:
	"""The columns in which a DocType stores due times. `open_tickets` and `with_resolution` are SQL
	conditions on `ticket`.
	"""

	doctype: str
	resolution_by: str
	resolved_on: str
	open_tickets: str
	with_resolution: str = "TRUE"


def list_sources() -> Iterator[TicketSource]:
	"""Yield the DocTypes of tickets that exist on this site."""
	finished = ", ".join(frappe.db.escape(status) for status in sorted(FINISHED_STATUSES))
	yield TicketSource(
		ISSUE,
		resolution_by=find_column(ISSUE, RESOLUTION_BY),
		resolved_on=find_column(ISSUE, RESOLVED_ON),
		open_tickets=f"COALESCE(ticket.service_level_agreement, '') != '' AND ticket.status NOT IN ({finished})",
	)
	if is_installed("helpdesk"):
		yield TicketSource(
			HD_TICKET,
			resolution_by=find_column(HD_TICKET, RESOLUTION_BY),
			resolved_on=find_column(HD_TICKET, RESOLVED_ON),
			open_tickets="COALESCE(ticket.sla, '') != '' AND COALESCE(ticket.status_category, '') != 'Resolved'",
			with_resolution="ticket.sla IN (SELECT name FROM `tabHD Service Level Agreement`"
			" WHERE apply_sla_for_resolution = 1)",
		)


def find_column(doctype: str, fieldnames: tuple[str, ...]) -> str:
	"""Return the first of these fields that the DocType has."""
	meta = frappe.get_meta(doctype)
	return next(name for name in fieldnames if meta.has_field(name))


def get_next_batch(source: TicketSource, stage: Stage) -> list[OverdueTicket]:
	"""Return tickets that reached the stage and were not escalated for it, at most `BATCH_SIZE`.

	Escalated tickets are left out, so that the next call returns the next ones.
	"""
	due, done = (
		(source.resolution_by, source.resolved_on)
		if stage.is_resolution
		else ("response_by", "first_responded_on")
	)
	now = clock.get_now()
	first, last = (
		(now - HISTORY, now) if stage.is_breach else (now, now + timedelta(seconds=get_at_risk_seconds()))
	)
	rows = frappe.db.sql(
		f"""
		SELECT {NAME} AS name, ticket.{due} AS due, ticket._assign AS assigned
		FROM `tab{source.doctype}` ticket
		WHERE ticket.{due} >= %(first)s AND ticket.{due} < %(last)s AND ticket.{done} IS NULL
			AND ticket.{source.resolved_on} IS NULL AND ticket.on_hold_since IS NULL
			AND {source.open_tickets} AND {source.with_resolution if stage.is_resolution else "TRUE"}
			AND NOT EXISTS (
				SELECT 1 FROM `tabTicket Escalation` escalation
				WHERE escalation.reference_doctype = %(doctype)s
					AND escalation.reference_name = {NAME} AND escalation.stage = %(stage)s
			)
		ORDER BY ticket.{due}, ticket.name LIMIT {BATCH_SIZE}
		""",  # noqa: S608 (columns and conditions are this module's own)
		{"first": first, "last": last, "doctype": source.doctype, "stage": stage.name},
		as_dict=True,
	)
	return [OverdueTicket(row.name, row.due, json.loads(row.assigned or "[]")) for row in rows]
