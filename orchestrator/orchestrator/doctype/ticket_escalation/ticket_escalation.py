import frappe
from frappe.model.document import Document

from orchestrator.doctypes import TICKET_ESCALATION

UNIQUE = ["reference_doctype", "reference_name", "stage"]


class TicketEscalation(Document):
	"""An escalation of a ticket at one stage of one of its targets. It is unique per ticket, target and
	stage, so that the escalation job can be repeated.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		due: DF.Datetime | None
		escalated_to: DF.Link | None
		reference_doctype: DF.Link
		reference_name: DF.DynamicLink
		stage: DF.Literal[
			"Response At Risk", "Response Breached", "Resolution At Risk", "Resolution Breached"
		]

	# end: auto-generated types


def on_doctype_update() -> None:
	frappe.db.add_unique(TICKET_ESCALATION, UNIQUE, constraint_name="one_per_ticket_and_stage")
