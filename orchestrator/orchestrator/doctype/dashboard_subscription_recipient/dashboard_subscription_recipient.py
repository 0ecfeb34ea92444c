from frappe.model.document import Document


class DashboardSubscriptionRecipient(Document):
	"""A user who receives a dashboard by mail."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		last_sent_at: DF.Datetime | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		skipped_because: DF.Data | None
		unsubscribed: DF.Check
		user: DF.Link

	# end: auto-generated types
