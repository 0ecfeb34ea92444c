import frappe
from frappe import _
from frappe.model.document import Document

from orchestrator.exceptions import refuse
from orchestrator.setup import naming_rules

PAGE_LENGTH_CEILING = 500  # what the API reference promises as the most a list gives
LEAST_ONE = ("max_page_length", "idempotency_hours", "bulk_limit", "report_retention_days")
LEAST_ONE_WHILE_LIMITING = (
	"rate_limit_per_minute",
	"rate_limit_guest_capacity",
	"rate_limit_user_capacity",
)


class OrchestratorSettings(Document):
	"""What a site may tune of the API. Read it with `orchestrator.configuration.get_settings()`."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		allow_private_webhook_targets: DF.Check
		bulk_limit: DF.Int
		escalate_to_role: DF.Link | None
		escalate_to_user: DF.Link | None
		escalation_enabled: DF.Check
		employees_reach_own_records_only: DF.Check
		guard_platform_methods: DF.Check
		idempotency_hours: DF.Int
		max_page_length: DF.Int
		punch_clock_tolerance_seconds: DF.Int
		punch_tolerance_minutes: DF.Int
		rate_limit_enabled: DF.Check
		rate_limit_guest_capacity: DF.Int
		rate_limit_per_minute: DF.Int
		rate_limit_scope: DF.Literal["All of /api/", "Documented Calls"]
		rate_limit_user_capacity: DF.Int
		report_retention_days: DF.Int
		sla_at_risk_minutes: DF.Int
		use_documented_names: DF.Check

	# end: auto-generated types

	def validate(self) -> None:
		self.validate_least_one()
		self.validate_page_length()
		self.validate_escalation()

	def on_update(self) -> None:
		if self.has_value_changed("use_documented_names"):
			naming_rules.switch_rules(bool(self.use_documented_names))

	def validate_least_one(self) -> None:
		fieldnames = LEAST_ONE + (LEAST_ONE_WHILE_LIMITING if self.rate_limit_enabled else ())
		for fieldname in fieldnames:
			if int(self.get(fieldname) or 0) < 1:
				refuse(
					_("{0} must be 1 or more. Enter a whole number above zero.").format(
						frappe.bold(_(self.meta.get_label(fieldname)))
					),
					frappe.ValidationError,
				)

	def validate_page_length(self) -> None:
		if self.max_page_length > PAGE_LENGTH_CEILING:
			refuse(
				_(
					"{0} cannot be more than {1}, the limit stated in the API reference. Enter {1} or less."
				).format(frappe.bold(_(self.meta.get_label("max_page_length"))), PAGE_LENGTH_CEILING),
				frappe.ValidationError,
			)

	def validate_escalation(self) -> None:
		user = self.escalate_to_user
		if user and self.escalation_enabled and not frappe.db.get_value("User", user, "enabled"):
			refuse(
				_("{0} is disabled, so tickets cannot be escalated to them. Choose someone else.").format(
					user
				),
				frappe.ValidationError,
			)
