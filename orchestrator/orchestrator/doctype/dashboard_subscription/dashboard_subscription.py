from frappe.model.document import Document

from orchestrator.insights.subscriptions import rules


class DashboardSubscription(Document):
	"""A dashboard that is mailed regularly to users, to each with their own figures."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from orchestrator.orchestrator.doctype.dashboard_subscription_recipient.dashboard_subscription_recipient import (
			DashboardSubscriptionRecipient,
		)

		dashboard: DF.Link
		day_of_month: DF.Int
		day_of_week: DF.Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
		enabled: DF.Check
		facility: DF.Link | None
		format: DF.Literal["PDF", "HTML"]
		frequency: DF.Literal["Daily", "Weekdays", "Weekly", "Monthly"]
		hour: DF.Int
		last_queued_at: DF.Datetime | None
		next_send_at: DF.Datetime | None
		period: DF.Literal["", "Previous Day", "Previous Week", "Previous Month"]
		recipients: DF.Table[DashboardSubscriptionRecipient]

	# end: auto-generated types

	def _validate_links(self) -> None:
		"""Check access first: Frappe checks links before any hook, and would tell which records exist."""
		if self.is_new():
			rules.check_access(self)
		super()._validate_links()

	def validate(self) -> None:
		rules.validate(self)
