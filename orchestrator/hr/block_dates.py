"""Dates on which a department allows no leave. HRMS accepts applications for them and refuses the approval;
here, an application that its approver could not approve is refused at once.
"""

from typing import TYPE_CHECKING

import frappe
from frappe import _
from hrms.hr.doctype.leave_application.leave_application import LeaveDayBlockedError
from hrms.hr.doctype.leave_block_list.leave_block_list import get_applicable_block_lists

from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from hrms.hr.doctype.leave_application.leave_application import LeaveApplication


def check_approvable(doc: "LeaveApplication") -> None:
	"""Refuse (422) leave on blocked days, unless the block lists allow the approver to approve it."""
	lists = get_applicable_block_lists(doc.employee, doc.company, all_lists=True, leave_type=doc.leave_type)
	binding = [name for name in lists if name and not is_allowed(name, doc.leave_approver)]
	# get_all: employees may not read the block lists that apply to them
	blocked = frappe.get_all(
		"Leave Block List Date",
		filters={
			"parent": ("in", binding),
			"block_date": ("between", [doc.from_date, doc.to_date]),
		},
		fields=["block_date", "reason"],
		order_by="block_date",
	)
	if blocked:
		days = ", ".join(f"{row.block_date} ({row.reason})" for row in blocked)
		refuse(_("No leave is given on {0}").format(days), LeaveDayBlockedError)


def is_allowed(block_list: str, user: str | None) -> bool:
	"""Return True if the list lets the user approve leave on its days."""
	return bool(
		user and frappe.db.exists("Leave Block List Allow", {"parent": block_list, "allow_user": user})
	)
