"""Entries of this app in the timeline of a ticket's form: pauses, and escalations where Desk shows no others."""

from typing import Any

import frappe
from frappe import _
from frappe.utils import escape_html

from orchestrator.doctypes import HD_TICKET, TICKET_ESCALATION, TICKET_PAUSE
from orchestrator.helpdesk.pauses import is_handled_by_caller

Entry = dict[str, Any]
MAX_ENTRIES = 50


def get_entries(doctype: str, name: str) -> list[Entry]:
	"""Handle the hook additional_timeline_content. Frappe has checked that the reader may read the ticket."""
	if not is_handled_by_caller(doctype):
		return []
	filters = {"reference_doctype": doctype, "reference_name": str(name)}
	entries = [entry for row in _list_pauses(filters) for entry in _build_pause_entries(row)]
	if doctype == HD_TICKET:  # an Issue has comments of the escalation job
		entries += [_build_escalation_entry(row) for row in _list_escalations(filters)]
	return entries


def _list_pauses(filters: dict[str, str]) -> list[frappe._dict]:
	return frappe.get_all(
		TICKET_PAUSE,
		filters=filters,
		fields=["started_at", "ended_at", "status", "reason", "note", "owner"],
		order_by="started_at desc",
		limit=MAX_ENTRIES,
	)


def _build_pause_entries(row: frappe._dict) -> list[Entry]:
	text = _("{0} paused the ticket ({1})").format(_get_name(row.owner), escape_html(_(row.status)))
	if row.reason:
		text += f": {escape_html(_(row.reason))}"
	if row.note:
		text += f". {escape_html(row.note)}"
	entries = [_build_entry("calendar", row.started_at, text)]
	if row.ended_at:
		entries.append(_build_entry("calendar", row.ended_at, _("The pause ended")))
	return entries


def _list_escalations(filters: dict[str, str]) -> list[frappe._dict]:
	return frappe.get_all(
		TICKET_ESCALATION,
		filters=filters,
		fields=["creation", "stage", "escalated_to"],
		order_by="creation desc",
		limit=MAX_ENTRIES,
	)


def _build_escalation_entry(row: frappe._dict) -> Entry:
	text = (
		_("Escalated to {0}: {1}").format(_get_name(row.escalated_to), escape_html(_(row.stage)))
		if row.escalated_to
		else _("Escalated: {0}").format(escape_html(_(row.stage)))
	)
	return _build_entry("arrow-up-right", row.creation, text)


def _get_name(user: str) -> str:
	return escape_html(frappe.utils.get_fullname(user))


def _build_entry(icon: str, moment: Any, content: str) -> Entry:
	return {"icon": icon, "creation": str(moment), "content": content, "is_card": False}
