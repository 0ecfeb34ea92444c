"""Webhooks to recipients outside the organisation: they send the record of a client only where a consent covers it."""

from typing import Any

from frappe.integrations.doctype.webhook.webhook import Webhook

from orchestrator.access import client_references, consent_conditions
from orchestrator.access.disclosures import is_recording
from orchestrator.access.outside_recipients import NOTICE_HEADER, get_notice, parse_recipient
from orchestrator.doctypes import WEBHOOK
from orchestrator.private_doctypes import get_logged_doctypes

TRASH = "on_trash"


def may_send(webhook: Webhook, doctype: str, name: str) -> bool:
	"""Return True for a webhook inside the organisation, and for records that the webhook's recipient may have now.

	A deleted record has no consent any more, and what is not logged is not disclosed.
	"""
	recipient = parse_recipient(webhook, WEBHOOK)
	if recipient is None:
		return True
	if doctype not in client_references.list_guarded_doctypes():
		return consent_conditions.is_covered(recipient, doctype, name)
	if webhook.webhook_docevent == TRASH or doctype not in get_logged_doctypes():
		return False
	return consent_conditions.is_covered(recipient, doctype, name)


def may_store(webhook: Webhook, doctype: str, name: str) -> bool:
	"""Return True where a delivery may be stored: what no access log records is sent to nobody outside."""
	is_inside = parse_recipient(webhook, WEBHOOK) is None
	return is_inside or (is_recording() and may_send(webhook, doctype, name))


def build_headers(webhook: Webhook) -> dict[str, Any]:
	"""Return the notice that goes with what is sent to a recipient outside."""
	is_outside = parse_recipient(webhook, WEBHOOK) is not None
	return {NOTICE_HEADER: get_notice()} if is_outside else {}
