"""If-Match: a write happens only if its record is still as the caller read it.

The record's row is locked, its ETag computed anew and compared, all in the transaction of the write: of several writers
with the same ETag one succeeds, and the others find the record changed.
"""

from typing import Any, Final, NamedTuple, NoReturn

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.meta import Meta

from orchestrator.api import record_etags
from orchestrator.api.etags import IF_MATCH, Condition, parse_condition
from orchestrator.api.records import get_meta, get_readable, get_writable, raise_not_found
from orchestrator.doctypes import DOCUMENT, LEAVE_APPLICATION, OPPORTUNITY, SPRINT, TASK
from orchestrator.exceptions import InvalidRequestError, PreconditionFailedError, refuse


class RecordParameter(NamedTuple):
	"""The parameter that names the record which a call changes."""

	parameter: str
	# None where the parameter `doctype` has it
	doctype: str | None = None
	permission: str = "write"
	# where the parameter `doctype` may be left out
	default_doctype: str | None = None


class Target(NamedTuple):
	"""The record that a request changes."""

	doctype: str
	name: str | int


# Endpoints that change one record of one DocType, by the name of the function
RECORD_PARAMETERS: Final = {
	"orchestrator.api.generic.set_value": RecordParameter("name"),
	"orchestrator.api.generic.delete": RecordParameter("name", permission="delete"),
	"orchestrator.crm.advance_opportunity": RecordParameter("opportunity", OPPORTUNITY),
	"orchestrator.docs.check_in": RecordParameter("document", DOCUMENT),
	"orchestrator.docs.approve_version": RecordParameter("document", DOCUMENT),
	"orchestrator.docs.check_out": RecordParameter("document", DOCUMENT),
	"orchestrator.docs.create_version": RecordParameter("document", DOCUMENT),
	"orchestrator.docs.move": RecordParameter("document", DOCUMENT),
	"orchestrator.docs.restore_version": RecordParameter("document", DOCUMENT),
	"orchestrator.docs.set_tags": RecordParameter("document", DOCUMENT),
	"orchestrator.gameplan.close_sprint": RecordParameter("sprint", SPRINT),
	"orchestrator.gameplan.move_task": RecordParameter("task", default_doctype=TASK),
	"orchestrator.gameplan.start_sprint": RecordParameter("sprint", SPRINT),
	# whom leave is to be decided by need not have the permission to write it
	"orchestrator.hr.approve_leave": RecordParameter("leave_application", LEAVE_APPLICATION, "read"),
	"orchestrator.hr.cancel_leave": RecordParameter("leave_application", LEAVE_APPLICATION, "read"),
	"orchestrator.hr.reject_leave": RecordParameter("leave_application", LEAVE_APPLICATION, "read"),
}


def check_call(function: str, arguments: dict[str, Any]) -> Target | None:
	"""Check the If-Match of a call under the contract, after its permission and before its work.

	Args:
		function: Dotted name of the endpoint.
		arguments: Its arguments.

	Returns:
		The record that the caller named the state of, locked; None without the header.

	Raises:
		InvalidRequestError: 400. The header is malformed, or this call cannot check it.
		PermissionError: 403, DoesNotExistError: 404. As without the header.
		PreconditionFailedError: 412. The record has changed.
	"""
	condition = parse_condition(IF_MATCH, frappe.request.headers.get(IF_MATCH))
	if condition is None:
		return None
	if function not in RECORD_PARAMETERS:
		refuse_header(IF_MATCH, _("It can be sent with calls that change or delete one record."))
	parameter = RECORD_PARAMETERS[function]
	doctype = parameter.doctype or arguments.get("doctype", parameter.default_doctype)
	target = Target(str(doctype), arguments[parameter.parameter])
	meta = get_meta(target.doctype)
	root = (get_writable if meta.istable else get_readable)(meta, target.name)
	if not meta.istable:
		root.check_permission(parameter.permission)
	check_condition(meta, target.name, root, condition)
	return target


def check_condition(meta: Meta, name: str | int, root: Document, condition: Condition) -> None:
	"""Lock the record and compare its ETag.

	Args:
		meta: The DocType of the record that the ETag is of.
		name: Its name.
		root: The record itself, or the parent of a child row, whose lock every change of the row waits for.
		condition: The ETags that the caller accepts.

	Raises:
		InvalidRequestError: 400. The record is in no table.
		DoesNotExistError: 404. The record was deleted in the meantime.
		PreconditionFailedError: 412. The record has changed.
	"""
	if meta.get("is_virtual") or root.meta.get("is_virtual"):
		refuse_header(IF_MATCH, _("{0} is not stored in the database.").format(_(meta.name)))
	# Whatever this transaction has read so far is older than the lock. A new one reads what is committed by then.
	frappe.db.rollback()
	_lock_row(root)
	state = record_etags.compute_state(meta, name)
	if state is None:
		raise_not_found(meta.name, name)
	if not condition.has_strong_match(lambda value: value.split(".")[0] == state):
		_refuse_changed(meta.name, name, condition)


def refuse_header(header: str, reason: str) -> NoReturn:
	"""400 for a condition that this request cannot check. To ignore it would be to write in spite of it."""
	refuse(
		_("This request does not support {0}. {1} Send the request without it.").format(header, reason),
		InvalidRequestError,
	)


def _lock_row(doc: Document) -> None:
	"""Wait for those who write the record, and let others wait. Reads nothing else: it would be from before the lock."""
	if doc.meta.issingle:
		table = frappe.qb.Table("tabSingles")
		frappe.qb.from_(table).select(table.field).where(table.doctype == doc.doctype).for_update().run()
		return
	table = frappe.qb.DocType(doc.doctype)
	if not frappe.qb.from_(table).select(table.name).where(table.name == doc.name).for_update().run():
		raise_not_found(doc.doctype, doc.name)


def _refuse_changed(doctype: str, name: str | int, condition: Condition) -> NoReturn:
	if condition.has_only_weak():
		text = _(
			"{0} needs a strong ETag, and W/ marks a weak one. A proxy that compressed the reply may have added it: read the record with Accept-Encoding: identity, or remove W/."
		).format(IF_MATCH)
	else:
		text = _("{0} {1} is no longer as you read it. Read it again and repeat the change.").format(
			_(doctype), name
		)
	refuse(text, PreconditionFailedError)
