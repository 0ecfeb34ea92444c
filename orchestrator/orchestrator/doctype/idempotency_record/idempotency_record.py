from frappe.model.document import Document


class IdempotencyRecord(Document):
	"""The first reply to a request that carried an Idempotency-Key; its name is the hash of user and key. The reply is encrypted: see orchestrator/api/sealed_replies.py."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		body_hash: DF.Data | None
		expires_at: DF.Datetime | None
		method: DF.Data | None
		reply: DF.LongText | None
		status_code: DF.Int
		user: DF.Data | None

	# end: auto-generated types
