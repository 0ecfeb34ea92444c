"""Reports on a replica of the database, where the site has one: Frappe's settings read_from_replica and replica_host."""

from collections.abc import Callable
from typing import Any, TypeVar

import frappe

T = TypeVar("T")


def run_on_replica(read: Callable[..., T], *args: Any, **kwargs: Any) -> T:
	"""Call a function that only reads, on the replica if there is one.

	Frappe logs the error of a report where the report runs. A replica accepts no writes, and this failure would hide the
	report's own error. With the flag, Frappe logs it later, on the primary.
	"""
	before = frappe.flags.read_only
	frappe.flags.read_only = before or bool(frappe.conf.read_from_replica)
	try:
		return frappe.read_only()(read)(*args, **kwargs)
	finally:
		frappe.flags.read_only = before
