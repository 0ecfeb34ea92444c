"""Replays of webhook deliveries, as callers ask for them."""

from collections import defaultdict
from datetime import datetime

import frappe
from frappe import _
from frappe.integrations.doctype.webhook.webhook import Webhook

from orchestrator import clock
from orchestrator.access.record_conditions import can_read_all
from orchestrator.api import webhook_deliveries, webhook_queue
from orchestrator.api.readable_names import list_readable_names
from orchestrator.api.records import raise_not_found
from orchestrator.doctypes import WEBHOOK, WEBHOOK_DELIVERY
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.period import parse_timestamp


def get_writable_webhook(name: str) -> Webhook:
	"""Return a webhook with reliable delivery that the caller may write.

	Raises:
		PermissionError: 403. The caller may not write webhooks.
		DoesNotExistError: 404. There is none of that name, or the caller may not read it.
		ConflictError: 409. It does not have reliable delivery.
	"""
	frappe.has_permission(WEBHOOK, "write", throw=True)
	if not name or not frappe.db.exists(WEBHOOK, name):
		raise_not_found(WEBHOOK, name)
	webhook = frappe.get_doc(WEBHOOK, name)
	if not webhook.has_permission("read"):
		raise_not_found(WEBHOOK, name)
	webhook.check_permission("write")
	if not webhook.get("reliable_delivery"):
		refuse(
			_("Webhook {0} does not have reliable delivery. Turn it on in the webhook.").format(name),
			ConflictError,
		)
	return webhook


def find_deliveries(
	webhook: Webhook, delivery: int | None, from_time: str | None, to_time: str | None, status: str | None
) -> list[int]:
	"""Return the deliveries that a caller asks for."""
	if (delivery is None) == (from_time is None) or (delivery is not None and (to_time or status)):
		refuse(
			_("Send either delivery, or from_time with to_time and status as you like."), InvalidRequestError
		)
	if delivery is not None:
		found = [_find_one(webhook, delivery)]
		if not _filter_readable(found):
			refuse(
				_(
					"You may not read the record whose values delivery {0} has, so you cannot have it sent."
				).format(delivery),
				frappe.PermissionError,
			)
		return found
	if status and status not in webhook_deliveries.STATUSES:
		refuse(
			_("status must be one of {0}.").format(", ".join(webhook_deliveries.STATUSES)),
			InvalidRequestError,
		)
	start = parse_timestamp("from_time", str(from_time))
	end = parse_timestamp("to_time", to_time) if to_time else clock.get_now()
	return _filter_readable(_find_range(webhook, start, end, status))


def _filter_readable(deliveries: list[int]) -> list[int]:
	"""Return those of the deliveries that have no values, or those of records that the caller may read now.

	Whoever may write a webhook could otherwise have records sent to an address of theirs that they may not read.
	"""
	user, names = frappe.session.user, defaultdict(list)
	with_values = webhook_deliveries.list_records_with_values(deliveries)
	for row in with_values:
		names[row.reference_doctype].append(row.reference_name)
	hidden: set[int] = set()
	for doctype, found in names.items():
		if not can_read_all(doctype, user):
			readable = list_readable_names(frappe.get_meta(doctype), found, user)
			hidden |= {
				row.name
				for row in with_values
				if row.reference_doctype == doctype and row.reference_name not in readable
			}
	return [delivery for delivery in deliveries if delivery not in hidden]


def replay(webhook: Webhook, deliveries: list[int]) -> int:
	"""Queue deliveries again. Return how many.

	Raises:
		ConflictError: 409. The webhook is disabled.
	"""
	if not webhook.enabled:
		refuse(
			_("Webhook {0} is disabled. Enable it, then replay its deliveries.").format(webhook.name),
			ConflictError,
		)
	if deliveries:
		webhook_deliveries.queue_again(deliveries)
		frappe.db.after_commit.add(lambda: webhook_queue.enqueue_delivery(webhook.name))
	return len(deliveries)


def _find_one(webhook: Webhook, delivery: int) -> int:
	"""Return one delivery of the webhook. 404 where it has none of that name, 409 where its payload is gone."""
	row = frappe.db.get_value(
		WEBHOOK_DELIVERY,
		{"name": delivery, "webhook": webhook.name},
		["name", "sealed_payload"],
		as_dict=True,
	)
	if not row:
		raise_not_found(WEBHOOK_DELIVERY, delivery)
	if not row.sealed_payload:
		refuse(
			_("The body of delivery {0} could not be built, so it cannot be sent.").format(delivery),
			ConflictError,
		)
	return row.name


def _find_range(webhook: Webhook, start: datetime, end: datetime, status: str | None) -> list[int]:
	"""Return the deliveries in a range of time. 422 for too many."""
	if end < start:
		refuse(_("to_time must not be before from_time."), InvalidRequestError)
	found = webhook_deliveries.list_replayable(webhook.name, start, end, status)
	if len(found) > webhook_deliveries.MAX_REPLAYS:
		refuse(
			_("The range holds more than {0} deliveries. Send a shorter one.").format(
				webhook_deliveries.MAX_REPLAYS
			),
			frappe.ValidationError,
		)
	return found
