"""Who follows a record: only those who may read it. Frappe mails followers its changes and comments."""

from typing import TYPE_CHECKING

import frappe

from orchestrator.access.linked_records import can_read
from orchestrator.access.switch import is_guarded

if TYPE_CHECKING:
	from frappe.model.document import Document


def after_insert(follow: "Document", _method: str | None = None) -> None:
	"""Handle the hook after_insert of Document Follow: delete it where the follower may not read the record.

	Frappe makes whoever creates a record or is assigned to it follow it. To refuse would refuse that as well.
	"""
	if is_guarded() and not can_read(follow.ref_doctype, follow.ref_docname, follow.user):
		frappe.db.delete(follow.doctype, {"name": follow.name})
