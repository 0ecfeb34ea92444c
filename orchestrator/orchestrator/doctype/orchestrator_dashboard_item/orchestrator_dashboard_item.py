from frappe.model.document import Document


class OrchestratorDashboardItem(Document):
	"""A metric's place on a dashboard."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		display: DF.Literal["", "Bar", "Line", "Pie", "Donut", "Percentage"]
		metric: DF.Link
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		width: DF.Literal["Quarter", "Third", "Half", "Two Thirds", "Full"]

	# end: auto-generated types
