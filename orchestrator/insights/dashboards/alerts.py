"""Alerts of metrics: one Notification for each crossing of a threshold.

A crossing is detected between the last stored value and the next one, by the one job that writes both, so
that neither a repeated run nor two parallel ones notify twice.
"""

from collections import defaultdict

import frappe
from frappe import _
from frappe.desk.doctype.notification_log.notification_log import make_notification_logs
from frappe.translate import get_user_lang, print_language
from frappe.utils import fmt_money
from frappe.utils.user import get_users_with_role

from orchestrator import clock
from orchestrator.doctypes import METRIC, METRIC_ALERT_EVENT
from orchestrator.insights.dashboards import history
from orchestrator.insights.dashboards.history import MetricNote
from orchestrator.insights.dashboards.scopes import ADMINISTRATOR

ABOVE, BELOW = "At or above", "At or below"


def send_due_alerts(notes: list[MetricNote]) -> None:
	"""Notify users of each threshold that these values cross."""
	if not notes:
		return
	watched = set(
		frappe.get_all("Orchestrator Metric Alert", {"parenttype": METRIC}, pluck="parent", distinct=True)
	)
	for note in notes:
		if note.metric in watched:
			try:
				_check_alerts(note, frappe.get_cached_doc(METRIC, note.metric))
			except Exception:
				# a failed alert is not repeated, so that it does not stop the history
				frappe.log_error(f"Alerts of metric {note.metric}"[:140], frappe.get_traceback())


def _check_alerts(note: MetricNote, metric: "frappe._dict") -> None:
	before = history.get_latest(note.metric, note.owner)
	for alert in metric.alerts:
		if _is_crossed(before, note.value, alert.condition, alert.threshold):
			users = _list_recipients(note.owner, metric, alert)
			send_notification(note, metric, alert, users)
			if users:
				_create_event(note, alert)


def _create_event(note: MetricNote, alert: "frappe._dict") -> None:
	"""Create the record on which webhooks pass the alert on. It has no value: receivers read it with their own rights."""
	frappe.get_doc(
		{
			"doctype": METRIC_ALERT_EVENT,
			"metric": note.metric,
			"condition": alert.condition,
			"threshold": alert.threshold,
			"crossed_at": clock.get_now_to_second(),
			"user": note.owner or None,
		}
	).insert(ignore_permissions=True)  # the job acts for all users


def _is_crossed(before: float | None, now: float | None, condition: str, threshold: float) -> bool:
	"""Return True if the value is beyond the threshold now and was not before."""
	return _is_beyond(now, condition, threshold) and not _is_beyond(before, condition, threshold)


def _is_beyond(value: float | None, condition: str, threshold: float) -> bool:
	if value is None:
		return False
	return value >= threshold if condition == ABOVE else value <= threshold


def _list_recipients(owner: str, metric: "frappe._dict", alert: "frappe._dict") -> list[str]:
	"""Return the users to notify: for a user's own value, that user, if named or nobody is named; for a
	shared one, the named users with its role.
	"""
	named = {alert.user} if alert.user else set()
	if alert.role:
		named |= set(get_users_with_role(alert.role))
	if owner:
		return [owner] if not named or owner in named else []
	may = {*get_users_with_role(metric.shared_role), ADMINISTRATOR} if metric.shared_role else set()
	return sorted((named or may - {ADMINISTRATOR}) & may)


def send_notification(
	note: MetricNote, metric: "frappe._dict", alert: "frappe._dict", users: list[str]
) -> None:
	"""Notify each user in their language, by Frappe's own function, which also sends mail to those who want it."""
	by_language = defaultdict(list)
	for user in users:
		by_language[get_user_lang(user)].append(user)
	for lang, readers in by_language.items():
		with print_language(lang):
			_create_notifications(note, metric, alert, readers)


def _create_notifications(
	note: MetricNote, metric: "frappe._dict", alert: "frappe._dict", users: list[str]
) -> None:
	texts = {
		ABOVE: _("{0} is {1}: it has reached {2}."),
		BELOW: _("{0} is {1}: it has fallen to {2} or less."),
	}
	subject = texts[alert.condition].format(
		_(metric.label), _format_number(note.value, metric.unit), _format_number(alert.threshold, metric.unit)
	)
	doc = {
		"type": "Alert",
		"document_type": METRIC,
		"document_name": metric.name,
		"subject": subject,
		"from_user": ADMINISTRATOR,
		"link": "/app/metrics",
	}
	make_notification_logs(frappe._dict(doc), _list_emails(users))


def _list_emails(users: list[str]) -> list[str]:
	"""Return e-mail addresses, by which Frappe finds the users of a notification."""
	return frappe.get_all("User", {"name": ("in", users), "enabled": 1}, pluck="email")


def _format_number(value: float | None, unit: str | None) -> str:
	"""Return a number as formatted text, with its unit."""
	number = float(value or 0)
	text = fmt_money(number, precision=0 if number.is_integer() else 2)
	return f"{text} {unit}" if unit else text
