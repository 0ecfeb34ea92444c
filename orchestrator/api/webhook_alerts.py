"""Disabling of webhooks whose receiver no longer accepts anything, and the notification about it."""

import frappe
from frappe import _

from orchestrator.api import webhook_deliveries
from orchestrator.doctypes import WEBHOOK

ROLE = "System Manager"


def disable_webhook(name: str, reason: str) -> None:
	"""Disable a webhook and notify its owner and the System Managers. What is pending is sent once it is enabled again."""
	if not frappe.db.get_value(WEBHOOK, name, "enabled"):
		return  # or deleted meanwhile
	webhook = frappe.get_doc(WEBHOOK, name)
	webhook.db_set({"enabled": 0, "disabled_reason": reason})
	webhook.run_method("on_update")  # clears the caches of enabled webhooks
	_notify(webhook.name, webhook.owner, reason)


def build_failure_reason() -> str:
	"""Return the reason for a receiver that has accepted nothing for three days."""
	return _("The receiver has accepted nothing for three days.")


def build_gone_reason() -> str:
	"""Return the reason for a receiver that has answered 410."""
	return _("The receiver has answered 410 (Gone): it wants no more deliveries.")


def _notify(webhook: str, owner: str, reason: str) -> None:
	subject = _("Webhook {0} was disabled. {1} {2} deliveries are pending.").format(
		webhook, reason, webhook_deliveries.count_pending(webhook)
	)
	for user in _list_recipients(owner):
		frappe.get_doc(
			{
				"doctype": "Notification Log",
				"subject": subject,
				"for_user": user,
				"type": "Alert",
				"document_type": WEBHOOK,
				"document_name": webhook,
				"from_user": frappe.session.user,
			}
		).insert(ignore_permissions=True)


def _list_recipients(owner: str) -> list[str]:
	"""Return the enabled users who may manage webhooks, and the owner."""
	holders = frappe.get_all(  # whoever they are
		"Has Role", {"parenttype": "User", "role": ROLE}, pluck="parent", distinct=True
	)
	candidates = [*holders, owner]
	enabled = frappe.get_all("User", {"name": ("in", candidates), "enabled": 1}, pluck="name")
	return sorted({*enabled, "Administrator"})
