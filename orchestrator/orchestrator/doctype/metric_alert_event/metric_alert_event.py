from frappe.model.document import Document


class MetricAlertEvent(Document):
	"""A threshold that a metric has crossed. Webhooks on this DocType pass alerts on."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		condition: DF.Literal["At or above", "At or below"]
		crossed_at: DF.Datetime | None
		metric: DF.Link
		threshold: DF.Float
		user: DF.Link | None

	# end: auto-generated types
