"""Write the records of escalations, a batch at a time: the escalation, the assignment, a comment in the
timeline, notifications. The rows are equal to those that documents of Frappe and Helpdesk would write.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import frappe
from frappe import _
from frappe.model.dynamic_links import invalidate_distinct_link_doctypes
from frappe.utils import format_datetime

from orchestrator import clock
from orchestrator.assignment import FIELD
from orchestrator.compat import AS_TEXT
from orchestrator.doctypes import HD_TICKET, TICKET_ESCALATION
from orchestrator.helpdesk.overdue import OverdueTicket, Stage
from orchestrator.rows import insert_rows

ACTOR = "Administrator"


class EscalatedTicket(NamedTuple):
	"""A ticket, and the user to be assigned because of its escalation."""

	ticket: OverdueTicket
	assignee: str | None

	@property
	def concerned_users(self) -> list[str]:
		"""Return the users who work on the ticket after the escalation."""
		return list(dict.fromkeys([*self.ticket.assignees, *([self.assignee] if self.assignee else [])]))


def insert_escalations(doctype: str, stage: Stage, batch: list[EscalatedTicket]) -> list[EscalatedTicket]:
	"""Store the escalations. Return those that did not exist yet."""
	names = {frappe.generate_hash(length=10): item for item in batch}
	_insert_rows(
		TICKET_ESCALATION,
		(
			{
				"name": name,
				"reference_doctype": doctype,
				"reference_name": item.ticket.name,
				"stage": stage.name,
				"due": item.ticket.due,
				"escalated_to": item.assignee,
			}
			for name, item in names.items()
		),
		ignore_duplicates=True,
	)
	stored = frappe.get_all(TICKET_ESCALATION, {"name": ("in", list(names))}, pluck="name", limit=0)
	return [names[name] for name in stored]


def apply_escalations(doctype: str, stage: Stage, batch: list[EscalatedTicket]) -> set[str]:
	"""Assign, add timeline entries and notify. Return the notified users."""
	_create_assignments(doctype, [item for item in batch if item.assignee])
	_create_timeline_entries(doctype, stage, batch)
	recipients = _filter_notifiable({user for item in batch for user in item.concerned_users})
	_create_notifications(doctype, stage, batch, recipients)
	return recipients


def _create_assignments(doctype: str, batch: list[EscalatedTicket]) -> None:
	"""Insert an open ToDo for each ticket, and set the ticket's `_assign`, and `assigned_to` if it is empty."""
	if batch:
		_update_assignees(doctype, batch, _insert_todos(doctype, batch))


def _insert_todos(doctype: str, batch: list[EscalatedTicket]) -> list[str]:
	"""Insert an open ToDo for each ticket. Return their names."""
	todos = {frappe.generate_hash(length=10): item for item in batch}
	_insert_rows(
		"ToDo",
		(
			{
				"name": name,
				"allocated_to": item.assignee,
				"assigned_by": ACTOR,
				"reference_type": doctype,
				"reference_name": item.ticket.name,
				"description": _("Assignment for {0} {1}").format(doctype, item.ticket.name),
				"status": "Open",
				"priority": "High",
				"date": clock.get_today(),
			}
			for name, item in todos.items()
		),
	)
	return list(todos)


def _update_assignees(doctype: str, batch: list[EscalatedTicket], todos: list[str]) -> None:
	"""Add the users of these ToDos to `_assign` of their tickets, and to an empty `assigned_to`."""
	field = (
		f", ticket.{FIELD} = COALESCE(NULLIF(ticket.{FIELD}, ''), todo.allocated_to)"
		if frappe.get_meta(doctype).has_field(FIELD)
		else ""
	)
	frappe.db.sql(
		f"""
		UPDATE `tab{doctype}` ticket
		JOIN `tabToDo` todo ON todo.reference_type = %(doctype)s AND todo.name IN %(todos)s
			AND todo.reference_name = {AS_TEXT.format("ticket.name")}
		SET ticket._assign = IF(
				COALESCE(ticket._assign, '') IN ('', '[]'), JSON_ARRAY(todo.allocated_to),
				JSON_ARRAY_APPEND(ticket._assign, '$', todo.allocated_to)
			),
			ticket.modified = %(now)s, ticket.modified_by = %(actor)s {field}
		WHERE ticket.name IN %(tickets)s
		""",  # noqa: S608 (DocType and field are this app's own)
		{
			"doctype": doctype,
			"todos": todos,
			"tickets": [item.ticket.name for item in batch],
			"now": clock.get_now(),
			"actor": ACTOR,
		},
	)


def _create_timeline_entries(doctype: str, stage: Stage, batch: list[EscalatedTicket]) -> None:
	"""Add an entry for each ticket to the timeline, which only the support team sees."""
	if doctype == HD_TICKET:
		_insert_rows(
			"HD Ticket Activity",
			({"ticket": item.ticket.name, "action": _render_line(stage, item)} for item in batch),
		)
		return
	_insert_rows(
		"Comment",
		(
			{
				"comment_type": "Info",
				"comment_email": ACTOR,
				"comment_by": ACTOR,
				"reference_doctype": doctype,
				"reference_name": item.ticket.name,
				"content": _render_line(stage, item),
			}
			for item in batch
		),
	)


def _create_notifications(
	doctype: str, stage: Stage, batch: list[EscalatedTicket], recipients: set[str]
) -> None:
	"""Insert a notification for each recipient: a Notification Log, and on Helpdesk's tickets an HD
	Notification.
	"""
	_insert_rows(
		"Notification Log",
		(
			{
				"for_user": user,
				"from_user": ACTOR,
				"type": "Alert",
				"document_type": doctype,
				"document_name": item.ticket.name,
				"subject": f"{_(doctype)} {item.ticket.name}: {_render_line(stage, item)}",
			}
			for item in batch
			for user in item.concerned_users
			if user in recipients
		),
	)
	if doctype == HD_TICKET:
		_insert_rows(
			"HD Notification",
			(
				{
					"user_from": ACTOR,
					"user_to": item.assignee,
					"notification_type": "Assignment",
					"reference_ticket": item.ticket.name,
				}
				for item in batch
				if item.assignee
			),
		)
	if recipients:
		frappe.db.set_value(
			"Notification Settings", {"name": ("in", list(recipients))}, "seen", 0, update_modified=False
		)


def _filter_notifiable(users: set[str]) -> set[str]:
	"""Return those of the users who work in Desk and have notifications enabled.

	A customer may be assigned as well.
	"""
	if not users:
		return set()
	enabled = frappe.get_all(
		"User", {"name": ("in", list(users)), "enabled": 1, "user_type": "System User"}, pluck="name"
	)
	silent = frappe.get_all(
		"Notification Settings", {"name": ("in", list(users)), "enabled": 0}, pluck="name"
	)
	return set(enabled) - set(silent)


def _render_line(stage: Stage, item: EscalatedTicket) -> str:
	"""Return the event in one sentence, without any text of the ticket."""
	due = format_datetime(item.ticket.due, "yyyy-MM-dd HH:mm")
	texts = {
		"Response Breached": _("The first response was due at {0} and is overdue."),
		"Resolution Breached": _("The resolution was due at {0} and is overdue."),
		"Response At Risk": _("The first response is due at {0}."),
		"Resolution At Risk": _("The resolution is due at {0}."),
	}
	text = texts[stage.name].format(due)
	if not item.assignee:
		return text
	assignment = _("Escalated to {0}.").format(item.assignee)
	return f"{text} {assignment}"


def _insert_rows(doctype: str, values: Iterable[dict[str, Any]], ignore_duplicates: bool = False) -> None:
	"""Insert rows as the ACTOR, and register their dynamic links."""
	values = list(values)
	insert_rows(doctype, values, user=ACTOR, ignore_duplicates=ignore_duplicates)
	_register_dynamic_links(doctype, values)


def _register_dynamic_links(doctype: str, values: list[dict[str, Any]]) -> None:
	"""Register in Frappe's cache the DocTypes that the rows refer to, as each saved document does. Frappe
	caches the list for half a day; references from a DocType that is not in it are not updated when a record
	is renamed or deleted.
	"""
	for field in frappe.get_meta(doctype).get("fields", {"fieldtype": "Dynamic Link"}):
		for linked in {row.get(field.options) for row in values} - {None}:
			invalidate_distinct_link_doctypes(doctype, field.options, linked)
