"""Links of other records to clients."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.access.linked_records import can_read
from orchestrator.doctypes import CLIENT
from orchestrator.exceptions import refuse
from orchestrator.sync.clients.linked_doctypes import LINK_FIELD

if TYPE_CHECKING:
	from frappe.model.document import Document


def validate(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook validate of the DocTypes with the field `client`: users link clients that they may read.

	The refusal is that of a client that does not exist.
	"""
	client = doc.get(LINK_FIELD)
	before = doc.get_doc_before_save()
	if not client or doc.flags.ignore_permissions or (before and before.get(LINK_FIELD) == client):
		return
	if not can_read(CLIENT, client):
		refuse(_("Could not find {0}").format(f"{_('Client')}: {client}"), frappe.LinkValidationError)
