"""Retries without doubles: the same Idempotency-Key, caller and request replays the first reply.

The key is claimed in the same transaction as the work. A failed request rolls the claim back with everything
else, so it may be repeated; a parallel one waits at the primary key until the first has ended."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_to_date, now_datetime
from frappe.utils.response import json_handler

from orchestrator.configuration import get_settings
from orchestrator.exceptions import BadRequest, Conflict

HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 255
DOCTYPE = "Idempotency Record"


@dataclass(frozen=True)
class Reply:
	"""A reply as it was first given."""

	data: Any
	message: Any
	status: int


def key_of_request(applies: bool) -> str | None:
	"""The record name for this request's key, None where no key was sent or none is honoured."""
	request = frappe.local.request
	if not applies or request.method != "POST" or not (key := request.headers.get(HEADER)):
		return None
	if len(key) > MAX_KEY_LENGTH:
		frappe.throw(_("{0} may have at most {1} characters.").format(HEADER, MAX_KEY_LENGTH), BadRequest)
	return hashlib.sha256(f"{frappe.session.user}\0{key}".encode()).hexdigest()


def claim(name: str, method: str) -> Reply | None:
	"""Claim the key for this request. Returns the earlier reply where there is one.

	Raises Conflict where the key was used for another request."""
	fingerprint = fingerprint_of_request(method)
	if insert_record(name, method, fingerprint):
		return None
	record = read_record(name)
	if record.expires_at <= now_datetime():
		frappe.db.delete(DOCTYPE, {"name": name})
		insert_record(name, method, fingerprint)
		return None
	if record.body_hash != fingerprint:
		frappe.throw(
			_("This {0} was used for another request. Send a new key with a new request.").format(HEADER),
			Conflict,
		)
	if record.reply is None:
		frappe.throw(
			_("The first request with this {0} has no reply yet. Try again later.").format(HEADER), Conflict
		)
	kept = json.loads(record.reply)
	return Reply(data=kept["data"], message=kept["message"], status=record.status_code)


def insert_record(name: str, method: str, fingerprint: str) -> bool:
	"""Insert the claim, False when the key is taken. Waits for a transaction that holds it."""
	now = now_datetime()
	values = {
		"name": name,
		"owner": frappe.session.user,
		"creation": now,
		"modified": now,
		"user": frappe.session.user,
		"method": method[:140],
		"body_hash": fingerprint,
		"expires_at": add_to_date(now, hours=get_settings().idempotency_hours),
	}
	table = frappe.qb.DocType(DOCTYPE)
	try:
		frappe.qb.into(table).columns(*values).insert(*values.values()).run()
	except Exception as error:
		if not frappe.db.is_primary_key_violation(error):
			raise
		return False
	return True


def read_record(name: str) -> frappe._dict:
	"""The record as it is now committed: a plain read would see this transaction's older snapshot."""
	rows = frappe.db.sql(
		f"select body_hash, status_code, reply, expires_at from `tab{DOCTYPE}` where name=%s lock in share mode",  # noqa: S608
		name,
		as_dict=True,
	)
	return rows[0]


def keep(name: str, data: Any, message: Any, status: int) -> None:
	"""Keep the reply, in the transaction of the work itself."""
	reply = json.dumps({"data": data, "message": message}, default=json_handler, separators=(",", ":"))
	table = frappe.qb.DocType(DOCTYPE)
	frappe.qb.update(table).set(table.reply, reply).set(table.status_code, status).where(
		table.name == name
	).run()


def fingerprint_of_request(method: str) -> str:
	"""A digest of what was asked for: the method, the parameters, the bytes of uploaded files."""
	form = {key: value for key, value in frappe.form_dict.items() if key not in ("cmd", "csrf_token")}
	digest = hashlib.sha256(method.encode())
	digest.update(json.dumps(form, sort_keys=True, default=str).encode())
	for field, file in sorted(frappe.local.request.files.items()):
		digest.update(f"\0{field}\0{file.filename}\0".encode())
		digest.update(hashlib.sha256(file.stream.read()).digest())
		file.stream.seek(0)
	return digest.hexdigest()


def delete_expired() -> None:
	"""Scheduled daily: drop the replies that may no longer be replayed."""
	table = frappe.qb.DocType(DOCTYPE)
	frappe.qb.from_(table).delete().where(table.expires_at < now_datetime()).run()
