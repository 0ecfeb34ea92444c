from frappe.model.document import Document

from orchestrator.insights.reports.formats import report_files


class GeneratedReport(Document):
	"""A report as a file, finished or in progress: its request, its progress, its file."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		attempts: DF.Int
		error: DF.SmallText | None
		file: DF.Link | None
		file_size: DF.Int
		finished_at: DF.Datetime | None
		format: DF.Literal["pdf", "xlsx", "csv", "json", "html"]
		kept_until: DF.Datetime | None
		mail_queued: DF.Check
		recipients: DF.SmallText | None
		report: DF.Link
		request: DF.LongText | None
		requested_by: DF.Link | None
		row_count: DF.Int
		started_at: DF.Datetime | None
		status: DF.Literal["Queued", "Running", "Completed", "Failed"]

	# end: auto-generated types

	def on_trash(self) -> None:
		report_files.delete_file(self.file)
