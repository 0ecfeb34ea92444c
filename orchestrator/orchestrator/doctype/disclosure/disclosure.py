import frappe

from orchestrator.doctypes import DISCLOSURE
from orchestrator.immutable_record import ImmutableRecord
from orchestrator.privacy import immutability


class Disclosure(ImmutableRecord):
	"""One record of a client that a recipient outside got. `orchestrator.privacy` adds disclosures; nobody changes one."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		api_key: DF.Data | None
		basis: DF.Literal["Consent", "Exempt Facility"]
		client: DF.Data | None
		consent: DF.Data | None
		disclosed_at: DF.Datetime | None
		kinds: DF.Data | None
		purpose: DF.Data | None
		recipient: DF.Data | None
		reference_doctype: DF.Data | None
		reference_name: DF.Data | None
		route: DF.Data | None
		webhook: DF.Data | None

	# end: auto-generated types

	refuse_change = staticmethod(immutability.refuse_disclosure_change)


def on_doctype_update() -> None:
	frappe.db.add_index(DISCLOSURE, ["client", "disclosed_at"], "disclosures_of_client")
