from frappe.model.document import Document


class CalendarFeed(Document):
	"""A user's calendar feed: the hash of the token in its address."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		renewed_on: DF.Datetime | None
		token_hash: DF.Data | None
		user: DF.Link

	# end: auto-generated types
