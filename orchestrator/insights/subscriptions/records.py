"""Subscriptions as the calls create, list and change them."""

from typing import TYPE_CHECKING, Any

import frappe
from frappe import _

from orchestrator.api.parameters import parse_choice, parse_json, parse_whole_number
from orchestrator.api.records import raise_not_found
from orchestrator.doctypes import DASHBOARD_SUBSCRIPTION
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.insights.subscriptions import access, mails, rules, schedule
from orchestrator.insights.subscriptions.shapes import Recipient, Subscription, TestMail
from orchestrator.period import to_iso

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.dashboard_subscription.dashboard_subscription import (
		DashboardSubscription,
	)

FORMATS = {"pdf": "PDF", "html": "HTML"}
RECIPIENT = "Dashboard Subscription Recipient"


def create_subscription(dashboard: str, values: dict[str, Any]) -> Subscription:
	"""Create a subscription of the caller. Raises the errors of `rules.validate`."""
	doc = frappe.get_doc(
		{
			"doctype": DASHBOARD_SUBSCRIPTION,
			"dashboard": dashboard,
			"enabled": 1,
			"format": FORMATS[parse_choice("format", values["format"], tuple(FORMATS)) or "pdf"],
			"frequency": parse_choice("frequency", values["frequency"], schedule.FREQUENCIES),
			"day_of_week": parse_choice("day_of_week", values["day_of_week"], schedule.DAYS)
			or schedule.DAYS[0],
			"day_of_month": parse_whole_number("day_of_month", values["day_of_month"], 1),
			"hour": parse_whole_number("hour", values["hour"], 7),
			"period": parse_choice("period", values["period"], schedule.PERIODS),
			"facility": values["facility"],
			"recipients": [{"user": user} for user in _parse_recipients(values["recipients"])],
		}
	)
	return serialize(doc.insert())


def _parse_recipients(value: Any) -> list[str]:
	"""Return the users; the caller by default. 400 for anything else."""
	is_json = isinstance(value, str) and value.strip().startswith("[")
	named = parse_json("recipients", value) if is_json else value
	if isinstance(named, str):
		named = [part.strip() for part in named.split(",") if part.strip()]
	if not isinstance(named or [], list) or not all(isinstance(name, str) and name for name in named or []):
		refuse(_("recipients must be a list of users."), InvalidRequestError)
	return list(dict.fromkeys(named or [frappe.session.user]))


def list_subscriptions(dashboard: str | None) -> list[Subscription]:
	"""Return the subscriptions that the caller owns or receives, the oldest first."""
	user = frappe.session.user
	received = frappe.get_all(RECIPIENT, {"user": user, "unsubscribed": 0}, pluck="parent")
	filters = {"dashboard": dashboard} if dashboard else {}
	names = frappe.get_list(
		DASHBOARD_SUBSCRIPTION,
		filters=filters,
		or_filters=[["owner", "=", user], ["name", "in", received]],
		order_by="creation asc, name asc",
		pluck="name",
		limit_page_length=0,
	)
	return [serialize(frappe.get_doc(DASHBOARD_SUBSCRIPTION, name)) for name in names]


def get_subscription(name: str) -> "DashboardSubscription":
	"""Return a subscription that the caller may read. 404 for any other."""
	if not frappe.db.exists(DASHBOARD_SUBSCRIPTION, name):
		raise_not_found(DASHBOARD_SUBSCRIPTION, name)
	doc = frappe.get_doc(DASHBOARD_SUBSCRIPTION, name)
	if not doc.has_permission("read"):
		raise_not_found(DASHBOARD_SUBSCRIPTION, name)
	return doc


def unsubscribe(doc: "DashboardSubscription") -> Subscription:
	"""Take the caller off the recipients. Raises DoesNotExistError (404) if they are none of them."""
	row = next((row for row in doc.recipients if row.user == frappe.session.user), None)
	if not row:
		refuse(_("You do not receive this dashboard."), frappe.DoesNotExistError)
	# Recipients may not write the subscription, and nobody else may subscribe them again.
	row.db_set("unsubscribed", 1)
	return serialize(doc)


def send_test_mail(doc: "DashboardSubscription") -> TestMail:
	"""Send the subscription to the caller now. Raises the errors of `content.compute_board`."""
	rules.check_mail_allowed()
	if not mails.can_send():
		refuse(_("This site has no outgoing email account."), rules.MailDisabledError)
	mail = mails.build_mail(doc, frappe.session.user)
	mails.queue_mail(mail)
	return TestMail(recipient=mail["recipients"][0])  # type: ignore[index]


def serialize(doc: "DashboardSubscription") -> Subscription:
	"""Return a subscription for the reply."""
	user = frappe.session.user
	is_own = doc.owner == user or access.MANAGER in frappe.get_roles()
	rows = [row for row in doc.recipients if is_own or row.user == user]
	return Subscription(
		subscription=doc.name,
		dashboard=doc.dashboard,
		owner=doc.owner,
		enabled=bool(doc.enabled),
		format=doc.format.lower(),
		frequency=doc.frequency,
		hour=doc.hour,
		day_of_week=doc.day_of_week if doc.frequency == schedule.WEEKLY else None,
		day_of_month=doc.day_of_month if doc.frequency == schedule.MONTHLY else None,
		period=doc.period or None,
		facility=doc.facility or None,
		next_send_at=to_iso(frappe.utils.get_datetime(doc.next_send_at)) if doc.enabled else None,
		recipients=[
			Recipient(
				user=row.user,
				unsubscribed=bool(row.unsubscribed),
				last_sent_at=to_iso(frappe.utils.get_datetime(row.last_sent_at))
				if row.last_sent_at
				else None,
				skipped_because=row.skipped_because or None,
			)
			for row in rows
		],
	)
