"""The Kipu instance that docs/api-reference.md tells of: of sixty records fifteen are here already, twelve of them changed
since."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

from orchestrator.sync.kipu.simulator.server import Simulator
from tests.kipu_site import loopback_allowed, make_connection, sync

CONNECTION = "Kipu of the reference"
HERE, CHANGED, NEW = 15, 12, 45


@contextmanager
def prepared() -> Iterator[None]:
	"""Serve it, with one connection and no other."""
	forget()
	frappe.db.set_value("Kipu Connection", {"enabled": 1}, "enabled", 0)
	with loopback_allowed(), Simulator(0) as kipu:
		stays = [kipu.world.admit_new() for _ in range(HERE)]
		sync(make_connection(kipu, connection_name=CONNECTION))
		for stay in stays[:CHANGED]:
			kipu.world.set_field(stay, "phone", "212-555-0100")
		for _ in range(NEW):
			kipu.world.admit_new()
		yield
	frappe.db.rollback()
	frappe.db.set_value("Kipu Connection", CONNECTION, "enabled", 0)
	frappe.db.commit()


def forget() -> None:
	"""Delete what an earlier run left."""
	for doctype in ("Client Stay", "Client", "Sync State", "Sync Issue", "Sync Run"):
		frappe.db.delete(doctype, {"connection": CONNECTION})
	frappe.delete_doc("Kipu Connection", CONNECTION, force=True, ignore_missing=True)
	frappe.db.commit()
