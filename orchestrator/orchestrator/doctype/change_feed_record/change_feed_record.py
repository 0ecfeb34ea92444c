from frappe.model.document import Document

from orchestrator.api.changes import feeds


class ChangeFeedRecord(Document):
	"""A record in a change feed. Private: nobody has a right to read it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		docname: DF.Data | None
		feed: DF.Data | None
		first_position: DF.Int
		position: DF.Int
		previous_name: DF.Data | None
		record_modified: DF.Datetime | None
		removed_at: DF.Datetime | None
		since: DF.Int
		status: DF.Data | None

	# end: auto-generated types


def on_doctype_update() -> None:
	feeds.create_record_indexes()
