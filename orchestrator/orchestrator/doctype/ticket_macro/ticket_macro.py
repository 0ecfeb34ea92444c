from frappe.model.document import Document

from orchestrator.helpdesk import ticket_macro_rules


class TicketMacro(Document):
	"""A sequence of steps that a team applies to tickets. See orchestrator/helpdesk/macros.py."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		assign_to: DF.Link | None
		assign_to_me: DF.Check
		description: DF.SmallText | None
		enabled: DF.Check
		note: DF.TextEditor | None
		pause_reason: DF.Literal[
			"",
			"Waiting for Customer",
			"Waiting for Third Party",
			"Waiting for Colleague",
			"Scheduled for Later",
			"Other",
		]
		priority: DF.Data | None
		reply: DF.TextEditor | None
		role: DF.Link | None
		status: DF.Data | None
		tags: DF.Data | None
		ticket_type: DF.Literal["", "Issue", "HD Ticket"]
		title: DF.Data

	# end: auto-generated types

	def validate(self) -> None:
		ticket_macro_rules.validate(self)
