"""Notifications about connections. They contain no values and no names of clients."""

from collections.abc import Iterable

import frappe
from frappe import _

from orchestrator.doctypes import KIPU_CONNECTION, SYNC_RUN
from orchestrator.sync.runs.run_records import Run

ROLES = ("System Manager", "Kipu Sync Manager")


def describe_hold(count: int, limit: int, field: str = "") -> str:
	"""Return why a run waits for approval: because of deactivations, or of records in which `field` would be
	emptied.
	"""
	if field:
		text = _(
			"It would empty {2} in {0} records; the limit is {1}. Find out why, then approve or cancel it."
		)
	else:
		text = _(
			"It would mark {0} clients as no longer in care; the limit is {1}. Find out why, then approve or cancel it."
		)
	return text.format(count, limit, field)


def send_approval_request(run: Run) -> None:
	"""Notify that a run needs approval."""
	if run.request.dry_run:
		return
	subject = _(
		"Kipu sync {0} of {1} is waiting for approval: unusually many clients would leave care or lose a value"
	).format(run.name, run.request.connection)
	send_notification(subject, SYNC_RUN, run.name)


def pause_after_refusal(run: Run, reason: str) -> None:
	"""Pause the connection after refused credentials, and notify."""
	pause_connection(run.request.connection, reason)
	subject = _("Kipu connection {0} was refused by Kipu and has been paused").format(run.request.connection)
	send_notification(subject, KIPU_CONNECTION, run.request.connection)


def pause_connection(name: str, reason: str) -> None:
	"""Pause the schedule of a connection. Commits."""
	values = {"status": "Paused", "paused_reason": reason}
	frappe.db.set_value(KIPU_CONNECTION, name, values, update_modified=False)
	frappe.clear_document_cache(KIPU_CONNECTION, name)
	frappe.db.commit()


def send_notification(subject: str, doctype: str, name: str) -> None:
	"""Notify all users with a role for the sync, in Desk. Commits."""
	for user in _list_managers():
		frappe.get_doc(
			{
				"doctype": "Notification Log",
				"subject": subject,
				"for_user": user,
				"type": "Alert",
				"document_type": doctype,
				"document_name": name,
				"from_user": frappe.session.user,
			}
		).insert(ignore_permissions=True)
	frappe.db.commit()


def _list_managers() -> Iterable[str]:
	"""Return the enabled users with a role for the sync."""
	holders = frappe.get_all(  # whoever they are
		"Has Role", filters={"parenttype": "User", "role": ("in", ROLES)}, pluck="parent", distinct=True
	)
	enabled = frappe.get_all("User", filters={"name": ("in", holders), "enabled": 1}, pluck="name")
	return sorted({*enabled, "Administrator"})
