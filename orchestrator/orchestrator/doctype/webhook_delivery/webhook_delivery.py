import frappe
from frappe.model.document import Document

from orchestrator.doctypes import WEBHOOK_DELIVERY


class WebhookDelivery(Document):
	"""An event of a record that a webhook sends, with the outcome of its latest attempt. Names grow in the order of the
	events. The payload is encrypted.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		attempts: DF.Int
		delivered_at: DF.Datetime | None
		event: DF.Data | None
		is_thin: DF.Check
		last_attempt_at: DF.Datetime | None
		last_error: DF.Data | None
		last_status_code: DF.Int
		message_id: DF.Data | None
		name: DF.Int | None
		next_attempt_at: DF.Datetime | None
		payload_digest: DF.Data | None
		queued_at: DF.Datetime | None
		reference_doctype: DF.Link | None
		reference_name: DF.DynamicLink | None
		replays: DF.Int
		response_milliseconds: DF.Int
		sealed_payload: DF.LongText | None
		status: DF.Literal["Pending", "Delivered", "Failed"]
		webhook: DF.Link

	# end: auto-generated types


def on_doctype_update() -> None:
	frappe.db.add_index(WEBHOOK_DELIVERY, ["webhook", "status", "next_attempt_at"], "due_deliveries")
	columns = ["webhook", "status", "reference_doctype", "reference_name"]
	frappe.db.add_index(WEBHOOK_DELIVERY, columns, "first_of_record")
