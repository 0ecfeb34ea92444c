"""A person in care, one per Kipu connection. The sync creates and updates clients; users may correct them,
and the conflict policies of the connection decide which value is kept.
"""

import frappe
from frappe.model.document import Document

from orchestrator.doctypes import CLIENT, SYNC_STATE
from orchestrator.privacy.emergency.grants import get_expiry
from orchestrator.privacy.history import format_utc
from orchestrator.sync.clients.overview import list_stays
from orchestrator.sync.merge.identity import build_client_name, build_full_name


class Client(Document):
	"""A person in care."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		address_city: DF.Data | None
		address_country: DF.Data | None
		address_state: DF.Data | None
		address_street: DF.Data | None
		address_street2: DF.Data | None
		address_zip: DF.Data | None
		admission_date: DF.Date | None
		alternate_phone: DF.Data | None
		connection: DF.Link
		contacts: DF.SmallText | None
		date_of_birth: DF.Date | None
		date_of_death: DF.Date | None
		discharge_date: DF.Date | None
		email: DF.Data | None
		ethnicity: DF.Data | None
		facility: DF.Link
		first_name: DF.Data | None
		full_name: DF.Data | None
		gender: DF.Data | None
		gender_identity: DF.Data | None
		last_name: DF.Data | None
		level_of_care: DF.Data | None
		maiden_name: DF.Data | None
		middle_name: DF.Data | None
		person_id: DF.Data
		phone: DF.Data | None
		preferred_contact: DF.Data | None
		preferred_language: DF.Data | None
		preferred_name: DF.Data | None
		pronouns: DF.Data | None
		race: DF.Data | None
		status: DF.Literal["Pre-Admission", "Active", "Discharged", "Absent", "Deleted"]

	# end: auto-generated types

	def autoname(self) -> None:
		self.name = build_client_name(self.connection, self.person_id)

	def validate(self) -> None:
		self.full_name = build_full_name(self)

	def before_print(self, *_args: object) -> None:
		self.readable_stays = list_stays(str(self.name)) or []  # for the print format Client Summary

	def onload(self) -> None:
		if expires_at := get_expiry(self.doctype, str(self.name)):
			self.set_onload("emergency_access_until", format_utc(expires_at))

	def on_trash(self) -> None:
		# If Kipu still lists it, a full run imports it again: without a Sync State it counts as new.
		frappe.db.delete(SYNC_STATE, {"name": self.name})


def on_doctype_update() -> None:
	frappe.db.add_unique(CLIENT, ["connection", "person_id"], constraint_name="one_per_person")
