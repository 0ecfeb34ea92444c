"""Reports by mail: to users who may run the report themselves, through the site's queue."""

import frappe
from frappe import _
from frappe.core.doctype.custom_role.custom_role import get_custom_allowed_roles
from frappe.core.doctype.file.file import File
from frappe.core.doctype.report.report import Report
from frappe.email.doctype.email_account.email_account import EmailAccount
from frappe.utils import escape_html

from orchestrator.access.key_scope import lift_for_report
from orchestrator.exceptions import refuse
from orchestrator.insights.reports.content.title_page import TitlePage


class InvalidRecipientError(frappe.ValidationError):
	"""A recipient may not get a report by mail. 422."""


def check_recipients(report_name: str, report: Report, names: list[str]) -> list[str]:
	"""Return the users with the given names or addresses. 422 naming those that are not users, or may not run
	the report.
	"""
	users = {name: get_user(name) for name in names}
	with lift_for_report(report_name):
		invalid = [name for name, user in users.items() if not user or not can_run(report, user)]
	if invalid:
		refuse(
			_(
				"Nothing was sent: {0} may not see the report {1}. Choose users who have one of its roles and may create"
				" reports on {2}."
			).format(", ".join(map(escape_html, invalid)), _(report_name), _(report.ref_doctype)),
			InvalidRecipientError,
		)
	return list(dict.fromkeys(str(user) for user in users.values()))


def get_user(name: str) -> str | None:
	"""Return the enabled user of that name or address."""
	return frappe.db.get_value("User", {"name": name, "enabled": 1}) or frappe.db.get_value(
		"User", {"email": name, "enabled": 1}
	)


def can_run(report: Report, user: str) -> bool:
	"""Return True if `user` passes Frappe's checks: one of the report's roles, and the report permission on
	its DocType.
	"""
	allowed = _list_allowed_roles(report.name)
	return (not allowed or not allowed.isdisjoint(frappe.get_roles(user))) and bool(
		frappe.has_permission(report.ref_doctype, "report", user=user)
	)


def _list_allowed_roles(report_name: str) -> set[str]:
	"""Return the roles that may run a report, as Report.is_permitted does; none if everyone may."""
	# get_all: as in Report.is_permitted, regardless of the caller
	own = frappe.get_all("Has Role", filters={"parent": report_name, "parenttype": "Report"}, pluck="role")
	return set(get_custom_allowed_roles("report", report_name) or own)


def send_report(recipients: list[str], file: File, title: TitlePage) -> bool:
	"""Queue one mail per recipient, with the file. Return False if the site has no account to send it."""
	if not EmailAccount.find_outgoing():
		return False
	lines = [title.made_line, *(f"{label}: {value}" for label, value in title.filters)]
	for user in recipients:  # with `queue_separately`, Frappe would use a job that starts before the commit
		frappe.sendmail(
			recipients=[frappe.db.get_value("User", user, "email") or user],
			subject=title.heading,
			message="<br>".join(map(escape_html, lines)),
			attachments=[{"fid": file.name}],
			reference_doctype="Report",
			reference_name=title.report_name,
		)
	return True


def explain_unsent() -> str:
	"""Return the message for the caller about a report that is not sent by mail."""
	return _("No email was sent: this site has no outgoing Email Account. The file was still created.")
