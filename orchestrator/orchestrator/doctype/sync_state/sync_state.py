from frappe.model.document import Document


class SyncState(Document):
	"""The last synced source values of a client or a stay, under the record's name. Private: nobody has
	permission to read it.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		connection: DF.Link | None
		created_by_run: DF.Data | None
		hashes: DF.SmallText | None
		reference_doctype: DF.Data | None
		synced: DF.LongText | None
		written_at: DF.Datetime | None
		written_by_run: DF.Data | None

	# end: auto-generated types
