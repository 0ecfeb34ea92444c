"""The jobs that deliver webhooks. A delivery whose worker dies after sending is sent again, with the same id."""

import time

import frappe
from frappe.integrations.doctype.webhook.webhook import Webhook

from orchestrator import leases
from orchestrator.api import (
	webhook_alerts,
	webhook_deliveries,
	webhook_queue,
	webhook_requests,
	webhook_targets,
)
from orchestrator.api.webhook_payloads import Payload, open_payload
from orchestrator.api.webhook_recipients import may_send
from orchestrator.api.webhook_transport import FORBIDDEN_ADDRESS, Outcome, send_requests
from orchestrator.doctypes import WEBHOOK
from orchestrator.exceptions import InvalidWebhookTargetError

PARALLEL_REQUESTS = 8
MAX_READ = 200
# A receiver that is down costs each job so many attempts, and not one for each record.
MAX_FAILURES_IN_SUCCESSION = 8
MAX_JOB_SECONDS = 120


def enqueue_due_deliveries() -> None:
	"""Run every five minutes: queue a job for each webhook with something to deliver."""
	for webhook in webhook_deliveries.list_webhooks_with_due():
		webhook_queue.enqueue_delivery(webhook)


def deliver_webhook(webhook: str) -> None:
	"""Deliver what is due. Commits. Only one job at a time works for a webhook.

	Whoever ends looks again after releasing the lock, so that nothing waits that was stored meanwhile and whose own job
	found the lock held.
	"""
	webhook_queue.clear_mark(webhook)
	with leases.end_silent_connection():
		_deliver(webhook)


def _deliver(webhook: str) -> None:
	deadline = time.monotonic() + MAX_JOB_SECONDS
	finished = True
	while finished and webhook_deliveries.has_due(webhook) and webhook_queue.acquire_lock(webhook):
		try:
			finished = _deliver_due(webhook, deadline)
		finally:
			webhook_queue.release_lock(webhook)
		frappe.db.commit()
	if time.monotonic() > deadline:
		webhook_queue.enqueue_delivery(webhook)


def _deliver_due(name: str, deadline: float) -> bool:
	"""Deliver batch by batch. Return False where deliveries that are due are left for a later job."""
	failures = 0
	while True:
		frappe.db.commit()  # a new transaction sees what others have stored meanwhile
		due = webhook_deliveries.find_due(name, MAX_READ)
		if not due:
			return True
		for start in range(0, len(due), PARALLEL_REQUESTS):
			webhook = _get_enabled_webhook(name)
			if not webhook or failures >= MAX_FAILURES_IN_SUCCESSION or time.monotonic() > deadline:
				return False
			outcomes = _deliver_batch(webhook, due[start : start + PARALLEL_REQUESTS])
			is_down = bool(outcomes) and all(outcome.is_unavailable for outcome in outcomes)
			failures = failures + len(outcomes) if is_down else 0


def _get_enabled_webhook(name: str) -> Webhook | None:
	"""Return the webhook as it is now, None if it was disabled or deleted."""
	is_enabled = frappe.db.get_value(WEBHOOK, name, "enabled")
	return frappe.get_doc(WEBHOOK, name) if is_enabled else None


def _deliver_batch(webhook: Webhook, batch: list[frappe._dict]) -> list[Outcome]:
	"""Send deliveries at the same time, and store their outcomes."""
	payloads = [open_payload(delivery.sealed_payload, delivery.message_id) for delivery in batch]
	sendable = []
	for delivery, payload in zip(batch, payloads, strict=True):
		if not may_send(webhook, delivery.reference_doctype, delivery.reference_name):
			webhook_deliveries.mark_failed(delivery, "MissingConsent")
		elif payload:
			sendable.append((delivery, payload))
		else:
			webhook_deliveries.mark_failed(delivery, "UnreadablePayload")
	outcomes = _send(webhook, sendable)
	for (delivery, _payload), outcome in zip(sendable, outcomes, strict=True):
		_apply_outcome(webhook.name, delivery, outcome)
	frappe.db.commit()
	return outcomes


def _apply_outcome(webhook: str, delivery: frappe._dict, outcome: Outcome) -> None:
	"""Store an outcome, and what follows from it for the webhook."""
	status = webhook_deliveries.apply_outcome(delivery, outcome)
	if outcome.is_delivered and delivery.attempts:
		webhook_deliveries.bring_forward(webhook)
	if outcome.is_gone:
		webhook_alerts.disable_webhook(webhook, webhook_alerts.build_gone_reason())
	elif status == webhook_deliveries.FAILED and not webhook_deliveries.has_delivered_since(
		webhook, delivery.queued_at
	):
		webhook_alerts.disable_webhook(webhook, webhook_alerts.build_failure_reason())


def _send(webhook: Webhook, deliveries: list[tuple[frappe._dict, Payload]]) -> list[Outcome]:
	"""Send those deliveries whose address is allowed. Return the outcome of each."""
	urls = {delivery.name: webhook_requests.get_url(webhook, payload) for delivery, payload in deliveries}
	allowed = {url for url in set(urls.values()) if _is_allowed(url)}
	requests = {
		delivery.name: webhook_requests.build_request(webhook, delivery.message_id, payload)
		for delivery, payload in deliveries
		if urls[delivery.name] in allowed
	}
	outcomes = dict(zip(requests, send_requests(list(requests.values())), strict=True))
	refused = Outcome(error=FORBIDDEN_ADDRESS)
	return [outcomes.get(delivery.name, refused) for delivery, _payload in deliveries]


def _is_allowed(url: str) -> bool:
	"""Return True if a webhook may be sent to the addresses that the host of `url` has now."""
	try:
		webhook_targets.check_url(url)
	except InvalidWebhookTargetError:
		frappe.clear_messages()
		return False
	return True
