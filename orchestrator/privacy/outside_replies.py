"""Replies to recipients outside the organisation: how many records were left out, and the notice that goes with the others."""

from typing import Final

from werkzeug.wrappers import Response

import frappe

from orchestrator.access import client_references, key_scope
from orchestrator.access.disclosures import suspend_recording
from orchestrator.access.outside_recipients import NOTICE_HEADER, OutsideRecipient, get_notice
from orchestrator.access.record_conditions import build_list_condition

WITHHELD_HEADER: Final = "X-Orchestrator-Withheld"


def add_headers(recipient: OutsideRecipient, response: Response) -> None:
	"""Tell the caller of a list how many records are left out, and send the notice with records of clients."""
	if recipient.has_got_records:
		response.headers[NOTICE_HEADER] = get_notice()
	if recipient.listed:
		count = sum(count_withheld(recipient, doctype) for doctype in recipient.listed)
		response.headers[WITHHELD_HEADER] = str(count)


def count_withheld(recipient: OutsideRecipient, doctype: str) -> int:
	"""Return how many records of a DocType the caller could read if each client consented.

	Filters of the caller do not count: by the number of withheld clients called so and so, anybody could ask who is one.
	"""
	recipient.counts_withheld = True
	try:
		with suspend_recording():
			condition = build_list_condition(doctype, frappe.session.user)
	finally:
		recipient.counts_withheld = False
	if condition is None:
		return 0
	where = f" where {condition}" if condition else ""
	return int(frappe.db.sql(f"select count(*) from `tab{doctype}`{where}")[0][0])  # noqa: S608  # Frappe's own conditions


def note_list(doctype: str) -> None:
	"""Note that the caller gets a list of a DocType whose records belong to clients."""
	recipient = key_scope.get_recipient()
	if recipient is None or recipient.counts_withheld or doctype in recipient.listed:
		return
	if doctype in client_references.list_guarded_doctypes():
		recipient.listed[doctype] = None
