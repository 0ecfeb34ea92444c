"""One run of the sync: its request, progress and result. Written before the work and after each page."""

import frappe
from frappe.model.document import Document

from orchestrator.doctypes import SYNC_RUN


class SyncRun(Document):
	"""One run of the sync."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		approved_by: DF.Link | None
		cancel_requested: DF.Check
		changed_fields: DF.Code | None
		checkpoint: DF.Code | None
		connection: DF.Link
		cursor_after: DF.Date | None
		cursor_before: DF.Date | None
		deactivated: DF.Int
		drift: DF.Code | None
		dry_run: DF.Check
		duration_seconds: DF.Float
		error_class: DF.Data | None
		error_text: DF.SmallText | None
		errors: DF.Code | None
		failed: DF.Int
		finished_at: DF.Datetime | None
		heartbeat_at: DF.Datetime | None
		held_reason: DF.SmallText | None
		host: DF.Data | None
		imported: DF.Int
		in_care_before: DF.Int
		lease_token: DF.Data | None
		notes: DF.SmallText | None
		pages: DF.Int
		phase: DF.Data | None
		process_id: DF.Data | None
		records_read: DF.Int
		requested_at: DF.Datetime | None
		requested_by: DF.Link | None
		resumed_from: DF.Link | None
		rollback_report: DF.Code | None
		since_date: DF.Date | None
		skipped: DF.Int
		started_at: DF.Datetime | None
		status: DF.Literal[
			"Queued", "Running", "Completed", "Held", "Failed", "Cancelled", "Interrupted", "Rolled Back"
		]
		sync_type: DF.Literal["incremental", "full", "backfill", "census", "retry", "rollback"]
		trigger: DF.Literal["API", "Desk", "Schedule", "Command"]
		updated: DF.Int
		window_end: DF.Date | None
		window_start: DF.Date | None

	# end: auto-generated types


def on_doctype_update() -> None:
	frappe.db.add_index(SYNC_RUN, ["connection", "status"], "by_connection")
