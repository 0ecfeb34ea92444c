from frappe.model.document import Document

from orchestrator.api.changes import feeds


class ChangeFeed(Document):
	"""A user's feed of the changes of a DocType: how far it is, and how it was compared last."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		api_key: DF.Data | None
		checked_until: DF.Datetime | None
		condition_hash: DF.Data | None
		is_complete: DF.Check
		next_comparison_at: DF.Datetime | None
		oldest_position: DF.Int
		position: DF.Int
		reference_doctype: DF.Link | None
		scanned_until: DF.Data | None
		used_at: DF.Datetime | None
		user: DF.Link | None

	# end: auto-generated types


def on_doctype_update() -> None:
	feeds.create_feed_indexes()
