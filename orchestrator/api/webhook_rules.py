"""Rules of webhooks with reliable delivery: their bodies, secrets and deliveries."""

import frappe
from frappe import _
from frappe.integrations.doctype.webhook.webhook import Webhook

from orchestrator.api import webhook_deliveries, webhook_queue
from orchestrator.api.webhook_signatures import generate_secret, is_valid_secret
from orchestrator.exceptions import refuse

# They decide what is sent, and to whom.
CONTENT_FIELDS = (
	"webhook_doctype",
	"webhook_json",
	"thin_body",
	"reliable_delivery",
	"request_url",
	"request_structure",
)


def validate(webhook: Webhook, _method: str | None = None) -> None:
	"""Handle the hook Webhook.validate."""
	if webhook.enabled:
		webhook.disabled_reason = None
	if not webhook.get("reliable_delivery"):
		return
	_check_body(webhook)
	_check_secret(webhook)


def on_update(webhook: Webhook, _method: str | None = None) -> None:
	"""Handle the hook Webhook.on_update: let what is pending be sent once the webhook is enabled."""
	if webhook.enabled:
		frappe.db.after_commit.add(lambda: webhook_queue.enqueue_delivery(webhook.name))


def on_trash(webhook: Webhook, _method: str | None = None) -> None:
	"""Handle the hook Webhook.on_trash."""
	webhook_deliveries.delete_of_webhook(webhook.name)


def _check_body(webhook: Webhook) -> None:
	"""Refuse bodies with values of records that who saves the webhook may not read."""
	is_changed = webhook.webhook_data or any(map(webhook.has_value_changed, CONTENT_FIELDS))
	if webhook.get("thin_body") or not is_changed or frappe.has_permission(webhook.webhook_doctype, "read"):
		return
	refuse(
		_(
			"You may not read {0}, so the webhook can only send the names of changed fields. Turn on Thin Body."
		).format(webhook.webhook_doctype),
		frappe.PermissionError,
	)


def _check_secret(webhook: Webhook) -> None:
	"""Give the webhook a secret if it has none, and refuse one that is no secret of Standard Webhooks."""
	secret = webhook.get_password("signing_secret", raise_exception=False)
	if not secret:
		webhook.signing_secret = generate_secret()
		frappe.msgprint(
			_("Signing secret of the webhook, shown this once: {0}").format(webhook.signing_secret)
		)
	elif not is_valid_secret(secret):
		refuse(
			_("A signing secret is whsec_ followed by 24 to 64 bytes in base64. Clear the field to get one."),
			frappe.ValidationError,
		)
