"""Connections whose last successful sync is too old."""

from datetime import datetime, timedelta

import frappe
from frappe.utils import get_datetime

from orchestrator import clock
from orchestrator.doctypes import KIPU_CONNECTION


def list_stale_connections(now: datetime | None = None) -> list[frappe._dict]:
	"""Return name and last success of the scheduled connections without a success for longer than each
	allows.

	Paused ones are left out: their pause was notified.
	"""
	moment = now or clock.get_now()
	rows = frappe.get_all(
		KIPU_CONNECTION,
		filters={"enabled": 1, "schedule_enabled": 1, "status": "Active", "stale_after_hours": (">", 0)},
		fields=["name", "last_success", "creation", "stale_after_hours"],
	)
	return [
		row
		for row in rows
		if moment - get_datetime(row.last_success or row.creation) > timedelta(hours=row.stale_after_hours)
	]
