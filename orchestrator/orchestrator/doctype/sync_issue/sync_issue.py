from frappe.model.document import Document


class SyncIssue(Document):
	"""A record that could not be imported, or a finding that a person has to review. Its name identifies the
	subject, so that there is one issue for each.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		attempts: DF.Int
		casefile_id: DF.Data | None
		closed_by: DF.Link | None
		code: DF.Data | None
		connection: DF.Link
		field: DF.Data | None
		kind: DF.Literal["Record", "Conflict", "Identity", "Drift", "Route"]
		last_seen: DF.Datetime | None
		reference_doctype: DF.Link | None
		reference_name: DF.DynamicLink | None
		retryable: DF.Check
		status: DF.Literal["Open", "Resolved", "Discarded"]
		sync_run: DF.Link | None

	# end: auto-generated types
