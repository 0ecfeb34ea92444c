"""ERPNext's Email Digest, which lists open and replied issues, with issues In Progress as well."""

import frappe
from erpnext.setup.doctype.email_digest.email_digest import EmailDigest
from frappe.utils import get_url_to_form

IN_PROGRESS = {"status": "In Progress"}
MAX_ISSUES = 10


class OpenIssuesDigest(EmailDigest):
	"""The digest, with issues in progress among the open ones."""

	def get_issue_list(self, user_id: str | None = None) -> list[frappe._dict] | None:
		"""Return the ten open issues without changes for the longest time; None if the user may not read
		issues.
		"""
		issues = super().get_issue_list(user_id)
		if issues is None:
			return None
		# get_all: ERPNext has just checked the reader's role and lists every issue.
		in_progress = frappe.get_all(
			"Issue", filters=IN_PROGRESS, fields=["*"], order_by="modified asc", limit=MAX_ISSUES
		)
		for issue in in_progress:
			issue.link = get_url_to_form("Issue", issue.name)
		return sorted([*issues, *in_progress], key=lambda issue: issue.modified)[:MAX_ISSUES]

	def get_issue_count(self) -> int:
		return super().get_issue_count() + frappe.db.count("Issue", IN_PROGRESS)
