"""Tell the privacy officers of emergency accesses."""

import frappe
from frappe import _

from orchestrator.doctypes import EMERGENCY_ACCESS
from orchestrator.privacy.verification import list_privacy_officers


def notify_privacy_officers() -> None:
	"""Run every five minutes: notify each privacy officer of the emergency accesses that they do not know of.

	Until somebody is a privacy officer, accesses wait. The notification names the user and the access, not the client.
	"""
	waiting = frappe.db.sql(
		f"select name, user from `tab{EMERGENCY_ACCESS}` where notified_at is null order by opened_at for update",  # noqa: S608
		as_dict=True,
	)
	officers = list_privacy_officers() if waiting else []
	for access in waiting if officers else ():
		for officer in officers:
			_notify(officer, access.user, access.name)
		frappe.db.sql(
			f"update `tab{EMERGENCY_ACCESS}` set notified_at = utc_timestamp(6) where name = %s",  # noqa: S608  # name of ours
			access.name,
		)
	frappe.db.commit()


def _notify(officer: str, user: str, access: str) -> None:
	notification = frappe.new_doc("Notification Log")
	notification.update(
		{
			"subject": _("{0} has opened a client in an emergency. Please review it.").format(user),
			"for_user": officer,
			"from_user": user,
			"type": "Alert",
			"document_type": EMERGENCY_ACCESS,
			"document_name": access,
		}
	)
	notification.insert(ignore_permissions=True)
