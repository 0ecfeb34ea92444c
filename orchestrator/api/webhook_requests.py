"""Requests of webhooks with reliable delivery: checked and signed."""

import time
import uuid

import frappe
from frappe import _
from frappe.integrations.doctype.webhook.webhook import WEBHOOK_SECRET_HEADER, Webhook
from frappe.model.document import Document

from orchestrator.api import webhook_secrets, webhook_targets
from orchestrator.api.webhook_payloads import Payload, build_payload
from orchestrator.api.webhook_recipients import build_headers, may_send
from orchestrator.api.webhook_signatures import (
	ID_HEADER,
	SIGNATURE_HEADER,
	TIMESTAMP_HEADER,
	build_signature_headers,
	compute_frappe_signature,
)
from orchestrator.api.webhook_transport import WebhookRequest, send_requests
from orchestrator.exceptions import refuse

DEFAULT_TIMEOUT_SECONDS = 30
# In Desk a webhook may have any timeout; a job has to end before its queue's own.
MAX_TIMEOUT_SECONDS = 60
STANDARD_HEADERS = frozenset({ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER})


def send_now(webhook: Webhook, doc: Document) -> None:
	"""Send a record once, without a stored delivery: the caller's transaction depends on the receiver.

	Raises:
		InvalidWebhookTargetError: 422. The address is not allowed.
		ValidationError: 422. The receiver does not accept the request.
	"""
	if not may_send(webhook, doc.doctype, str(doc.name)):
		refuse(
			_("The client has not consented to the disclosure of {0} by webhook {1}.").format(
				doc.name, webhook.name
			),
			frappe.PermissionError,
		)
	payload = build_payload(webhook, doc, doc.get_doc_before_save())
	webhook_targets.check_url(get_url(webhook, payload))
	(outcome,) = send_requests([build_request(webhook, str(uuid.uuid4()), payload)])
	if not outcome.is_delivered:
		refuse(
			_("The receiver of webhook {0} did not accept the request ({1} {2}).").format(
				webhook.name, outcome.error, outcome.status_code or ""
			),
			frappe.ValidationError,
		)


def get_url(webhook: Webhook, payload: Payload) -> str:
	"""Return the URL of a delivery: the webhook's present one, unless it depends on the record."""
	return (payload.url or webhook.request_url).strip()


def build_request(webhook: Webhook, message_id: str, payload: Payload) -> WebhookRequest:
	"""Return the request of a delivery, signed. The address of its URL is checked once more when it is sent."""
	url = get_url(webhook, payload)
	body = payload.body.encode()
	headers = {
		row.key: row.value for row in webhook.webhook_headers if row.key.lower() not in STANDARD_HEADERS
	}
	if webhook.enable_security:
		secret = webhook.get_password("webhook_secret")
		headers[WEBHOOK_SECRET_HEADER] = compute_frappe_signature(secret, body)
	headers |= build_headers(webhook)
	# The time of the attempt as the receiver's clock has it: it refuses messages that are old.
	headers |= build_signature_headers(
		webhook_secrets.list_valid_secrets(webhook), message_id, int(time.time()), body
	)
	return WebhookRequest(
		method=webhook.request_method,
		url=url,
		headers=headers,
		body=body,
		timeout=min(webhook.timeout or DEFAULT_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS),
		is_address_allowed=webhook_targets.build_address_check(url),
	)
