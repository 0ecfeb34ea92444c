"""Give the webhooks that the API has made reliable delivery. Their bodies and headers stay; a signature is added."""

import frappe
from frappe.utils.password import set_encrypted_password

from orchestrator.api.webhook_signatures import generate_secret
from orchestrator.doctypes import WEBHOOK
from orchestrator.setup import custom_fields

FIELD = "signing_secret"


def execute() -> None:
	custom_fields.sync_custom_fields()
	filters = {"public_target_only": 1, "reliable_delivery": 0}
	for name in frappe.get_all(WEBHOOK, filters=filters, pluck="name"):
		secret = generate_secret()
		set_encrypted_password(WEBHOOK, name, secret, FIELD)
		frappe.db.set_value(WEBHOOK, name, {"reliable_delivery": 1, FIELD: "*" * len(secret)})
