from frappe.model.document import Document


class BulkOperationChunk(Document):
	"""Some records of an upsert, and their results. Private: nobody has a right to read it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		operation: DF.Link
		position: DF.Int
		records: DF.LongText | None
		results: DF.LongText | None

	# end: auto-generated types
