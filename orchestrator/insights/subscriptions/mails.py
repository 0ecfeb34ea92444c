"""The emails of subscriptions. Subjects name the dashboard and nothing else."""

from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.email.doctype.email_account.email_account import EmailAccount
from frappe.translate import get_user_lang, print_language
from frappe.utils import escape_html

from orchestrator import clock
from orchestrator.access.acting_user import run_as_user
from orchestrator.doctypes import DASHBOARD_SUBSCRIPTION
from orchestrator.insights.metrics.dashboard_filters import DashboardFilters
from orchestrator.insights.subscriptions import content
from orchestrator.insights.subscriptions.schedule import compute_period

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.dashboard_subscription.dashboard_subscription import (
		DashboardSubscription,
	)

PDF = "PDF"


class Mail(dict[str, object]):
	"""Arguments of frappe.sendmail."""


def can_send() -> bool:
	"""Return True if the site has an account to send mails."""
	return bool(EmailAccount.find_outgoing())


def build_mail(doc: "DashboardSubscription", user: str) -> Mail:
	"""Return the email of a subscription for `user`, with the figures that they may see, in their language.

	Raises the errors of `content.compute_board`.
	"""
	filters = DashboardFilters(compute_period(doc.period, clock.get_today()), doc.facility or None)
	with run_as_user(user), print_language(get_user_lang(user)):
		board = content.compute_board(doc.dashboard, filters)
		html = content.render_board(board, doc.name)
		subject = _("Dashboard {0}").format(board["title"])
		if doc.format != PDF:
			return _address(doc, user, subject, html)
		address = escape_html(content.build_address(doc.dashboard, doc.name))
		text = _("The figures are attached.")
		link = _("Open the dashboard, or end this subscription")
		message = f'<p>{escape_html(text)}</p><p><a href="{address}">{escape_html(link)}</a></p>'
		file = {"fname": f"{doc.dashboard}.pdf", "fcontent": content.render_pdf(html)}
		return _address(doc, user, subject, message, [file])


def _address(
	doc: "DashboardSubscription", user: str, subject: str, message: str, attachments: list[dict] | None = None
) -> Mail:
	return Mail(
		recipients=[frappe.db.get_value("User", user, "email") or user],
		subject=subject,
		message=message,
		attachments=attachments or [],
		reference_doctype=DASHBOARD_SUBSCRIPTION,
		reference_name=doc.name,
	)


def queue_mail(mail: Mail) -> None:
	"""Put an email into the site's queue, in this transaction."""
	frappe.sendmail(**mail)
