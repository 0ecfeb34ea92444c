from frappe.model.document import Document


class SyncChange(Document):
	"""What a record held before a run changed it, so that the run can be rolled back. Private: nobody has a right to
	read it.
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
