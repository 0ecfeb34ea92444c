"""The rules of a Dashboard Subscription: who may receive which dashboard, and when it is sent next."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator import clock
from orchestrator.access.acting_user import run_as_user
from orchestrator.access.key_scope import is_active
from orchestrator.configuration import get_settings
from orchestrator.doctypes import DASHBOARD
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.insights.dashboards import layout
from orchestrator.insights.dashboards.access import MANAGERS
from orchestrator.insights.metrics.dashboard_filters import check_facility
from orchestrator.insights.reports.report_mail import InvalidRecipientError
from orchestrator.insights.subscriptions.schedule import Schedule, compute_next

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.dashboard_subscription.dashboard_subscription import (
		DashboardSubscription,
	)

MAX_RECIPIENTS = 100
SCHEDULE_FIELDS = ("enabled", "frequency", "hour", "day_of_week", "day_of_month")


class MailDisabledError(frappe.ValidationError):
	"""The site sends no dashboards by mail. 422."""


def validate(doc: "DashboardSubscription") -> None:
	"""Check the subscription for the session's user, and compute when it is sent next."""
	_check_schedule(doc)
	_restore_unsubscribed(doc)
	check_access(doc)
	_set_next_time(doc)


def _set_next_time(doc: "DashboardSubscription") -> None:
	"""Compute when a new or changed subscription is sent next. Otherwise the time stays, whatever was sent."""
	before = doc.get_doc_before_save()
	if before and not any(map(doc.has_value_changed, SCHEDULE_FIELDS)):
		doc.next_send_at, doc.last_queued_at = before.next_send_at, before.last_queued_at
	else:
		doc.next_send_at, doc.last_queued_at = compute_next(get_schedule(doc), clock.get_now()), None


def check_access(doc: "DashboardSubscription") -> None:
	"""Check that figures may leave by mail, and that dashboard, facility and recipients are such that the session's user may
	name them.
	"""
	if doc.enabled:
		check_mail_allowed()
	if is_active():  # later mails would tell what the key may not read
		refuse(_("An API key with a scope cannot subscribe. Sign in as yourself."), frappe.PermissionError)
	if doc.is_new() or doc.has_value_changed("dashboard"):
		layout.get_dashboard(doc.dashboard, DASHBOARD)
	if doc.facility and (doc.is_new() or doc.has_value_changed("facility")):
		check_facility(doc.facility)
	_check_recipients(doc)


def check_mail_allowed() -> None:
	"""Refuse (422) unless figures may leave this site by mail."""
	if not is_mail_allowed():
		refuse(
			_(
				"This site does not send dashboards by email. Ask your administrator to turn it on in {0}."
			).format(_("Orchestrator Settings")),
			MailDisabledError,
		)


def is_mail_allowed() -> bool:
	"""Return True if figures may leave this site by mail: the setting *Send Dashboards by Email*."""
	return bool(get_settings().get("send_dashboards_by_mail"))


def get_schedule(doc: "DashboardSubscription") -> Schedule:
	"""Return the times at which a subscription is sent."""
	return Schedule(doc.frequency, doc.hour, doc.day_of_week, doc.day_of_month)


def _check_schedule(doc: "DashboardSubscription") -> None:
	if not 0 <= (doc.hour or 0) <= 23:
		refuse(_("The hour must be from 0 to 23."), InvalidRequestError)
	if not 1 <= (doc.day_of_month or 1) <= 31:
		refuse(_("The day of the month must be from 1 to 31."), InvalidRequestError)
	doc.hour, doc.day_of_month = doc.hour or 0, doc.day_of_month or 1


def _restore_unsubscribed(doc: "DashboardSubscription") -> None:
	"""Keep what only recipients may change: who has unsubscribed, and what was sent."""
	before = doc.get_doc_before_save()
	stored = {row.user: row for row in before.recipients} if before else {}
	for row in doc.recipients:
		known = stored.get(row.user)
		for field in ("unsubscribed", "last_sent_at", "skipped_because"):
			row.set(field, known.get(field) if known else None)
	kept = {row.user for row in doc.recipients}
	for user, row in stored.items():
		if row.unsubscribed and user not in kept:
			doc.append("recipients", {"user": user, "unsubscribed": 1})


def _check_recipients(doc: "DashboardSubscription") -> None:
	"""Refuse recipients other than oneself (403) without the role, and those who may not open the dashboard (422)."""
	users = [row.user for row in doc.recipients]
	before = doc.get_doc_before_save()
	known = {row.user for row in before.recipients} if before else set()
	added = [user for user in users if user not in known]
	if any(user != frappe.session.user for user in added) and not MANAGERS.intersection(frappe.get_roles()):
		refuse(
			_("You may only subscribe yourself. Ask a manager of dashboards to subscribe others."),
			frappe.PermissionError,
		)
	if len(users) != len(set(users)) or len(users) > MAX_RECIPIENTS:
		refuse(
			_("Name each recipient once, and at most {0} of them.").format(MAX_RECIPIENTS),
			frappe.ValidationError,
		)
	if refused := [user for user in added if not can_open(user, doc.dashboard)]:
		refuse(
			_("{0} may not open this dashboard. Choose users who have one of its roles.").format(
				", ".join(map(frappe.utils.escape_html, refused))
			),
			InvalidRecipientError,
		)


def can_open(user: str, dashboard: str) -> bool:
	"""Return True for an enabled user who may open the dashboard."""
	if user == "Guest" or not frappe.db.get_value("User", user, "enabled"):
		return False
	with run_as_user(user):
		try:
			layout.get_dashboard(dashboard, DASHBOARD)
		except (frappe.PermissionError, frappe.DoesNotExistError):
			frappe.clear_last_message()
			return False
	return True
