from frappe.model.document import Document


class SyncChange(Document):
	"""The values of a record before a run changed it, for the rollback of the run. Private: nobody has
	permission to read it.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		after: DF.LongText | None
		before: DF.LongText | None
		reference_doctype: DF.Link | None
		reference_name: DF.Data | None
		sync_run: DF.Link

	# end: auto-generated types
