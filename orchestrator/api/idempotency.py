"""Retries without doubles: the same Idempotency-Key, caller and request replays the first reply.

While a call runs, its key is locked on a separate database connection, which no commit within the work
releases and which ends with the request or its process: parallel calls wait, and a killed worker leaves no
lock. The reply is stored in the transaction of the work, encrypted; a record without a reply is left by a
failed call, and is reused.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.auth import UNSAFE_HTTP_METHODS
from frappe.utils import add_to_date
from frappe.utils.response import json_handler

from orchestrator import clock
from orchestrator.access.key_scope import get_scope
from orchestrator.api import replay_permissions, sealed_replies
from orchestrator.configuration import get_settings
from orchestrator.doctypes import IDEMPOTENCY_RECORD
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
MAX_KEY_LENGTH = 255
LOCK_WAIT_SECONDS = 30
# On frappe.local: the number of writes of the claim in the present transaction
WRITES_OF_CLAIM = "orchestrator_writes_of_claim"


class RequestRunningConflictError(ConflictError):
	"""The first request with the same key still runs. 409; a client may send its request again."""


@dataclass(frozen=True)
class StoredReply:
	"""The stored first reply to a request."""

	data: Any
	message: Any
	status: int


@dataclass(frozen=True)
class KeyClaim:
	"""An Idempotency-Key in use by this request: the name of its record, the key that decrypts the reply, and
	the fingerprint of the request.
	"""

	name: str
	secret: bytes
	method: str
	fingerprint: str


def claim_key(method: str, applies: bool = True) -> KeyClaim | None:
	"""Lock this request's key, None if no key was sent or it does not apply.

	Raises:
		InvalidRequestError: 400, the key is too long.
		RequestRunningConflictError: 409, the first request with the key still runs.
	"""
	request = frappe.local.request
	if not applies or request.method not in UNSAFE_HTTP_METHODS or not (key := request.headers.get(HEADER)):
		return None
	if len(key) > MAX_KEY_LENGTH:
		refuse(_("{0} may have at most {1} characters.").format(HEADER, MAX_KEY_LENGTH), InvalidRequestError)
	scope = get_scope()  # a key with scopes gets no reply that its user, or another key, has got
	user = f"{frappe.session.user}\0{scope.key}" if scope else frappe.session.user
	claimed = KeyClaim(
		name=hashlib.sha256(f"{user}\0{key}".encode()).hexdigest(),
		secret=sealed_replies.compute_digest("reply", user, key),
		method=method,
		fingerprint=_compute_fingerprint(method),
	)
	_lock_key(claimed)
	return claimed


def find_reply(claimed: KeyClaim) -> StoredReply | None:
	"""Return the reply stored for the key; without one, begin to record the permissions that the work checks.

	Raises:
		ConflictError: 409, the key was used for another request.
		PermissionError: 403, DoesNotExistError: 404, the caller may no longer have the reply.
	"""
	replay_permissions.begin_recording()
	record = None if _create_record(claimed) else _get_record(claimed)
	if record is None or record.reply is None or record.expires_at <= clock.get_now():
		if record:
			_reuse_record(claimed)
		_remember_writes()
		return None
	if record.body_hash != claimed.fingerprint:
		refuse(
			_("This {0} was used for another request. Send a new key with a new request.").format(HEADER),
			ConflictError,
		)
	content = sealed_replies.decrypt_reply(record.reply, claimed.secret)
	if content is None:
		refuse(
			_("The reply to this {0} can no longer be read. Send a new key.").format(HEADER), ConflictError
		)
	replay_permissions.check_snapshot(content["permissions"])
	return StoredReply(data=content["data"], message=content["message"], status=record.status_code)


def has_work_to_lose() -> bool:
	"""Return True if a rollback would lose more than this request's claim, which `store_reply` inserts again."""
	return frappe.db.transaction_writes > getattr(frappe.local, WRITES_OF_CLAIM, 0)


def store_reply(claimed: KeyClaim, data: Any, message: Any, status: int, records: Any = None) -> None:
	"""Store the reply in the transaction of the work, also if the work has rolled the claim back.

	Args:
		claimed: the key.
		data: what the reply holds.
		message: its message.
		status: its HTTP status.
		records: where to look for the records that the caller must still be able to read, `data` by default.
	"""
	plain = json.loads(json.dumps(data, default=json_handler))
	permissions = replay_permissions.build_snapshot(plain if records is None else records)
	content = {"data": plain, "message": message, "permissions": permissions}
	reply = sealed_replies.encrypt_reply(content, claimed.secret)
	_create_record(claimed)
	table = frappe.qb.DocType(IDEMPOTENCY_RECORD)
	query = frappe.qb.update(table).set(table.reply, reply).set(table.status_code, status)
	query.where(table.name == claimed.name).run()


def delete_claim(claimed: KeyClaim) -> None:
	"""Delete the claim of a call whose reply cannot be stored."""
	frappe.db.delete(IDEMPOTENCY_RECORD, {"name": claimed.name})


def delete_expired_replies() -> None:
	"""Run daily: delete the replies that have expired."""
	table = frappe.qb.DocType(IDEMPOTENCY_RECORD)
	frappe.qb.from_(table).delete().where(table.expires_at < clock.get_now()).run()


def _lock_key(claimed: KeyClaim) -> None:
	"""Lock the key until the connection is closed at the end of the request."""
	lock = hashlib.sha256(f"{frappe.conf.db_name}\0{claimed.name}".encode()).hexdigest()
	acquired = frappe.db.sql("select get_lock(%s, %s)", (lock, LOCK_WAIT_SECONDS))[0][0]
	if not acquired:
		refuse(
			_("The first request with this {0} is still running. Try again later.").format(HEADER),
			RequestRunningConflictError,
		)


def _create_record(claimed: KeyClaim) -> bool:
	"""Insert a record without a reply. Return False if the key already has a record."""
	now = clock.get_now()
	values = {
		"name": claimed.name,
		"owner": frappe.session.user,
		"creation": now,
		"modified": now,
		"user": frappe.session.user,
		"method": claimed.method[:140],
		"body_hash": claimed.fingerprint,
		"expires_at": _compute_expiry(),
	}
	table = frappe.qb.DocType(IDEMPOTENCY_RECORD)
	try:
		frappe.qb.into(table).columns(*values).insert(*values.values()).run()
	except Exception as error:
		if not frappe.db.is_primary_key_violation(error):
			raise
		return False
	return True


def _get_record(claimed: KeyClaim) -> frappe._dict:
	"""Return the record as it is committed now: a plain read would see this transaction's older snapshot."""
	rows = frappe.db.sql(
		f"select body_hash, status_code, reply, expires_at from `tab{IDEMPOTENCY_RECORD}` where name=%s lock in share mode",  # noqa: S608
		claimed.name,
		as_dict=True,
	)
	return rows[0]


def _reuse_record(claimed: KeyClaim) -> None:
	"""Use the record of a failed or expired call for this one."""
	table = frappe.qb.DocType(IDEMPOTENCY_RECORD)
	query = frappe.qb.update(table).set(table.body_hash, claimed.fingerprint).set(table.reply, None)
	query = query.set(table.method, claimed.method[:140]).set(table.expires_at, _compute_expiry())
	query.where(table.name == claimed.name).run()


def _remember_writes() -> None:
	"""Remember the number of writes of the claim itself in this transaction; in a later one it is zero."""
	setattr(frappe.local, WRITES_OF_CLAIM, frappe.db.transaction_writes)
	for callbacks in (frappe.db.after_commit, frappe.db.after_rollback):
		callbacks.add(lambda: setattr(frappe.local, WRITES_OF_CLAIM, 0))


def _compute_expiry() -> Any:
	return add_to_date(clock.get_now(), hours=get_settings().idempotency_hours)


def _compute_fingerprint(method: str) -> str:
	"""Return a digest of the request: the method, the parameters, the content of uploaded files or of a body in
	another format.
	"""
	request = frappe.local.request
	form = {key: value for key, value in frappe.form_dict.items() if key not in ("cmd", "csrf_token")}
	parts = [method, json.dumps(form, sort_keys=True, default=str)]
	if not (request.is_json or request.form or request.files) and (body := request.get_data(cache=True)):
		parts.append(hashlib.sha256(body).hexdigest())
	for field, file in sorted(request.files.items()):
		file.stream.seek(0)
		parts += [field, str(file.filename), hashlib.sha256(file.stream.read()).hexdigest()]
		file.stream.seek(0)
	return sealed_replies.compute_digest(*parts).hex()
