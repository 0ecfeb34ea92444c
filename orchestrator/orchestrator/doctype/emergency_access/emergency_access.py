import frappe

from orchestrator.doctypes import EMERGENCY_ACCESS
from orchestrator.immutable_record import ImmutableRecord
from orchestrator.privacy.emergency import immutability


class EmergencyAccess(ImmutableRecord):
	"""A client that a user opened in an emergency. `orchestrator.privacy.emergency` writes it and its review."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		client: DF.Link
		expires_at: DF.Datetime
		finding: DF.SmallText | None
		notified_at: DF.Datetime | None
		opened_at: DF.Datetime
		reason: DF.SmallText
		reviewed_at: DF.Datetime | None
		reviewed_by: DF.Link | None
		user: DF.Link

	# end: auto-generated types

	refuse_change = staticmethod(immutability.refuse_change)


def on_doctype_update() -> None:
	frappe.db.add_index(EMERGENCY_ACCESS, ["user", "expires_at"], "accesses_in_force")
	frappe.db.add_index(EMERGENCY_ACCESS, ["opened_at", "name"], "latest_accesses")
