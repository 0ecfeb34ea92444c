import frappe
from frappe.model.document import Document

from orchestrator.doctypes import CLIENT_CONSENT
from orchestrator.privacy import consent_rules


class ClientConsent(Document):
	"""A client's consent to disclose their record to a recipient. In force once it is submitted, revoked once it is cancelled."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		amended_from: DF.Link | None
		api_key: DF.Link | None
		client: DF.Link
		correspondence: DF.Check
		counselling_notes: DF.Check
		demographics: DF.Check
		diagnoses: DF.Check
		documents: DF.Check
		is_general: DF.Check
		purpose: DF.Literal[
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
		recipient_kind: DF.Literal["", "Person", "Organisation", "Class of Recipients", "API Key", "Webhook"]
		recipient_name: DF.Data | None
		revoked_on: DF.Datetime | None
		signed_document: DF.Link | None
		stays: DF.Check
		valid_from: DF.Date
		valid_until: DF.Date | None
		webhook: DF.Link | None

	# end: auto-generated types

	def validate(self) -> None:
		consent_rules.check_consent(self)

	def before_cancel(self) -> None:
		consent_rules.revoke(self)

	def on_trash(self) -> None:
		consent_rules.refuse_deletion(self)

	def before_rename(self, *_args: object) -> None:
		consent_rules.refuse_renaming()


def on_doctype_update() -> None:
	frappe.db.add_index(CLIENT_CONSENT, ["client", "docstatus", "valid_from"], "consents_of_client")
