from frappe.model.document import Document

from orchestrator.api import api_key_rules


class APIKey(Document):
	"""A key of a user for the API: what it may do, until when, and from where. Its secret is stored nowhere."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from orchestrator.orchestrator.doctype.api_key_doctype.api_key_doctype import APIKeyDocType
		from orchestrator.orchestrator.doctype.api_key_method.api_key_method import APIKeyMethod
		from orchestrator.orchestrator.doctype.api_key_report.api_key_report import APIKeyReport

		allowed_addresses: DF.SmallText | None
		doctypes: DF.Table[APIKeyDocType]
		enabled: DF.Check
		expires_on: DF.Datetime | None
		full_access: DF.Check
		is_outside_recipient: DF.Check
		last_used_on: DF.Datetime | None
		methods: DF.Table[APIKeyMethod]
		previous_secret_expires_on: DF.Datetime | None
		previous_secret_hash: DF.Data | None
		recipient_class: DF.Data | None
		recipient_name: DF.Data | None
		recipient_purpose: DF.Literal[
			"",
			"Treatment",
			"Payment",
			"Health Care Operations",
			"Coverage",
			"Legal Proceeding",
			"Public Health",
			"Research",
			"Request of the Client",
		]
		reports: DF.Table[APIKeyReport]
		scope: DF.LongText | None
		secret_hash: DF.Data | None
		title: DF.Data
		user: DF.Link

	# end: auto-generated types

	def autoname(self) -> None:
		self.name = api_key_rules.create_key_name()

	def before_validate(self) -> None:
		api_key_rules.restore_system_fields(self)

	def validate(self) -> None:
		api_key_rules.check_user(self)
		api_key_rules.check_expiry(self)
		api_key_rules.check_scope(self)
		api_key_rules.check_recipient(self)
		api_key_rules.normalize_addresses(self)
		api_key_rules.store_scope(self)

	def onload(self) -> None:
		api_key_rules.show_secret(self)

	def after_insert(self) -> None:
		api_key_rules.show_secret(self)
		api_key_rules.add_audit_comment(self, "created")
