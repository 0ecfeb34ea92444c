"""The jobs that deliver webhooks: at most one waits for each webhook, and one works."""

import contextlib
import hashlib

from redis.exceptions import RedisError

import frappe
from frappe.utils.background_jobs import get_queues_timeout

from orchestrator.doctypes import WEBHOOK

DELIVERY_JOB = "orchestrator.api.webhook_jobs.deliver_webhook"
DEFAULT_QUEUE = "default"
# After that a job that is lost no longer keeps another from being queued.
MARK_SECONDS = 300


def enqueue_delivery(webhook: str) -> None:
	"""Queue a job that delivers what is due, unless one waits. Without Redis the scheduled job does it later."""
	messages = list(frappe.local.message_log)
	try:
		if not frappe.cache().set(_build_mark(webhook), 1, nx=True, ex=MARK_SECONDS):
			return
		frappe.enqueue(DELIVERY_JOB, queue=_choose_queue(webhook), webhook=webhook)
	except (RedisError, frappe.ValidationError) as error:  # no Redis, or a queue that is full
		clear_mark(webhook)
		frappe.local.message_log = messages
		frappe.logger("webhook").warning({"webhook": webhook, "not_queued": type(error).__name__})


def _choose_queue(webhook: str) -> str:
	"""Return the queue that the webhook names, if the bench has it."""
	wanted = frappe.db.get_value(WEBHOOK, webhook, "background_jobs_queue")
	return wanted if wanted in get_queues_timeout() else DEFAULT_QUEUE


def clear_mark(webhook: str) -> None:
	"""Let the next job be queued: from now on it would see what this one may miss."""
	with contextlib.suppress(RedisError):
		frappe.cache().delete(_build_mark(webhook))


def acquire_lock(webhook: str) -> bool:
	"""Return True if this connection now is the only one that delivers the webhook. It keeps the lock over commits, and
	loses it with its process, or when the database ends it because its host has been silent for too long.
	"""
	return bool(frappe.db.sql("select get_lock(%s, 0)", _build_lock(webhook))[0][0])


def release_lock(webhook: str) -> None:
	"""Let another connection deliver the webhook."""
	frappe.db.sql("select release_lock(%s)", _build_lock(webhook))


def _build_mark(webhook: str) -> bytes:
	return frappe.cache().make_key(f"orchestrator:webhook-queued:{webhook}")


def _build_lock(webhook: str) -> str:
	return hashlib.sha256(f"{frappe.conf.db_name}\0webhook\0{webhook}".encode()).hexdigest()
