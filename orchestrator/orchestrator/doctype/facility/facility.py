"""A place of care. User permissions on it decide which clients a user sees."""

from frappe.model.document import Document

from orchestrator.sync import facility_rules


class Facility(Document):
	"""A place of care."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		facility_name: DF.Data
		is_part2_exempt: DF.Check
		part2_exemption_reason: DF.SmallText | None
		time_zone: DF.Data | None

	# end: auto-generated types

	def validate(self) -> None:
		facility_rules.check_time_zone(self)
		facility_rules.check_exemption(self)
