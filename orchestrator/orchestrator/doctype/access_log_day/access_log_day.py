from orchestrator.immutable_record import ImmutableRecord
from orchestrator.privacy import immutability


class AccessLogDay(ImmutableRecord):
	"""The entries of one day: where their chain begins and ends, and the file that they were moved to."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		archive: DF.Data | None
		archive_digest: DF.Data | None
		closing_hash: DF.Data | None
		day: DF.Date | None
		entries: DF.Int
		first_entry: DF.Int
		last_entry: DF.Int
		opening_hash: DF.Data | None
		signature: DF.Data | None

	# end: auto-generated types

	refuse_change = staticmethod(immutability.refuse_change)
