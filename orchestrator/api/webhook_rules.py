"""Rules of webhooks with reliable delivery: their bodies, secrets and deliveries."""

import frappe
from frappe import _
from frappe.integrations.doctype.webhook.webhook import Webhook

from orchestrator.access.outside_recipients import check_description
from orchestrator.access.record_conditions import can_read_all
from orchestrator.api import webhook_deliveries, webhook_queue
from orchestrator.api.webhook_signatures import generate_secret, is_valid_secret
from orchestrator.exceptions import refuse
from orchestrator.private_doctypes import get_private_doctypes

# They decide what is sent, and to whom.
CONTENT_FIELDS = (
	"webhook_doctype",
	"webhook_json",
	"thin_body",
	"reliable_delivery",
	"request_url",
	"is_dynamic_url",
	"request_structure",
)


def validate(webhook: Webhook, _method: str | None = None) -> None:
	"""Handle the hook Webhook.validate."""
	if webhook.enabled:
		webhook.disabled_reason = None
	_check_recipient(webhook)
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
	webhook_deliveries.delete_webhook_deliveries(webhook.name)


def _check_body(webhook: Webhook) -> None:
	"""Refuse what would send values of records that whoever saves the webhook may not read."""
	is_changed = webhook.webhook_data or any(map(webhook.has_value_changed, CONTENT_FIELDS))
	if not is_changed or _may_send_values(webhook.webhook_doctype):
		return
	if not webhook.get("thin_body"):
		text = _(
			"You may not read {0}, so the webhook can only send the names of changed fields. Turn on Thin Body."
		)
	elif webhook.is_dynamic_url:
		text = _(
			"You may not read {0}, so the webhook's address cannot have their values. Turn off Is Dynamic URL."
		)
	elif webhook.has_value_changed("request_url") and webhook_deliveries.has_pending_values(webhook.name):
		text = _(
			"You may not read {0}, and deliveries with their values are pending. Change the address once they are delivered."
		)
	else:
		return
	refuse(text.format(_describe_records(webhook.webhook_doctype)), frappe.PermissionError)


def _may_send_values(doctype: str) -> bool:
	"""Return True for whoever may read the DocType, and all records of it where they are private."""
	if doctype in get_private_doctypes():
		return can_read_all(doctype, frappe.session.user)
	return bool(frappe.has_permission(doctype, "read"))


def _describe_records(doctype: str) -> str:
	"""Return what somebody may not read: the DocType, or some of its records."""
	return _("all records of {0}").format(doctype) if frappe.has_permission(doctype, "read") else doctype


def _check_recipient(webhook: Webhook) -> None:
	"""Refuse a recipient outside that is not described, or whose deliveries could not be held back."""
	if not webhook.get("is_outside_recipient"):
		return
	check_description(webhook)
	if not webhook.get("reliable_delivery"):
		refuse(
			_("A webhook to a recipient outside the organisation needs Reliable Delivery."),
			frappe.ValidationError,
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
