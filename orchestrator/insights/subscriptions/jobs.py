"""The jobs that send subscriptions.

A mail is put into the email queue in the transaction that stores its Dashboard Mail, whose name is unique for each
recipient and time. So it leaves once, however many schedulers and workers run, and whenever one of them is killed.
"""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.translate import get_user_lang, print_language
from frappe.utils import add_days, add_to_date, get_datetime

from orchestrator import clock, compat, leases
from orchestrator.doctypes import DASHBOARD_MAIL, DASHBOARD_SUBSCRIPTION
from orchestrator.insights.subscriptions import mails, rules
from orchestrator.insights.subscriptions.content import NothingToSendError
from orchestrator.insights.subscriptions.schedule import compute_next
from orchestrator.rows import insert_rows

if TYPE_CHECKING:
	from frappe.model.document import Document

	from orchestrator.orchestrator.doctype.dashboard_subscription.dashboard_subscription import (
		DashboardSubscription,
	)

RECIPIENT = "Dashboard Subscription Recipient"
QUEUED, SKIPPED, FAILED = "Queued", "Skipped", "Failed"
RETENTION_DAYS = 90
TIMEOUT_SECONDS = 1500


def enqueue_due_subscriptions() -> list[str]:
	"""Run every five minutes: queue a job for each subscription that is due. Return their names."""
	if not rules.is_mail_allowed():
		return []
	now = clock.get_now()
	# get_all: the scheduler acts for all users
	due = frappe.get_all(DASHBOARD_SUBSCRIPTION, {"enabled": 1, "next_send_at": ("<=", now)}, pluck="name")
	return [name for name in due if _claim(name, now)]


def _claim(name: str, now: datetime) -> bool:
	"""Queue the job of a subscription, unless a living one was queued or has sent something within a lease."""
	frappe.db.sql(
		f"""UPDATE `tab{DASHBOARD_SUBSCRIPTION}` SET last_queued_at = %(now)s
			WHERE name = %(name)s AND (last_queued_at IS NULL OR last_queued_at <= %(limit)s)""",  # noqa: S608
		{"now": now, "name": name, "limit": add_to_date(now, seconds=-leases.get_lease_seconds())},
	)
	is_claimed = bool(frappe.db.sql("SELECT ROW_COUNT()")[0][0])
	frappe.db.commit()
	if is_claimed:
		frappe.enqueue(send_subscription, queue="long", timeout=TIMEOUT_SECONDS, subscription=name)
	return is_claimed


def send_subscription(subscription: str) -> None:
	"""Run as a job: send a subscription that is due to each recipient, and compute when it is due next."""
	doc = _get_due(subscription)
	if not doc:
		return
	due_at = get_datetime(doc.next_send_at)
	if not mails.can_send():
		_notify_owner(doc, _("The dashboard {0} was not sent: this site has no outgoing email account."))
	elif frappe.db.get_value("User", doc.owner, "enabled"):
		for row in doc.recipients:
			if not row.unsubscribed:
				_send_once(doc, row, due_at)
	following = compute_next(rules.get_schedule(doc), clock.get_now())
	# unless another worker was faster, or somebody has changed the schedule
	frappe.db.set_value(
		DASHBOARD_SUBSCRIPTION,
		{"name": doc.name, "next_send_at": due_at},
		{"next_send_at": following, "last_queued_at": None},
		update_modified=False,
	)
	frappe.db.commit()


def _get_due(subscription: str) -> "DashboardSubscription | None":
	if not (rules.is_mail_allowed() and frappe.db.exists(DASHBOARD_SUBSCRIPTION, subscription)):
		return None
	doc = frappe.get_doc(DASHBOARD_SUBSCRIPTION, subscription)
	is_due = doc.enabled and doc.next_send_at and get_datetime(doc.next_send_at) <= clock.get_now()
	return doc if is_due else None


def _send_once(doc: "DashboardSubscription", row: "Document", due_at: datetime) -> None:
	"""Send the mail of one recipient, unless that was done. Commits."""
	name = _build_name(doc.name, row.user, due_at)
	if frappe.db.exists(DASHBOARD_MAIL, name):
		return
	mail, status, reason = _build_outcome(doc, row.user)
	frappe.db.rollback()  # nothing that the figures have left behind
	try:
		values = {"subscription": doc.name, "user": row.user, "due_at": due_at}
		insert_rows(DASHBOARD_MAIL, [{"name": name, **values, "status": status, "reason": reason}])
		if mail:
			mails.queue_mail(mail)
		_update_recipient(doc, row, reason)
		frappe.db.commit()
	except compat.IntegrityError:  # another worker was faster
		frappe.db.rollback()


def _build_name(subscription: str, user: str, due_at: datetime) -> str:
	text = f"{subscription}|{user}|{due_at.isoformat()}"
	return hashlib.sha256(text.encode()).hexdigest()[:40]


def _build_outcome(doc: "DashboardSubscription", user: str) -> tuple[mails.Mail | None, str, str | None]:
	"""Return the mail, its status, and why there is none."""
	if not frappe.db.get_value("User", user, "enabled"):
		return None, SKIPPED, _("The user is disabled or missing.")
	try:
		return mails.build_mail(doc, user), QUEUED, None
	except (frappe.PermissionError, frappe.DoesNotExistError):
		return None, SKIPPED, _("The user may not open the dashboard or the facility.")
	except NothingToSendError:
		return None, SKIPPED, _("The user may see none of the figures.")
	except Exception as error:
		# the class alone: its text may quote records
		title = f"Dashboard Subscription {doc.name}: {type(error).__name__}"
		frappe.log_error(title[:140], title)
		return None, FAILED, _("The figures could not be computed.")
	finally:
		frappe.clear_messages()


def _update_recipient(doc: "DashboardSubscription", row: "Document", reason: str | None) -> None:
	"""Store the outcome with the recipient, and tell the owner about a new reason."""
	now = clock.get_now_to_second()
	values = {"skipped_because": reason} if reason else {"skipped_because": None, "last_sent_at": now}
	frappe.db.set_value(RECIPIENT, row.name, values, update_modified=False)
	# the sign of life of this job
	frappe.db.set_value(DASHBOARD_SUBSCRIPTION, doc.name, "last_queued_at", now, update_modified=False)
	if reason and reason != row.skipped_because:
		message = _("The dashboard {0} was not sent to {1}: {2}")
		_notify_owner(doc, message, row.user, reason)


def _notify_owner(doc: "DashboardSubscription", message: str, *values: str) -> None:
	with print_language(get_user_lang(doc.owner)):
		frappe.get_doc(
			{
				"doctype": "Notification Log",
				"type": "Alert",
				"for_user": doc.owner,
				"subject": message.format(frappe.bold(doc.dashboard), *values),
				"document_type": DASHBOARD_SUBSCRIPTION,
				"document_name": doc.name,
			}
		).insert(ignore_permissions=True)  # the job acts for all users


def delete_old_mails() -> None:
	"""Run daily: delete the records of mails after ninety days."""
	frappe.db.delete(DASHBOARD_MAIL, {"due_at": ("<", add_days(clock.get_today(), -RETENTION_DAYS))})
