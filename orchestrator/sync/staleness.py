"""Connections that should be up to date and are not: found every hour, told once a day by Frappe's own notifications.

Who is told, and by which channel, is the standard Notification "Kipu Connection Stale": whoever wants it by mail
copies it.
"""

from datetime import datetime, timedelta

import frappe
from frappe.utils import get_datetime, now_datetime

TOLD_KEY = "orchestrator-kipu-stale:{}:{}"
TOLD_AGAIN = timedelta(hours=24)


def stale_connections(now: datetime | None = None) -> list[frappe._dict]:
	"""Name and last success of the connections that are scheduled and had no success for longer than each allows; not paused ones, of
	which the pause itself was told."""
	moment = now or now_datetime()
	rows = frappe.get_all(
		"Kipu Connection",
		filters={"enabled": 1, "schedule_enabled": 1, "status": "Active", "stale_after_hours": (">", 0)},
		fields=["name", "last_success", "creation", "stale_after_hours"],
	)
	return [
		row
		for row in rows
		if moment - get_datetime(row.last_success or row.creation) > timedelta(hours=row.stale_after_hours)
	]


def alert() -> list[str]:
	"""The scheduled job. Returns the connections that were told of now."""
	told = []
	for row in stale_connections():
		# Part of the key, so that after a success the next staleness is news at once.
		key = TOLD_KEY.format(row.name, row.last_success)
		if frappe.cache().get_value(key, expires=True):
			continue
		frappe.get_doc("Kipu Connection", row.name).run_method("on_stale")
		frappe.cache().set_value(key, 1, expires_in_sec=int(TOLD_AGAIN.total_seconds()))
		told.append(row.name)
	return told
