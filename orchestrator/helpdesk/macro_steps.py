"""The steps of a macro for one ticket: planned, checked, and carried out in a fixed order.

The reply comes last, because a site may send mail at once: everything that may be refused has happened by then.
"""

from dataclasses import dataclass, field

import frappe
from frappe import _
from frappe.desk.doctype.tag.tag import DocTags
from frappe.model.document import Document

from orchestrator.assignment import FIELD as ASSIGNEE
from orchestrator.exceptions import InvalidAssigneeError, refuse
from orchestrator.helpdesk import (
	mail,
	message_text,
	pauses,
	placeholders,
	replies,
	ticket_fields,
	ticket_macro_rules,
)
from orchestrator.helpdesk.shapes import MacroChange
from orchestrator.helpdesk.tickets import Ticket


@dataclass
class Plan:
	"""What a macro does to one ticket. `values` holds the fields that it changes."""

	reply: str | None
	note: str | None
	values: dict[str, str]
	pause_reason: str | None
	assign_to: str | None
	tags: list[str] = field(default_factory=list)


def list_steps(macro: Document) -> list[str]:
	"""Return the steps of a macro in words, in their order."""
	tags = ticket_macro_rules.split_tags(macro.tags)
	assignee = _("you") if macro.assign_to_me else macro.assign_to
	steps = (
		(macro.tags, _("Add tags: {0}").format(", ".join(tags))),
		(macro.status, _("Set status to {0}").format(_(macro.status or ""))),
		(macro.priority, _("Set priority to {0}").format(_(macro.priority or ""))),
		(assignee, _("Assign to {0}").format(assignee)),
		(macro.note, _("Add an internal note")),
		(macro.reply, _("Reply to the customer")),
	)
	return [text for is_present, text in steps if is_present]


def build_plan(macro: Document, doc: Document) -> Plan:
	"""Return what the macro does to the ticket, with its placeholders filled."""
	values = placeholders.get_values(doc)
	changes = {name: macro.get(name) for name in ("status", "priority") if macro.get(name)}
	assignee = frappe.session.user if macro.assign_to_me else macro.assign_to
	return Plan(
		reply=_render(macro.reply, values),
		note=_render(macro.note, values),
		values={name: value for name, value in changes.items() if doc.get(name) != value},
		pause_reason=macro.pause_reason or None,
		assign_to=assignee or None,
		tags=ticket_macro_rules.split_tags(macro.tags),
	)


def _render(text: str | None, values: dict[str, str]) -> str | None:
	"""Return a message as safe HTML, None if the macro has none."""
	if not text:
		return None
	return message_text.render_message(placeholders.fill(text, values), message_text.HTML)


def describe_changes(doc: Document, plan: Plan) -> list[MacroChange]:
	"""Return the fields that change, with their values before and after."""
	return [
		MacroChange(field=name, label=_(doc.meta.get_label(name)), before=doc.get(name), after=value)
		for name, value in plan.values.items()
	]


def check_plan(ticket: Ticket, plan: Plan) -> None:
	"""Refuse what the caller may not do to the ticket, or what the ticket cannot be."""
	doc = ticket.doc
	if not ticket.is_staff:
		refuse(_("Only the support team may use macros."), frappe.PermissionError)
	if plan.values or plan.assign_to or plan.tags:
		doc.check_permission("write")
	if plan.reply and ticket.is_issue:
		doc.check_permission("email")
	_check_values(doc, plan)
	if plan.assign_to:
		_check_assignee(doc, plan.assign_to)


def _check_values(doc: Document, plan: Plan) -> None:
	status, priority = plan.values.get("status"), plan.values.get("priority")
	if status and status not in ticket_fields.list_statuses(doc.doctype):
		refuse(_("{0} is not a status of this ticket.").format(status), frappe.ValidationError)
	if priority and not ticket_fields.has_priority(doc.doctype, priority):
		refuse(_("{0} is not a priority of this ticket.").format(priority), frappe.ValidationError)


def _check_assignee(doc: Document, user: str) -> None:
	is_enabled = frappe.db.get_value("User", user, "enabled")
	if not is_enabled or not doc.has_permission("read", user=user):
		refuse(
			_("{0} cannot be assigned: they are disabled or may not read this ticket.").format(user),
			InvalidAssigneeError,
		)


def carry_out(ticket: Ticket, plan: Plan) -> bool:
	"""Carry out a plan that was checked. Return True if a mail was queued."""
	doc = ticket.doc
	for tag in plan.tags:
		DocTags(doc.doctype).add(str(doc.name), tag)
	_save_changes(doc, plan)
	if plan.note:
		replies.add_note(ticket, plan.note, [])
	if not plan.reply:
		return False
	reply = replies.add_reply(ticket, plan.reply, [])
	_restore_status(doc, plan)
	return bool(reply["mail_queued"]) and mail.is_queued(reply["comment"])


def _save_changes(doc: Document, plan: Plan) -> None:
	"""Save the changed fields at once, so that hooks and the service level see one change."""
	changes = dict(plan.values)
	if plan.assign_to and doc.get(ASSIGNEE) != plan.assign_to:
		changes[ASSIGNEE] = plan.assign_to
	if not changes:
		return
	doc.reload()  # the tags have been written into its row
	doc.update(changes)
	if plan.pause_reason and pauses.is_handled_by_caller(doc.doctype):
		doc.update({pauses.REASON: plan.pause_reason})
	doc.save()


def _restore_status(doc: Document, plan: Plan) -> None:
	"""Set the status of the macro again if the reply has changed it: Helpdesk sets Replied."""
	status = plan.values.get("status")
	if not status:
		return
	doc.reload()
	if doc.status != status:
		doc.update({"status": status, pauses.REASON: plan.pause_reason})
		doc.save()
