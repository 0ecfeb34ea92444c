from frappe.model.document import Document


class KipuLocation(Document):
	"""A location of a Kipu instance, and its facility on this site."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		enabled: DF.Check
		facility: DF.Link | None
		location_id: DF.Data
		location_name: DF.Data | None
		time_zone: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data

	# end: auto-generated types
