from frappe.model.document import Document

from orchestrator.api import naming_rules, settings_rules


class OrchestratorSettings(Document):
	"""The settings of a site. Read them with `orchestrator.configuration.get_settings()`."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		access_log_enabled: DF.Check
		access_log_retention_days: DF.Int
		allow_private_webhook_targets: DF.Check
		ask_for_ratings: DF.Check
		bulk_limit: DF.Int
		emergency_access_enabled: DF.Check
		emergency_access_minutes: DF.Int
		escalate_to_role: DF.Link | None
		escalate_to_user: DF.Link | None
		escalation_enabled: DF.Check
		consents_enabled: DF.Check
		disclosure_notice: DF.SmallText | None
		employees_reach_own_records_only: DF.Check
		guard_platform_methods: DF.Check
		idempotency_hours: DF.Int
		lease_seconds: DF.Int
		logged_doctypes: DF.SmallText | None
		max_page_length: DF.Int
		mcp_allow_writes: DF.Check
		punch_clock_tolerance_seconds: DF.Int
		punch_tolerance_minutes: DF.Int
		rate_limit_enabled: DF.Check
		rate_limit_guest_capacity: DF.Int
		rate_limit_per_minute: DF.Int
		rate_limit_scope: DF.Literal["All of /api/", "Documented Calls"]
		rate_limit_user_capacity: DF.Int
		rating_correction_days: DF.Int
		rating_link_days: DF.Int
		report_retention_days: DF.Int
		send_dashboards_by_mail: DF.Check
		sla_at_risk_minutes: DF.Int
		trusted_proxies: DF.SmallText | None
		unusual_clients_per_hour: DF.Int
		use_documented_names: DF.Check
		webhook_retention_days: DF.Int

	# end: auto-generated types

	def validate(self) -> None:
		settings_rules.check_minimums(self)
		settings_rules.check_page_length(self)
		settings_rules.check_lease(self)
		settings_rules.check_trusted_proxies(self)
		settings_rules.check_escalation(self)
		settings_rules.check_logged_doctypes(self)
		settings_rules.check_consents(self)
		settings_rules.check_emergency_access(self)

	def on_update(self) -> None:
		if self.has_value_changed("use_documented_names"):
			naming_rules.switch_rules(bool(self.use_documented_names))
