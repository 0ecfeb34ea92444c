"""Links of other records to clients."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.access.disclosures import suspend_recording
from orchestrator.access.linked_records import can_read
from orchestrator.api.records import get_meta_or_none
from orchestrator.doctypes import CLIENT, DOCUMENT, HD_TICKET, ISSUE, LEAD, TASK
from orchestrator.exceptions import refuse
from orchestrator.sync.clients.linked_doctypes import LINK_FIELD

if TYPE_CHECKING:
	from frappe.model.document import Document

DOCTYPES_WITH_LINK = (ISSUE, TASK, LEAD, DOCUMENT, HD_TICKET)


def validate(doc: "Document", _method: str | None = None) -> None:
	"""Handle the hook validate of the DocTypes with the field `client`: users link clients that they may read.

	Users who may not read clients still split tickets and make tasks from them: the link of a record that they may read
	may be repeated. The refusal is that of a client that does not exist.
	"""
	client = doc.get(LINK_FIELD)
	before = doc.get_doc_before_save()
	if not client or doc.flags.ignore_permissions or (before and before.get(LINK_FIELD) == client):
		return
	with suspend_recording():  # nobody gets anything of the client
		is_found = can_read(CLIENT, client) or _is_linked_in_readable_record(client)
	if not is_found:
		label = _(CLIENT)
		refuse(_("Could not find {0}").format(f"{label}: {client}"), frappe.LinkValidationError)


def _is_linked_in_readable_record(client: str) -> bool:
	return any(
		get_meta_or_none(doctype)
		and frappe.has_permission(doctype, "read")
		and frappe.get_list(doctype, filters={LINK_FIELD: client}, pluck="name", limit=1)
		for doctype in DOCTYPES_WITH_LINK
	)
