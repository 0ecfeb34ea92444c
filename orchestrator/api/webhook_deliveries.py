"""Deliveries of webhooks: which are due, what an attempt leaves in them, replay and retention.

The events of a record are delivered one after the other: a delivery waits while an earlier one of its webhook and record
is pending.
"""

from datetime import datetime

import frappe
from frappe.utils import add_to_date

from orchestrator import clock
from orchestrator.api.webhook_schedule import compute_next_attempt
from orchestrator.api.webhook_transport import Outcome
from orchestrator.configuration import get_settings
from orchestrator.doctypes import WEBHOOK, WEBHOOK_DELIVERY

PENDING = "Pending"
DELIVERED = "Delivered"
FAILED = "Failed"
STATUSES = (PENDING, DELIVERED, FAILED)
MAX_REPLAYS = 10_000

# The first pending delivery of each record, if it is due.
_DUE = """
	from (
		select min(name) as name from `tabWebhook Delivery`
		where webhook = %(webhook)s and status = 'Pending'
		group by reference_doctype, reference_name
	) first
	join `tabWebhook Delivery` delivery on delivery.name = first.name
	where delivery.next_attempt_at <= %(now)s
"""
_COLUMNS = (
	"delivery.name, delivery.message_id, delivery.sealed_payload, delivery.attempts, delivery.queued_at,"
	" delivery.reference_doctype, delivery.reference_name"
)


def find_due(webhook: str, limit: int) -> list[frappe._dict]:
	"""Return deliveries that may be sent now, each of another record: those that have failed least, then the oldest."""
	query = f"select {_COLUMNS} {_DUE} order by delivery.attempts, delivery.name limit %(limit)s"
	return frappe.db.sql(query, {"webhook": webhook, "now": clock.get_now(), "limit": limit}, as_dict=True)


def has_due(webhook: str) -> bool:
	"""Return True if a delivery may be sent now."""
	return bool(find_due(webhook, 1))


def list_webhooks_with_due() -> list[str]:
	"""Return the enabled webhooks that have something to deliver."""
	return frappe.db.sql(
		"""
		select distinct delivery.webhook from `tabWebhook Delivery` delivery
		join `tabWebhook` webhook on webhook.name = delivery.webhook and webhook.enabled = 1
		where delivery.status = 'Pending' and delivery.next_attempt_at <= %s
		""",
		clock.get_now(),
		pluck=True,
	)


def apply_outcome(delivery: frappe._dict, outcome: Outcome) -> str:
	"""Store the outcome of an attempt. Return the delivery's new status."""
	now = clock.get_now()
	attempts = delivery.attempts + 1
	values = {
		"attempts": attempts,
		"last_attempt_at": now,
		"last_status_code": outcome.status_code or 0,
		"last_error": outcome.error,
		"response_milliseconds": outcome.milliseconds,
	}
	status = DELIVERED
	if outcome.is_delivered:
		values |= {"status": DELIVERED, "delivered_at": now, "next_attempt_at": None}
	else:
		again = compute_next_attempt(attempts, delivery.queued_at, now, outcome.retry_after_seconds)
		status = PENDING if again else FAILED
		values |= {"status": status, "next_attempt_at": again}
	_update(delivery.name, values)
	return status


def mark_failed(delivery: frappe._dict, error: str) -> None:
	"""Mark a delivery as failed that cannot be sent at all."""
	_update(delivery.name, {"status": FAILED, "next_attempt_at": None, "last_error": error})


def bring_forward(webhook: str) -> None:
	"""Make all deliveries that wait for another attempt due now: the receiver answers again."""
	table = frappe.qb.DocType(WEBHOOK_DELIVERY)
	now = clock.get_now()
	query = frappe.qb.update(table).set(table.next_attempt_at, now)
	query.where((table.webhook == webhook) & (table.status == PENDING) & (table.next_attempt_at > now)).run()


def has_delivered_since(webhook: str, moment: datetime) -> bool:
	"""Return True if the webhook has delivered anything from `moment` on."""
	filters = {"webhook": webhook, "status": DELIVERED, "delivered_at": (">=", moment)}
	return bool(frappe.db.exists(WEBHOOK_DELIVERY, filters))


def count_pending(webhook: str) -> int:
	"""Return how many deliveries are pending."""
	return frappe.db.count(WEBHOOK_DELIVERY, {"webhook": webhook, "status": PENDING})


def has_pending_values(webhook: str) -> bool:
	"""Return True if deliveries are pending whose bodies have values of records."""
	return bool(frappe.db.exists(WEBHOOK_DELIVERY, {"webhook": webhook, "status": PENDING, "is_thin": 0}))


def list_records_with_values(deliveries: list[int]) -> list[frappe._dict]:
	"""Return those of the deliveries whose bodies have values, with the record of each."""
	filters = {"name": ("in", deliveries), "is_thin": 0}
	fields = ["name", "reference_doctype", "reference_name"]
	return frappe.get_all(
		WEBHOOK_DELIVERY, filters=filters, fields=fields
	)  # of a webhook that the caller may write


def queue_again(deliveries: list[int]) -> None:
	"""Make deliveries due again, with the same message id and payload, and three days of attempts from now."""
	table = frappe.qb.DocType(WEBHOOK_DELIVERY)
	now = clock.get_now()
	query = frappe.qb.update(table).set(table.status, PENDING).set(table.attempts, 0)
	query = query.set(table.next_attempt_at, now).set(table.queued_at, now)
	query = query.set(table.replays, table.replays + 1)
	query.where(table.name.isin(deliveries)).run()


def list_replayable(webhook: str, start: datetime, end: datetime, status: str | None) -> list[int]:
	"""Return the deliveries of events from one second to another, oldest first; one more than may be replayed at once."""
	filters = [
		["webhook", "=", webhook],
		["creation", ">=", start],
		["creation", "<", add_to_date(end, seconds=1)],
		["sealed_payload", "is", "set"],
		["status", "in", [status] if status else STATUSES],
	]
	return frappe.get_all(  # of a webhook that the caller may write
		WEBHOOK_DELIVERY, filters=filters, pluck="name", order_by="name", limit=MAX_REPLAYS + 1
	)


def delete_webhook_deliveries(webhook: str) -> None:
	"""Delete the deliveries of a webhook."""
	frappe.db.delete(WEBHOOK_DELIVERY, {"webhook": webhook})


def delete_old_deliveries() -> None:
	"""Run daily: delete deliveries older than the retention. Those that an enabled webhook still sends stay."""
	days = get_settings().webhook_retention_days
	enabled = frappe.get_all(WEBHOOK, {"enabled": 1}, pluck="name")
	table = frappe.qb.DocType(WEBHOOK_DELIVERY)
	query = frappe.qb.from_(table).delete().where(table.creation < add_to_date(clock.get_now(), days=-days))
	if enabled:
		query = query.where((table.status != PENDING) | table.webhook.notin(enabled))
	query.run()


def _update(name: int, values: dict[str, object]) -> None:
	frappe.db.set_value(WEBHOOK_DELIVERY, name, values, update_modified=False)
