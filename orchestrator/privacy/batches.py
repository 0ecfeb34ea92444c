"""Batches of the access log: what one reply, mail or webhook gave to one receiver, in one row that nothing contends for.

A batch waits for a few minutes until it is sealed: see sealing.py.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import frappe

from orchestrator.access.disclosures import Disclosed, Receiver, record_sent
from orchestrator.access.key_scope import get_recipient
from orchestrator.access.outside_recipients import (
	OutsideRecipient,
	are_consents_required,
	parse_recipient,
)
from orchestrator.api import key_authentication, route
from orchestrator.doctypes import ACCESS_LOG_BATCH, WEBHOOK
from orchestrator.privacy import ledger

WEBHOOK_PREFIX: Final = "Webhook: "
MAX_TEXT: Final = 140
# So that neither a row nor a statement is too long for the database, which accepts 16 MiB
MAX_RECORDS: Final = 20_000
MAX_ROWS: Final = 4
SEQUENCE: Final = "access_log_batch_id_seq"
COLUMNS: Final = ("accessed_at", "user", "recipient", "route", "api_key", "purpose", "records")
Records = dict[str, list[str]]


def write_batches(records: Disclosed, purpose: str) -> None:
	"""Write records to the log in the present transaction, by one statement unless they are very many.

	What a recipient outside the organisation gets is written to the record of disclosures as well.

	Raises:
		MissingConsentError: 403. No consent covers what a recipient outside would get.
	"""
	now, path, key = datetime.now(UTC).replace(tzinfo=None), get_route(), _get_key()
	rows = [
		(now, receiver.user, receiver.recipient[:MAX_TEXT], path, key, purpose, serialize_records(names))
		for receiver, names in _group_records(records)
	]
	for start in range(0, len(rows), MAX_ROWS):
		_insert_rows(rows[start : start + MAX_ROWS])
	_write_disclosures(records, path)


def _write_disclosures(records: Disclosed, path: str) -> None:
	"""Write what recipients outside get: the caller by an API key of theirs, or the receiver of a webhook."""
	caller = get_recipient()
	for (receiver, doctype), names in records.items():
		recipient = _find_webhook_recipient(receiver) if receiver.recipient else caller
		if recipient:
			ledger.write_disclosures(recipient, {doctype: names}, path)


def _find_webhook_recipient(receiver: Receiver) -> OutsideRecipient | None:
	if not receiver.recipient.startswith(WEBHOOK_PREFIX) or not are_consents_required():
		return None
	webhook = frappe.db.get_value(WEBHOOK, receiver.recipient.removeprefix(WEBHOOK_PREFIX), "*", as_dict=True)
	return parse_recipient(webhook, WEBHOOK) if webhook else None


def _group_records(disclosed: Disclosed) -> Iterator[tuple[Receiver, Records]]:
	"""Yield the records of each receiver, in parts that fit into a row."""
	parts: dict[Receiver, list[Records]] = {}
	for (receiver, doctype), names in disclosed.items():
		found = list(names)
		rows = parts.setdefault(receiver, [{}])
		if len(found) > MAX_RECORDS:
			rows += [
				{doctype: found[start : start + MAX_RECORDS]} for start in range(0, len(found), MAX_RECORDS)
			]
		elif found:
			rows[0][doctype] = found
	for receiver, rows in parts.items():
		yield from ((receiver, row) for row in rows if row)


def _insert_rows(rows: list[tuple[Any, ...]]) -> None:
	columns = ", ".join(f"`{column}`" for column in COLUMNS)
	values = ", ".join([f"(next value for `{SEQUENCE}`{', %s' * len(COLUMNS)})"] * len(rows))
	frappe.db.sql(
		f"insert into `tab{ACCESS_LOG_BATCH}` (`name`, {columns}) values {values}",  # noqa: S608  # names of ours
		[value for row in rows for value in row],
	)


def serialize_records(records: Records) -> str:
	"""Return records as JSON, without spaces."""
	return json.dumps(records, separators=(",", ":"), ensure_ascii=False)


def get_route() -> str:
	"""Return by which way records are given: the method, the route of REST with its DocType, the page, or the job."""
	job, request = getattr(frappe.local, "job", None), getattr(frappe.local, "request", None)
	if request is None:
		return f"job {job.method}"[:MAX_TEXT] if job else ""
	if method := route.get_requested_method(request):
		return method[:MAX_TEXT]
	parts = request.path.strip("/").split("/")
	kept = (
		parts[:-1] if route.find_route(request).arguments.get("name") or parts[-2:-1] == ["files"] else parts
	)
	return f"{request.method} /{'/'.join(kept)}"[:MAX_TEXT]


def list_mail_receivers(recipients: Iterable[Any]) -> list[Receiver]:
	"""Return the receivers of a mail: users where the addresses are theirs."""
	addresses = [str(row.recipient) for row in recipients if row.recipient]
	users = set(frappe.get_all("User", {"name": ("in", addresses)}, pluck="name")) if addresses else set()
	return [Receiver(address if address in users else "", address) for address in addresses]


def record_stock_webhook(kwargs: dict[str, Any]) -> None:
	"""Write and commit the entry of a webhook without reliable delivery, before Frappe's job sends it."""
	doc, webhook = kwargs.get("doc"), kwargs.get("webhook")
	if doc is None or webhook is None:
		return
	name = webhook if isinstance(webhook, str) else webhook.get("name")
	record_sent(doc.get("doctype"), str(doc.get("name")), [Receiver("", f"Webhook: {name}")])
	frappe.db.commit()


def _get_key() -> str:
	return key_authentication.get_current_key() or ""
