"""What goes along with each delivery of a webhook: an id, by which a receiver knows a repeated one."""

import uuid

from rq import get_current_job

import frappe
from frappe.integrations.doctype.webhook.webhook import Webhook

DELIVERY_METHOD = "frappe.integrations.doctype.webhook.webhook.enqueue_webhook"
ID_HEADER = "Webhook-Id"  # as the Standard Webhooks specification names it


class IdentifiedWebhook(Webhook):
	"""Frappe's Webhook, which sends an id while it is delivered: one for all attempts of a delivery."""

	def load_from_db(self) -> "IdentifiedWebhook":
		super().load_from_db()
		if delivery_id := getattr(frappe.local, "webhook_delivery_id", None):
			self.append("webhook_headers", {"key": ID_HEADER, "value": delivery_id})
		return self


def start_delivery(method: str, transaction_type: str) -> None:
	"""Handle the hook before_job: give a delivery its id, the same when its job is run again."""
	frappe.local.webhook_delivery_id = None
	if transaction_type != "job" or method != DELIVERY_METHOD:
		return
	job = get_current_job()
	frappe.local.webhook_delivery_id = str(uuid.uuid5(uuid.NAMESPACE_URL, job.id) if job else uuid.uuid4())
