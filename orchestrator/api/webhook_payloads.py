"""Bodies of webhook deliveries, and their encryption while they wait."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import frappe
from frappe.core.doctype.version.version import get_diff
from frappe.integrations.doctype.webhook.webhook import Webhook, get_context, get_webhook_data
from frappe.model.document import Document

from orchestrator.api import sealed_replies

PURPOSE = "webhook-delivery"


@dataclass(frozen=True)
class Payload:
	"""The body of a delivery, and its URL where that depends on the record."""

	body: str
	url: str | None = None

	@property
	def digest(self) -> str:
		"""SHA-256 of the body, for comparison with what a receiver has stored."""
		return hashlib.sha256(self.body.encode()).hexdigest()


def build_payload(webhook: Webhook, doc: Document, before: Document | None) -> Payload:
	"""Return what a webhook sends of a record. `before` is the record before the change, None for a new one."""
	if webhook.get("thin_body"):
		content = _build_thin_body(webhook.webhook_docevent, doc, before)
	else:
		content = get_webhook_data(doc, webhook)
	url = frappe.render_template(webhook.request_url, get_context(doc)) if webhook.is_dynamic_url else None
	return Payload(json.dumps(content, default=str), url)


def _build_thin_body(event: str, doc: Document, before: Document | None) -> dict[str, object]:
	return {
		"event": event,
		"doctype": doc.doctype,
		"name": doc.name,
		"timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
		"changed_fields": list_changed_fields(before, doc),
	}


def list_changed_fields(before: Document | None, doc: Document) -> list[str]:
	"""Return the names of the fields whose values differ, tables included; none for a new record."""
	if before is None:
		return []
	diff = get_diff(before, doc)
	changes = (*diff.changed, *diff.added, *diff.removed, *diff.row_changed)
	return sorted({change[0] for change in changes})


def seal_payload(payload: Payload, message_id: str) -> str:
	"""Return a payload encrypted with a key that is derived from the site's and the message."""
	content = {"body": payload.body, "url": payload.url}
	return sealed_replies.encrypt_reply(content, _derive_secret(message_id))


def open_payload(sealed: str | None, message_id: str) -> Payload | None:
	"""Return a sealed payload; None for none, or where the site's encryption key has changed since."""
	content = sealed_replies.decrypt_reply(sealed, _derive_secret(message_id)) if sealed else None
	return Payload(**content) if content else None


def _derive_secret(message_id: str) -> bytes:
	return sealed_replies.compute_digest(PURPOSE, message_id)
