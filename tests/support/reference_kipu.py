"""The Kipu instance of docs/api-reference.md: sixty stays, of which fifteen were imported before and twelve
of those changed since.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import frappe

from orchestrator.kipu_simulator.places import PLACES
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import Settings
from orchestrator.rows import insert_rows
from tests.support import factories
from tests.support.helpdesk import override_settings
from tests.support.kipu_site import RECORDS, make_connection, run_sync, set_loopback_allowed

CONNECTION = "Harbor Kipu"
CALLER = "sales@example.com"
COLLEAGUE = "user@example.com"
PEOPLE, STAYS, HERE, CHANGED = 56, 60, 15, 12
OF_A_CONNECTION = ("Sync Issue", "Sync State", *reversed(RECORDS), "Sync Run")


@contextmanager
def run_reference_kipu() -> Iterator[dict[str, str]]:
	"""Run the instance with the connection to it, the only one that is enabled. Yield values for the
	document.
	"""
	delete_reference_connection()
	frappe.get_doc("User", CALLER).add_roles("Clinical Manager", "Kipu Sync Manager", "Privacy Officer")
	others = frappe.get_all("Kipu Connection", {"enabled": 1}, pluck="name")
	set_enabled(others, 0)
	with (
		Simulator(PEOPLE, settings=Settings(as_of=date(2025, 2, 22))) as kipu,
		set_loopback_allowed(),
		override_settings(access_log_enabled=1, emergency_access_enabled=1, emergency_access_minutes=60),
	):
		assert len(kipu.world) == STAYS
		make_reference_connection(kipu)
		change_patients(kipu)
		make_emergency_access()
		yield {}
	set_enabled(others, 1)
	delete_reference_connection()


def make_reference_connection(kipu: Simulator) -> None:
	"""Create the connection, with the locations and facilities of the instance."""
	for place in PLACES:
		if not frappe.db.exists("Facility", place.name):
			factories.make_record("Facility", facility_name=place.name)
		frappe.db.set_value("Facility", place.name, "time_zone", place.zone.key)
	locations = [
		{"location_id": place.location_id, "location_name": place.name, "facility": place.name}
		for place in PLACES
	]
	make_connection(kipu, connection_name=CONNECTION, locations=locations, default_facility=PLACES[0].name)


def change_patients(kipu: Simulator) -> None:
	"""Import some patients; then add others and change most of the imported ones."""
	world = kipu.world
	for stay in range(STAYS):
		world.touch(stay)
		world.hidden[stay] = stay >= HERE
	run_sync(CONNECTION, "full")
	world.reappear()
	for stay in range(CHANGED):
		world.set_field(stay, "program", "Evening Track")


def set_enabled(connections: list[str], enabled: int) -> None:
	for name in connections:
		frappe.db.set_value("Kipu Connection", name, "enabled", enabled)
	frappe.db.commit()


def delete_reference_connection() -> None:
	"""Delete the connection and everything imported by it."""
	runs = frappe.get_all("Sync Run", {"connection": CONNECTION}, pluck="name")
	frappe.db.delete("Sync Change", {"sync_run": ("in", runs or [""])})
	for doctype in OF_A_CONNECTION:
		frappe.db.delete(doctype, {"connection": CONNECTION})
	frappe.db.delete("Kipu Location", {"parent": CONNECTION})
	frappe.db.delete("Kipu Connection", {"name": CONNECTION})
	frappe.db.commit()
	frappe.clear_document_cache("Kipu Connection", CONNECTION)


def make_emergency_access() -> None:
	"""Insert the latest emergency access, which is over."""
	frappe.db.delete("Emergency Access", {"user": COLLEAGUE})
	now = frappe.db.sql("select utc_timestamp(6)")[0][0]
	values = {"user": COLLEAGUE, "client": "CL-EXAMPLE", "reason": "Unconscious in the lobby"}
	insert_rows("Emergency Access", [{**values, "opened_at": now, "expires_at": now}])
	frappe.db.commit()
