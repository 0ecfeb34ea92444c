from frappe.model.document import Document

from orchestrator.api.changes import feeds


class ChangeFeedEvent(Document):
	"""A change that a feed has not looked at yet. Private: nobody has a right to read it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		docname: DF.Data | None
		feed: DF.Data | None
		old_name: DF.Data | None

	# end: auto-generated types


def on_doctype_update() -> None:
	feeds.create_event_indexes()
