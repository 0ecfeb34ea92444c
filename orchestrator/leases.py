"""Leases of work that several hosts may do: a sync run, the deliveries of a webhook, a bulk operation.

Whether a process still runs cannot be asked of another host, which may have lost its power or its network. So whoever
works keeps a lease by heartbeats, and loses it by silence. Before that, the database has ended the silent connection and
rolled its transaction back: no lock of a lost host is in the way of its successor, and it cannot write any more when it
comes back.

The clocks of two hosts may differ, so heartbeats are written and compared by the clock of the database.
"""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Final

import frappe

from orchestrator import period
from orchestrator.configuration import get_settings

DEFAULT_LEASE_SECONDS: Final = 600
# Longer than twice the longest request of a webhook, during which its connection is silent
MIN_LEASE_SECONDS: Final = 180
MAX_HEARTBEAT_SECONDS: Final = 20


def get_lease_seconds() -> int:
	"""Return how long the work of a silent process is left to it: the setting *Take Over Work after (Seconds)*."""
	return get_settings().get("lease_seconds") or DEFAULT_LEASE_SECONDS


def get_now() -> datetime:
	"""Return the time by the clock of the database, in the site's time zone."""
	return _to_site_time(frappe.db.sql("select utc_timestamp(6)")[0][0])


def build_now_expression() -> str:
	"""Return an SQL expression for the time that `get_now` returns."""
	now = datetime.now(timezone.utc).replace(tzinfo=None)
	seconds = round((_to_site_time(now) - now).total_seconds())
	return f"timestampadd(second, {seconds}, utc_timestamp(6))"


def _to_site_time(utc: datetime) -> datetime:
	return period.to_site_time(utc.replace(tzinfo=timezone.utc))


def get_heartbeat_seconds() -> float:
	"""Return how often a process that waits sends a heartbeat."""
	return min(MAX_HEARTBEAT_SECONDS, get_lease_seconds() / 6)


@contextlib.contextmanager
def end_silent_connection() -> Iterator[None]:
	"""Let the database end this connection if it sends no statement for half a lease. Afterwards, the server's own limit
	applies again.
	"""
	frappe.db.sql("set session wait_timeout = %s", max(get_lease_seconds() // 2, 1))
	try:
		yield
	finally:
		with contextlib.suppress(Exception):  # the connection is lost
			frappe.db.sql("set session wait_timeout = default")
