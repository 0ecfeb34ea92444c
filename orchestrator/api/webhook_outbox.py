"""Outbox of webhooks with reliable delivery: a delivery is stored in the transaction of the change that it reports.

Frappe evaluates which webhooks an event calls, and collects them until the transaction is committed. Right before that,
those with reliable delivery are moved from there into Webhook Delivery. So a change that is rolled back sends nothing,
and one that is committed is sent even if Redis or every worker dies at that moment.
"""

import functools
import uuid
from typing import Any

import frappe
from frappe.integrations.doctype.webhook.webhook import Webhook
from frappe.model.document import Document
from frappe.model.dynamic_links import invalidate_distinct_link_doctypes
from frappe.utils import get_datetime

from orchestrator import clock
from orchestrator.access.disclosures import Receiver, record_sent
from orchestrator.api import webhook_payloads, webhook_queue
from orchestrator.api.webhook_recipients import may_store
from orchestrator.compat import get_enabled_webhooks
from orchestrator.doctypes import WEBHOOK, WEBHOOK_DELIVERY
from orchestrator.rows import Row, insert_rows

# On frappe.local: Frappe's queue, and our records as they were before the transaction.
FRAPPE_QUEUE = "_webhook_queue"
FORMER_RECORDS = "orchestrator_webhook_former_records"
TRASH = "on_trash"
RecordKey = tuple[str, str]


def on_event(doc: Document, _method: str | None = None) -> None:
	"""Handle the hooks on document events of every DocType, which run before Frappe chooses the webhooks of the event."""
	flags = frappe.flags
	if flags.in_import or flags.in_patch or flags.in_install or flags.in_migrate:
		return  # Frappe calls no webhooks then
	if doc.doctype not in get_enabled_webhooks():
		return
	former = _get_former_records()
	former.setdefault((doc.doctype, str(doc.name)), doc.get_doc_before_save())
	# Each time, because a rollback forgets the callbacks of its transaction.
	frappe.db.before_commit.add(_store_deliveries)
	frappe.db.after_rollback.add(_discard)


def _get_former_records() -> dict[RecordKey, Document | None]:
	if not hasattr(frappe.local, FORMER_RECORDS):
		setattr(frappe.local, FORMER_RECORDS, {})
	return getattr(frappe.local, FORMER_RECORDS)


def _discard() -> None:
	"""Forget the events of a transaction that was rolled back. Frappe would send them after the next commit."""
	for attribute in (FRAPPE_QUEUE, FORMER_RECORDS):
		if hasattr(frappe.local, attribute):
			delattr(frappe.local, attribute)


def _store_deliveries() -> None:
	"""Store a delivery for each webhook and record in Frappe's queue, with the record's last state. Runs before a commit."""
	queue = getattr(frappe.local, FRAPPE_QUEUE, None)
	if not queue:
		return
	webhooks = _load_webhooks({entry.webhook.get("name") for entry in queue})
	former = _get_former_records()
	setattr(frappe.local, FORMER_RECORDS, {})
	if not webhooks:
		return
	chosen = [entry for entry in queue if entry.webhook.get("name") in webhooks]
	queue[:] = [entry for entry in queue if entry.webhook.get("name") not in webhooks]
	latest = {(entry.webhook.get("name"), entry.doc.doctype, str(entry.doc.name)): entry for entry in chosen}
	rows = [
		row
		for (webhook, doctype, name), entry in latest.items()
		if may_store(webhooks[webhook], doctype, name)
		and (row := _build_row(webhooks[webhook], entry.doc, former.get((doctype, name))))
	]
	if rows:
		_insert_rows(rows)


def _insert_rows(rows: list[Row]) -> None:
	"""Insert deliveries, and have their jobs queued after the commit."""
	insert_rows(WEBHOOK_DELIVERY, rows)
	for row in rows:
		receiver = Receiver("", f"{WEBHOOK}: {row['webhook']}")
		record_sent(str(row["reference_doctype"]), str(row["reference_name"]), [receiver])
	# So that Frappe finds them where it renames a record.
	for doctype in {row["reference_doctype"] for row in rows}:
		invalidate_distinct_link_doctypes(WEBHOOK_DELIVERY, "reference_doctype", doctype)
	for webhook in sorted({str(row["webhook"]) for row in rows}):
		frappe.db.after_commit.add(functools.partial(webhook_queue.enqueue_delivery, webhook))


def _load_webhooks(names: set[str]) -> dict[str, Webhook]:
	"""Return those of the webhooks that have reliable delivery."""
	if not frappe.db.has_column(WEBHOOK, "reliable_delivery"):
		return {}  # before the first migration
	filters = {"name": ("in", list(names)), "reliable_delivery": 1}
	found = frappe.get_all(WEBHOOK, filters=filters, pluck="name")  # whoever makes the change
	return {name: frappe.get_cached_doc(WEBHOOK, name) for name in found}


def _build_row(webhook: Webhook, doc: Document, before: Document | None) -> Row | None:
	"""Return the row of a delivery, None where the change was rolled back to a savepoint."""
	current = _get_current(webhook.webhook_docevent, doc)
	if current is None:
		return None
	now = clock.get_now()
	row: dict[str, Any] = {
		"name": frappe.db.get_next_sequence_val(WEBHOOK_DELIVERY),
		"webhook": webhook.name,
		"event": webhook.webhook_docevent,
		"reference_doctype": current.doctype,
		"reference_name": str(current.name),
		"message_id": str(uuid.uuid4()),
		"is_thin": int(bool(webhook.get("thin_body"))),
		"queued_at": now,
		"next_attempt_at": now,
	}
	return row | _build_content(webhook, current, before, row["message_id"])


def _build_content(
	webhook: Webhook, doc: Document, before: Document | None, message_id: str
) -> dict[str, str | None]:
	"""Return the columns of the payload. A template that fails must not undo the change."""
	try:
		payload = webhook_payloads.build_payload(webhook, doc, before)
	except Exception as error:
		return {
			"status": "Failed",
			"last_error": type(error).__name__,
			"payload_digest": None,
			"sealed_payload": None,
		}
	return {
		"status": "Pending",
		"last_error": None,
		"payload_digest": payload.digest,
		"sealed_payload": webhook_payloads.seal_payload(payload, message_id),
	}


def _get_current(event: str, doc: Document) -> Document | None:
	"""Return the record as it is about to be committed, None where that contradicts the event: a change may have been
	rolled back to a savepoint after Frappe had put it into its queue.
	"""
	if doc.meta.get("is_virtual"):
		return doc
	modified = frappe.db.get_value(doc.doctype, doc.name, "modified")
	if event == TRASH:
		return None if modified else doc
	if not modified:
		return None
	if get_datetime(modified) == get_datetime(doc.modified):
		return doc
	return frappe.get_doc(doc.doctype, doc.name)
