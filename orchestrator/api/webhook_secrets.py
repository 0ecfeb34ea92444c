"""Signing secrets of webhooks, and their rotation."""

from datetime import datetime

from frappe.integrations.doctype.webhook.webhook import Webhook
from frappe.utils import add_to_date, get_datetime

from orchestrator import clock
from orchestrator.api.webhook_signatures import generate_secret


def list_valid_secrets(webhook: Webhook) -> list[str]:
	"""Return the secrets that sign at this moment: the webhook's own, and while it is rotated the previous one."""
	secrets = [webhook.get_password("signing_secret", raise_exception=False)]
	expiry = webhook.previous_secret_expires_at
	if expiry and get_datetime(expiry) > clock.get_now():
		secrets.append(webhook.get_password("previous_signing_secret", raise_exception=False))
	return [secret for secret in secrets if secret]


def rotate_secret(webhook: Webhook, overlap_hours: int) -> tuple[str, datetime]:
	"""Give a webhook a new secret, and let the present one sign as well for a time.

	Returns:
		The new secret, and when the previous one stops to sign.
	"""
	secret = generate_secret()
	expiry = add_to_date(clock.get_now_to_second(), hours=overlap_hours)
	webhook.previous_signing_secret = webhook.get_password("signing_secret", raise_exception=False)
	webhook.previous_secret_expires_at = expiry
	webhook.signing_secret = secret
	webhook.save()
	return secret, expiry
