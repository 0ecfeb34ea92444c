"""Values that the fields of a ticket take, for Issue and HD Ticket alike."""

import frappe

from orchestrator.doctypes import ISSUE

PRIORITY_DOCTYPES = {"Issue": "Issue Priority", "HD Ticket": "HD Ticket Priority"}


def list_statuses(doctype: str) -> list[str]:
	"""Return the statuses that a ticket may have."""
	if doctype == ISSUE:
		options = frappe.get_meta(ISSUE).get_field("status").options or ""
		return [option for option in options.splitlines() if option]
	# get_all: names of statuses, which every agent sees
	return frappe.get_all("HD Ticket Status", {"enabled": 1}, pluck="name", limit=0)


def has_priority(doctype: str, priority: str) -> bool:
	"""Return True if the site has this priority for such tickets."""
	return bool(frappe.db.exists(PRIORITY_DOCTYPES[doctype], priority))
