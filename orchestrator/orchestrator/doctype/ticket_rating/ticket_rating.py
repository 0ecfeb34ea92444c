import frappe
from frappe.model.document import Document

from orchestrator.doctypes import TICKET_RATING


class TicketRating(Document):
	"""An invitation to rate the handling of a ticket, and the customer's answer. See
	orchestrator/helpdesk/ratings.py.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		agent: DF.Link | None
		answered_at: DF.Datetime | None
		comment: DF.SmallText | None
		expires_at: DF.Datetime
		invited_at: DF.Datetime
		reference_doctype: DF.Link
		reference_name: DF.DynamicLink
		score: DF.Int
		team: DF.Data | None

	# end: auto-generated types


def on_doctype_update() -> None:
	frappe.db.add_index(TICKET_RATING, ["reference_doctype", "reference_name"])
