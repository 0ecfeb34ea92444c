"""The site's leave types."""

import frappe
from frappe import _

from orchestrator.exceptions import refuse

DOCTYPE = "Leave Type"


def check_exists(leave_type: str, error: type[Exception]) -> None:
	"""Raise `error`, which names the leave types there are, where `leave_type` is none of them."""
	if not frappe.db.exists(DOCTYPE, leave_type):
		# get_all: names to choose from, which every employee may read
		known = frappe.get_all(DOCTYPE, order_by="name", pluck="name")
		refuse(
			_("There is no leave type {0}. Choose one of: {1}.").format(leave_type, ", ".join(known)), error
		)
