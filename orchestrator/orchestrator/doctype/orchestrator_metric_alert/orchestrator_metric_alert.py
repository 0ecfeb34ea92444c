from frappe.model.document import Document


class OrchestratorMetricAlert(Document):
	"""A threshold of a metric, and the role to notify when it is crossed."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		condition: DF.Literal["At or above", "At or below"]
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		role: DF.Link | None
		threshold: DF.Float
		user: DF.Link | None

	# end: auto-generated types
