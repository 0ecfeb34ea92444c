"""One chart of a client: a stay at a facility."""

import frappe
from frappe.model.document import Document

from orchestrator.doctypes import CLIENT_STAY, SYNC_STATE
from orchestrator.privacy.emergency.grants import get_expiry
from orchestrator.privacy.history import format_utc
from orchestrator.sync.merge.identity import build_stay_name


class ClientStay(Document):
	"""One chart of a client."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		absent_since: DF.Datetime | None
		admission_date: DF.Date | None
		admitted_at: DF.Datetime | None
		anticipated_discharge_date: DF.Date | None
		bed_name: DF.Data | None
		building_name: DF.Data | None
		casefile_id: DF.Data
		chart_id: DF.Data | None
		client: DF.Link
		connection: DF.Link
		created_at: DF.Datetime | None
		deleted_at: DF.Datetime | None
		diagnosis_codes: DF.SmallText | None
		discharge_date: DF.Date | None
		discharge_or_transition_name: DF.Data | None
		discharge_type: DF.Data | None
		discharge_type_code: DF.Data | None
		discharged_at: DF.Datetime | None
		facility: DF.Link
		first_contact_name: DF.Data | None
		insurance_company: DF.Data | None
		insurances: DF.SmallText | None
		level_of_care: DF.Data | None
		location_id: DF.Data | None
		location_name: DF.Data | None
		mr_number: DF.Data | None
		next_level_of_care: DF.Data | None
		next_level_of_care_date: DF.Date | None
		payment_method: DF.Data | None
		payment_method_category: DF.Data | None
		pre_admission_status: DF.Data | None
		program: DF.Data | None
		referrer_name: DF.Data | None
		room_name: DF.Data | None
		status: DF.Literal["Pre-Admission", "Active", "Discharged", "Absent", "Deleted"]
		tags: DF.SmallText | None

	# end: auto-generated types

	def autoname(self) -> None:
		self.name = build_stay_name(self.connection, self.casefile_id)

	def onload(self) -> None:
		if expires_at := get_expiry(self.doctype, str(self.name)):
			self.set_onload("emergency_access_until", format_utc(expires_at))

	def on_trash(self) -> None:
		# If Kipu still lists it, a full run imports it again: without a Sync State it counts as new.
		frappe.db.delete(SYNC_STATE, {"name": self.name})


def on_doctype_update() -> None:
	frappe.db.add_unique(CLIENT_STAY, ["connection", "casefile_id"], constraint_name="one_per_casefile")
	frappe.db.add_index(CLIENT_STAY, ["connection", "chart_id"], "by_chart")
