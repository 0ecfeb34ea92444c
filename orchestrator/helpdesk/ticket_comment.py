"""The class of Comment: see `TicketComment`."""

from typing import Any

from frappe.core.doctype.comment.comment import Comment

from orchestrator.helpdesk.tickets import DOCTYPES, get_document, is_customer


class TicketComment(Comment):
	"""Frappe's Comment, with its files readable for staff. Desk shows the comments on a ticket to users who
	may read the ticket there, but Frappe sends their files only to users who may read Comment records, which
	are administrators.
	"""

	def has_permission(self, permtype: str = "read", *args: Any, **kwargs: Any) -> bool:
		allowed = super().has_permission(permtype, *args, **kwargs)
		return allowed or (permtype == "read" and self.is_visible_to(kwargs.get("user")))

	def is_visible_to(self, user: str | None) -> bool:
		"""Return True if the user sees the comment in Desk, on its ticket."""
		if self.reference_doctype not in DOCTYPES or is_customer(user):
			return False
		ticket = get_document(self.reference_doctype, str(self.reference_name))
		return bool(ticket and ticket.has_permission("read", user=user))
