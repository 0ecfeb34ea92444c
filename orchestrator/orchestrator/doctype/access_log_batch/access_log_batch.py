from orchestrator.immutable_record import ImmutableRecord
from orchestrator.privacy import immutability


class AccessLogBatch(ImmutableRecord):
	"""Records that one reply, mail or webhook gave to one receiver, until they are sealed as entries."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		accessed_at: DF.Datetime | None
		api_key: DF.Data | None
		name: DF.Int | None
		purpose: DF.Data | None
		recipient: DF.Data | None
		records: DF.LongText | None
		route: DF.Data | None
		user: DF.Data | None

	# end: auto-generated types

	refuse_change = staticmethod(immutability.refuse_change)
