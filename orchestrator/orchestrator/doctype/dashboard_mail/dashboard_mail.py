from frappe.model.document import Document


class DashboardMail(Document):
	"""The mail of a subscription to one recipient at one time: queued, or why not."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		due_at: DF.Datetime
		reason: DF.Data | None
		status: DF.Literal["Queued", "Skipped", "Failed"]
		subscription: DF.Data
		user: DF.Link

	# end: auto-generated types
