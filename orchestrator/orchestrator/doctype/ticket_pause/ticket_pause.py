import frappe
from frappe.model.document import Document

from orchestrator.doctypes import TICKET_PAUSE


class TicketPause(Document):
	"""A pause of a ticket, and its reason. It has no permissions for the support team: the note would be
	readable without the ticket. See orchestrator/helpdesk/pauses.py.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		ended_at: DF.Datetime | None
		note: DF.SmallText | None
		reason: DF.Literal[
			"",
			"Waiting for Customer",
			"Waiting for Third Party",
			"Waiting for Colleague",
			"Scheduled for Later",
			"Other",
		]
		reference_doctype: DF.Link
		reference_name: DF.DynamicLink
		started_at: DF.Datetime
		status: DF.Data | None

	# end: auto-generated types


def on_doctype_update() -> None:
	frappe.db.add_index(TICKET_PAUSE, ["reference_doctype", "reference_name"])
