"""A Kipu instance: address, credentials, schedule and field mapping."""

from frappe.model.document import Document

from orchestrator.sync import connection, kipu_connection_rules


class KipuConnection(Document):
	"""A Kipu instance and its sync settings."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from orchestrator.orchestrator.doctype.kipu_field_rule.kipu_field_rule import KipuFieldRule
		from orchestrator.orchestrator.doctype.kipu_location.kipu_location import KipuLocation

		access_id: DF.Password | None
		api_version: DF.Literal["3", "4"]
		app_id: DF.Password | None
		base_url: DF.Data
		connection_name: DF.Data
		cursor: DF.Date | None
		default_facility: DF.Link | None
		default_policy: DF.Literal["source", "local", "set-once", "review"]
		default_time_zone: DF.Data
		enabled: DF.Check
		field_rules: DF.Table[KipuFieldRule]
		history_start: DF.Date
		interval_minutes: DF.Int
		last_run: DF.Link | None
		last_success: DF.Datetime | None
		left_out_names: DF.SmallText | None
		locations: DF.Table[KipuLocation]
		mass_change_minimum: DF.Int
		mass_change_percent: DF.Int
		overlap_days: DF.Int
		page_size: DF.Int
		paused_manually: DF.Check
		paused_reason: DF.SmallText | None
		requests_per_second: DF.Float
		schedule_enabled: DF.Check
		secret_key: DF.Password | None
		stale_after_hours: DF.Int
		status: DF.Literal["Active", "Paused"]
		tested_at: DF.Datetime | None
		utc_midnight_is_date: DF.Check

	# end: auto-generated types

	def validate(self) -> None:
		connection.validate(self)
		kipu_connection_rules.check_schedule(self)
