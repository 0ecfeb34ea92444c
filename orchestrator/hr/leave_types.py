"""The site's leave types."""

import frappe
from frappe import _

from orchestrator.doctypes import LEAVE_TYPE
from orchestrator.exceptions import refuse


def check_exists(leave_type: str, error: type[Exception]) -> None:
	"""Raise `error`, which names the existing leave types, if `leave_type` is none of them."""
	if not frappe.db.exists(LEAVE_TYPE, leave_type):
		# get_all: names to choose from, which every employee may read
		known = frappe.get_all(LEAVE_TYPE, order_by="name", pluck="name")
		refuse(
			_("There is no leave type {0}. Choose one of: {1}.").format(leave_type, ", ".join(known)), error
		)
