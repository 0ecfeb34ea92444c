"""The ID that goes with each delivery of a webhook, by which a receiver recognizes a repeated one."""

import uuid

from rq import get_current_job

import frappe

DELIVERY_METHOD = "frappe.integrations.doctype.webhook.webhook.enqueue_webhook"
ID_HEADER = "Webhook-Id"  # as the Standard Webhooks specification names it


def get_delivery_id() -> str | None:
	"""Return the ID of the delivery that this process is sending, if any."""
	return getattr(frappe.local, "webhook_delivery_id", None)


def start_delivery(method: str, transaction_type: str) -> None:
	"""Handle the hook before_job: give a delivery its ID, the same when its job is run again."""
	frappe.local.webhook_delivery_id = None
	if transaction_type != "job" or method != DELIVERY_METHOD:
		return
	frappe.local.webhook_delivery_id = create_delivery_id()


def create_delivery_id() -> str:
	"""Return an id for a delivery: the same when its job is run again."""
	job = get_current_job()
	return str(uuid.uuid5(uuid.NAMESPACE_URL, job.id) if job else uuid.uuid4())
