"""Escalate tickets that are at risk or breached: assign them as set in Orchestrator Settings, notify their
assignees and add a comment to the timeline.

The work takes a fixed number of statements per batch of five hundred tickets, and none for other tickets.
Each batch is committed by itself; Ticket Escalation's unique key decides between two concurrent jobs.
"""

from collections import Counter
from typing import TYPE_CHECKING

import frappe

from orchestrator import compat
from orchestrator.api.readable_names import filter_listed_names
from orchestrator.configuration import get_settings
from orchestrator.doctypes import TICKET_ESCALATION
from orchestrator.helpdesk import overdue
from orchestrator.helpdesk.escalation_records import EscalatedTicket, apply_escalations, insert_escalations
from orchestrator.helpdesk.overdue import STAGES, OverdueTicket, Stage, TicketSource

if TYPE_CHECKING:
	from frappe.model.document import Document

# In a large team, only this number of least busy members is considered.
CANDIDATES = 10


def escalate_due_tickets() -> int:
	"""Run as a scheduled job: escalate due tickets. Return the number of escalations."""
	if not get_settings().escalation_enabled:
		return 0
	escalated = 0
	for source in overdue.list_sources():
		team = EscalationTeam(source.doctype)
		for stage in STAGES:
			while batch := overdue.get_next_batch(source, stage):
				escalated += _escalate_batch(source, stage, batch, team)
	return escalated


def _escalate_batch(
	source: TicketSource, stage: Stage, batch: list[OverdueTicket], team: "EscalationTeam"
) -> int:
	"""Escalate one batch and commit it. Return the number of its tickets that no concurrent run had
	escalated.
	"""
	team.load_permissions(batch)
	escalated = insert_escalations(
		source.doctype, stage, [EscalatedTicket(ticket, team.get_assignee(ticket)) for ticket in batch]
	)
	recipients = apply_escalations(source.doctype, stage, escalated) if escalated else set()
	frappe.db.commit()
	for user in recipients:
		frappe.publish_realtime("notification", user=user)
	return len(escalated)


class EscalationTeam:
	"""The users to whom Orchestrator Settings assign escalated tickets, and their number of open tickets."""

	def __init__(self, doctype: str) -> None:
		self.doctype = doctype
		self.load = _count_open_assignments(
			_list_members(get_settings().escalate_to_user, get_settings().escalate_to_role)
		)
		self.visible: dict[str, set[str]] = {}

	def load_permissions(self, batch: list[OverdueTicket]) -> None:
		"""Find which tickets the least busy members may read."""
		meta = frappe.get_meta(self.doctype)
		names: dict[str, str | int] = {ticket.name: ticket.name for ticket in batch}
		users = [user for user, _count in sorted(self.load.items(), key=lambda item: (item[1], item[0]))]
		self.visible = {user: filter_listed_names(meta, names, user) for user in users[:CANDIDATES]}

	def get_assignee(self, ticket: OverdueTicket) -> str | None:
		"""Return the user to assign: the least busy member who may read the ticket, None if a member is
		assigned already.
		"""
		fit = [user for user, names in self.visible.items() if ticket.name in names]
		if not fit or set(self.load).intersection(ticket.assignees):
			return None
		user = min(fit, key=lambda user: (self.load[user], user))
		self.load[user] += 1
		return user


def _list_members(user: str | None, role: str | None) -> list[str]:
	"""Return the enabled users that the settings name."""
	filters = {"enabled": 1, "name": ("not in", frappe.STANDARD_USERS)}
	if user:
		filters["name"] = user
	elif role:
		# get_all: a job has no caller whose permissions count
		having = frappe.get_all("Has Role", {"role": role, "parenttype": "User"}, pluck="parent")
		filters["name"] = ("in", [name for name in having if name not in frappe.STANDARD_USERS])
	return frappe.get_all("User", filters=filters, pluck="name") if user or role else []


def _count_open_assignments(users: list[str]) -> Counter[str]:
	"""Return the number of open assignments of each user."""
	counts = Counter(dict.fromkeys(users, 0))
	rows = (
		compat.get_all(
			"ToDo",
			["allocated_to", "count(name) as records"],
			{"allocated_to": ("in", users), "status": "Open"},
			group_by="allocated_to",
		)
		if users
		else []
	)
	counts.update({row.allocated_to: row.records for row in rows})
	return counts


def delete_escalations(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook on_trash: a new ticket may get the name of a deleted one."""
	_delete_escalations_by_name(doc.doctype, doc.name)


def before_rename(doc: "Document", _method: str | None, old: str, _new: str, merge: bool = False) -> None:
	"""Handle the hook before_rename: a ticket that is merged into another loses its own escalations."""
	if merge:
		_delete_escalations_by_name(doc.doctype, old)


def _delete_escalations_by_name(doctype: str, name: str) -> None:
	"""Delete the escalations of the ticket of that name."""
	frappe.db.delete(TICKET_ESCALATION, {"reference_doctype": doctype, "reference_name": str(name)})
