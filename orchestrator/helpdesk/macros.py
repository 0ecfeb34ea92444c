"""Macros: which the caller may use, what one does to a ticket, and its application to tickets.

Each ticket is changed as a whole or not at all. The caller needs the permission for every step, as if they did it
by hand; a macro gives none.
"""

from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.api import errors
from orchestrator.api.call import get_current_call
from orchestrator.api.records import raise_not_found
from orchestrator.api.savepoints import WHOLE_CALL_ERRORS, isolate_in_savepoint
from orchestrator.doctypes import ISSUE, TICKET_MACRO
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk import countdown, macro_steps, mail, pauses, tickets
from orchestrator.helpdesk.shapes import MacroPreview, MacroResult, MacroRun, MacroSummary
from orchestrator.helpdesk.tickets import Ticket

MAX_TICKETS = 50  # each may send a mail


def list_macros(doctype: str) -> list[MacroSummary]:
	"""Return the enabled macros for such tickets that the caller may use, by title.

	Raises PermissionError (403) for callers who are not support staff.
	"""
	check_staff(doctype)
	# get_all: the role of a macro decides, not a permission for the DocType
	names = frappe.get_all(TICKET_MACRO, {"enabled": 1}, pluck="name", order_by="title", limit=0)
	macros = [frappe.get_cached_doc(TICKET_MACRO, name) for name in names]
	return [_serialize_macro(macro) for macro in macros if _is_usable(macro, doctype)]


def check_staff(doctype: str) -> None:
	"""Refuse (403) callers who are not support staff for such tickets."""
	if not pauses.is_handled_by_caller(doctype):
		refuse(_("Only the support team may use macros."), frappe.PermissionError)


def get_macro(name: str, doctype: str) -> Document:
	"""Return a macro that the caller may use for such tickets. 404 for any other, as if it did not exist."""
	check_staff(doctype)
	macro = frappe.get_doc(TICKET_MACRO, name) if frappe.db.exists(TICKET_MACRO, name) else None
	if macro is None or macro.name != name or not _is_usable(macro, doctype):
		raise_not_found(TICKET_MACRO, name)
		raise AssertionError
	return macro


def _is_usable(macro: Document, doctype: str) -> bool:
	is_member = not macro.role or macro.role in frappe.get_roles()
	return bool(macro.enabled and is_member and macro.ticket_type in (None, "", doctype))


def _serialize_macro(macro: Document) -> MacroSummary:
	return MacroSummary(
		name=macro.name,
		description=macro.description or None,
		ticket_type=macro.ticket_type or None,
		team=macro.role or None,
		steps=macro_steps.list_steps(macro),
	)


def resolve_doctype(doctype: str | None, names: list[str]) -> str:
	"""Return the type of the tickets. 400 if their names do not say which of the two is meant."""
	if doctype:
		tickets.check_doctype(doctype)
		return doctype
	numbers = [bool(tickets.TICKET_NUMBER.match(name)) for name in names]
	if any(numbers) and not all(numbers):
		refuse(_("The tickets are of different types. Send those of one type."), InvalidRequestError)
	return tickets.get_ticket(names[0]).doc.doctype if names and all(numbers) else ISSUE


def preview(name: str, ticket: Ticket) -> MacroPreview:
	"""Return what the macro would do to the ticket. Nothing is changed."""
	doc = ticket.doc
	macro = get_macro(name, doc.doctype)
	plan = macro_steps.build_plan(macro, doc)
	recipient = mail.get_customer_address(doc) if plan.reply else None
	return MacroPreview(
		macro=macro.name,
		issue=str(doc.name),
		doctype=doc.doctype,
		reply=plan.reply,
		recipient=recipient,
		cc=mail.get_customer_copies(doc) if plan.reply else [],
		mail_note=mail.explain_if_unsendable(ticket, recipient) if plan.reply else None,
		note=plan.note,
		changes=macro_steps.describe_changes(doc, plan),
		assign_to=plan.assign_to,
		tags=plan.tags,
		refusal=_find_refusal(ticket, plan),
	)


def _find_refusal(ticket: Ticket, plan: macro_steps.Plan) -> str | None:
	messages = frappe.local.message_log
	frappe.local.message_log = []
	try:
		macro_steps.check_plan(ticket, plan)
	except (frappe.ValidationError, frappe.PermissionError) as error:
		return errors.get_error_text(error) or errors.get_default_text(errors.get_status(error))
	finally:
		frappe.local.message_log = messages
	return None


def parse_tickets(value: Any) -> list[str]:
	"""Return the names of the tickets. 400 for none, or more than `MAX_TICKETS`."""
	names = countdown.parse_names(value)
	if not 1 <= len(names) <= MAX_TICKETS:
		refuse(_("issues takes 1 to {0} tickets.").format(MAX_TICKETS), InvalidRequestError)
	return names


def apply(name: str, names: list[str], doctype: str) -> MacroRun:
	"""Apply the macro to each of the tickets.

	Raises PermissionError (403), DoesNotExistError (404) for the macro. Whatever concerns one ticket is in its result.
	"""
	macro = get_macro(name, doctype)
	results = [_apply_to_ticket(macro, ticket, doctype) for ticket in names]
	applied = sum(result["applied"] for result in results)
	return MacroRun(macro=macro.name, applied=applied, failed=len(results) - applied, results=results)


def _apply_to_ticket(macro: Document, name: str, doctype: str) -> MacroResult:
	"""Apply the macro to one ticket within a savepoint."""
	try:
		with isolate_in_savepoint():
			ticket = tickets.get_ticket(name, doctype)
			plan = macro_steps.build_plan(macro, ticket.doc)
			macro_steps.check_plan(ticket, plan)
			mail_queued = macro_steps.carry_out(ticket, plan)
			status = frappe.db.get_value(doctype, ticket.doc.name, "status")
	except WHOLE_CALL_ERRORS:
		raise
	except Exception as error:
		return _build_failure(name, doctype, error)
	return _build_result(name, doctype, applied=True, status=status, mail_queued=mail_queued)


def _build_result(
	name: str,
	doctype: str,
	*,
	applied: bool = False,
	status: str | None = None,
	mail_queued: bool = False,
	failure: errors.ErrorReply | None = None,
) -> MacroResult:
	return MacroResult(
		issue=name,
		doctype=doctype,
		applied=applied,
		status=status,
		mail_queued=mail_queued,
		error=failure.text if failure else None,
		exc_type=failure.type if failure else None,
	)


def _build_failure(name: str, doctype: str, error: Exception) -> MacroResult:
	"""Return the result of a ticket that failed; log an unexpected error."""
	call = get_current_call()
	reference = call.id if call else frappe.generate_hash(length=16)
	if errors.get_status(error) == errors.UNEXPECTED_STATUS:
		errors.create_error_log(error, "macro", reference)
	return _build_result(name, doctype, failure=errors.build_error_reply(error, reference))
