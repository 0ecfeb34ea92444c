from frappe.model.document import Document


class SprintMember(Document):
	"""A member of a sprint, and their capacity in hours."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		capacity_hours: DF.Float
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		user: DF.Link

	# end: auto-generated types
