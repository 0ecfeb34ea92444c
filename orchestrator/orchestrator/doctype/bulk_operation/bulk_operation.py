from frappe.model.document import Document


class BulkOperation(Document):
	"""A bulk call that runs in a job: its request, its progress, and one result per record."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		api_key: DF.Link | None
		atomic: DF.Check
		attempts: DF.Int
		created: DF.Int
		done: DF.Int
		failed: DF.Int
		finished_at: DF.Datetime | None
		job_number: DF.Int
		last_activity_at: DF.Datetime | None
		operation: DF.Literal["Assign", "Delete", "Upsert"]
		reference_doctype: DF.Link
		request: DF.LongText | None
		requested_by: DF.Link | None
		result_file: DF.Link | None
		results: DF.LongText | None
		resumed_without_progress: DF.Int
		started_at: DF.Datetime | None
		status: DF.Literal["Queued", "Running", "Completed", "Failed"]
		total: DF.Int
		unchanged: DF.Int
		updated: DF.Int

	# end: auto-generated types
