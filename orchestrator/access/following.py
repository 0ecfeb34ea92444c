"""Followers of a record: only users who may read it. Frappe mails its changes and comments to followers."""

from typing import TYPE_CHECKING

import frappe

from orchestrator.access.linked_records import can_read
from orchestrator.access.switch import is_guarded

if TYPE_CHECKING:
	from frappe.model.document import Document


def after_insert(follow: "Document", _method: str | None = None) -> None:
	"""Handle the hook after_insert of Document Follow: delete it if the follower may not read the record.

	Frappe makes users follow the records that they create or are assigned to. A refusal would refuse that as
	well.
	"""
	if is_guarded() and not can_read(follow.ref_doctype, follow.ref_docname, follow.user):
		frappe.db.delete(follow.doctype, {"name": follow.name})
