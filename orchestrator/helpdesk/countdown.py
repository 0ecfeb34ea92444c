"""Countdowns of many tickets at once: the working time that remains until each one's next target.

The statements do not depend on the number of tickets. Due times are those of the service level engines; see
`service_level`. Working time is counted in the agreement's hours, without its holidays, in the site's time zone.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint

from orchestrator import clock
from orchestrator.api.parameters import parse_json
from orchestrator.doctypes import ISSUE, TICKET_ESCALATION
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk import countdown_text, due_times, overdue, pauses
from orchestrator.helpdesk import service_level as levels
from orchestrator.helpdesk.service_level import Agreement, Target
from orchestrator.helpdesk.shapes import CountdownPage, EscalationMark, TicketCountdown
from orchestrator.helpdesk.working_time import MAX_DAYS, WorkingWindows
from orchestrator.period import to_iso

MAX_TICKETS = 500
LOOKAHEAD = timedelta(days=14)  # longer than any weekend: finds when work begins again
RUNNING = frozenset({levels.ON_TRACK, levels.AT_RISK, levels.BREACHED})
FIELDS = (
	"name", "creation", "status", "priority", "response_by", "first_responded_on", "on_hold_since", "total_hold_time",
	"service_level_agreement_creation",
)  # fmt: skip


@dataclass
class PromisedService:
	"""An agreement with its working hours around the times of a page of tickets."""

	document: Document
	windows: WorkingWindows

	@property
	def terms(self) -> Agreement:
		return Agreement(self.document.name, bool(cint(self.document.apply_sla_for_resolution)))


@dataclass
class Page:
	"""What all countdowns of a page share."""

	now: datetime
	at_risk_seconds: int
	services: dict[str, PromisedService] = field(default_factory=dict)
	pauses: dict[str, frappe._dict] = field(default_factory=dict)
	escalations: dict[str, EscalationMark] = field(default_factory=dict)


def parse_names(value: Any) -> list[str]:
	"""Return the names of tickets. 400 if it is no list of names, or too long."""
	names = parse_json("names", value) if isinstance(value, str) and value.startswith("[") else value
	names = [names] if isinstance(names, str) else names
	if not isinstance(names, list) or not all(type(name) in (str, int) for name in names):
		refuse(_("names must be a list of names of tickets."), InvalidRequestError)
	if len(names) > MAX_TICKETS:
		refuse(_("names takes at most {0} tickets.").format(MAX_TICKETS), InvalidRequestError)
	return list(dict.fromkeys(str(name) for name in names))


def get_page(doctype: str, names: list[str]) -> CountdownPage:
	"""Return the countdowns of those of the tickets that the caller may read, in the order of `names`."""
	docs = {str(doc.name): doc for doc in _load_tickets(doctype, names)}
	page = _build_page(doctype, list(docs.values()))
	return CountdownPage(
		countdowns=[_build_countdown(docs[name], page) for name in names if name in docs],
		checked_at=to_iso(page.now),
	)


def _load_tickets(doctype: str, names: list[str]) -> Iterator[Document]:
	"""Yield documents with the fields of the service level alone, as far as the caller may read the tickets."""
	frappe.has_permission(doctype, "read", throw=True)
	meta = frappe.get_meta(doctype)
	fields = [
		*FIELDS,
		_get_agreement_field(doctype),
		overdue.find_column(doctype, levels.RESOLUTION_BY),
		overdue.find_column(doctype, levels.RESOLVED_ON),
		*(name for name in ("status_category", due_times.PAUSE_CREDIT) if meta.has_field(name)),
	]
	rows = frappe.get_list(
		doctype, filters={"name": ("in", names or [""])}, fields=fields, limit_page_length=MAX_TICKETS
	)
	for row in rows:
		yield frappe.get_doc({"doctype": doctype, **row})


def _get_agreement_field(doctype: str) -> str:
	return "service_level_agreement" if doctype == ISSUE else "sla"


def _build_page(doctype: str, docs: list[Document]) -> Page:
	page = Page(clock.get_now(), levels.get_at_risk_seconds())
	page.services = _load_services(doctype, docs, page.now)
	if docs and pauses.is_handled_by_caller(doctype):
		names = [str(doc.name) for doc in docs]
		page.pauses = pauses.get_current_pauses(doctype, names)
		page.escalations = _get_escalations(doctype, names)
	return page


def _load_services(doctype: str, docs: list[Document], now: datetime) -> dict[str, PromisedService]:
	"""Return the agreements of the tickets, each with its working hours from the earliest to the latest time."""
	table = "Service Level Agreement" if doctype == ISSUE else "HD Service Level Agreement"
	by_agreement: dict[str, list[Document]] = {}
	for doc in docs:
		if name := doc.get(_get_agreement_field(doctype)):
			by_agreement.setdefault(name, []).append(doc)
	services = {}
	for name, members in by_agreement.items():
		if not frappe.db.exists(table, name, cache=True):
			continue
		document = frappe.get_cached_doc(table, name)
		moments = [now, now + LOOKAHEAD, *(moment for doc in members for moment in _list_moments(doc))]
		# The first day is counted back from now: due times far in the future are cut off, not the present.
		first = max(min(moments), now - timedelta(days=MAX_DAYS // 2)).date()
		windows = WorkingWindows(due_times.get_calendar(document), first, max(moments).date())
		services[name] = PromisedService(document, windows)
	return services


def _list_moments(doc: Document) -> Iterator[datetime]:
	"""Yield the times between which working time is counted."""
	yield due_times.get_start(doc)
	for name in ("response_by", "on_hold_since", *levels.RESOLUTION_BY):
		if doc.get(name):
			yield frappe.utils.get_datetime(doc.get(name))


def _get_escalations(doctype: str, names: list[str]) -> dict[str, EscalationMark]:
	"""Return the latest escalation of each ticket."""
	# get_all: the caller may read the tickets, and works on them
	rows = frappe.get_all(
		TICKET_ESCALATION,
		{"reference_doctype": doctype, "reference_name": ("in", names)},
		["reference_name", "stage", "escalated_to", "creation"],
		order_by="creation, name",
		limit=0,
	)
	marks: dict[str, EscalationMark] = {}
	for row in rows:
		earlier = marks.get(row.reference_name)
		marks[row.reference_name] = EscalationMark(
			stage=row.stage,
			escalated_to=row.escalated_to or (earlier["escalated_to"] if earlier else None),
			escalated_at=to_iso(row.creation),
			count=(earlier["count"] if earlier else 0) + 1,
		)
	return marks


# One ticket


def _build_countdown(doc: Document, page: Page) -> TicketCountdown:
	service = page.services.get(doc.get(_get_agreement_field(doc.doctype)) or "")
	response, resolution = levels.build_targets(doc, service.terms) if service else (Target(None, None),) * 2
	response_status, resolution_status = (
		levels.compute_status(target, page.now, page.at_risk_seconds) for target in (response, resolution)
	)
	is_response = _is_response_next(response, response_status, resolution_status)
	target, status = (response, response_status) if is_response else (resolution, resolution_status)
	pause = page.pauses.get(str(doc.name)) if pauses.is_paused(doc) else None
	since = pauses.get_paused_since(doc, pause) if pauses.is_paused(doc) else None
	seconds = _count_seconds_left(doc, target, page, service, since) if status != levels.NONE else None
	is_running = service is not None and since is None and seconds is not None
	return TicketCountdown(
		issue=str(doc.name),
		doctype=doc.doctype,
		target=None if status == levels.NONE else "first_response" if is_response else "resolution",
		status=levels.PAUSED if pauses.is_paused(doc) and status == levels.NONE else status,
		due=to_iso(target.due),
		working_seconds_left=seconds,
		is_counting=bool(is_running and service and service.windows.is_open(page.now)),
		changes_in_seconds=_find_next_change(target, page, service) if is_running and service else None,
		paused_since=to_iso(since),
		pause_reason=(pause.reason or None) if pause else None,
		pause_note=pause.note if pause else None,
		escalation=page.escalations.get(str(doc.name)),
		text=_describe(doc, status, seconds, since, pause, is_response),
	)


def _is_response_next(response: Target, response_status: str, resolution_status: str) -> bool:
	"""Return True if the first response is the ticket's next target, or the only one."""
	is_pending = not response.done and response_status in RUNNING
	return is_pending or (resolution_status == levels.NONE and response_status != levels.NONE)


def _count_seconds_left(
	doc: Document, target: Target, page: Page, service: PromisedService | None, since: datetime | None
) -> int | None:
	"""Return the working time until the target is due, counted until the pause where there is one."""
	if service is None or target.done or target.finished:
		return None
	if target.due:
		return int(service.windows.count(since or page.now, target.due))
	if since is None:
		return None
	_response, resolution = due_times.get_durations(service.document, doc.priority)
	credit = doc.get(due_times.PAUSE_CREDIT if doc.doctype == ISSUE else "total_hold_time") or 0
	return int(resolution + credit - service.windows.count(due_times.get_start(doc), since))


def _find_next_change(target: Target, page: Page, service: PromisedService) -> int | None:
	"""Return the seconds until work begins or ends, or the target's status changes."""
	moments = [service.windows.seconds_to_change(page.now)]
	if target.due:
		left = (target.due - page.now).total_seconds()
		moments += [left, left - page.at_risk_seconds]
	coming = [seconds for seconds in moments if seconds is not None and seconds > 0]
	return math.ceil(min(coming)) if coming else None


def _describe(
	doc: Document,
	status: str,
	seconds: int | None,
	since: datetime | None,
	pause: frappe._dict | None,
	is_response: bool,
) -> str:
	is_overdue = status == levels.BREACHED
	if pauses.is_paused(doc):
		text = countdown_text.describe_pause(since, pause.reason if pause else None)
		if is_overdue and seconds is not None:
			late = countdown_text.describe_running(seconds, is_response=is_response, is_overdue=True)
			return f"{late}. {text}"
		return text
	if seconds is not None and status in RUNNING:
		return countdown_text.describe_running(seconds, is_response=is_response, is_overdue=is_overdue)
	return countdown_text.describe_result(status, is_response=is_response)
