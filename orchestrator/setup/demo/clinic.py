"""The demo's facilities and its connection to the Kipu simulator, and the records imported by it."""

import frappe

from orchestrator.doctypes import (
	CLIENT,
	CLIENT_STAY,
	FACILITY,
	KIPU_CONNECTION,
	SYNC_CHANGE,
	SYNC_ISSUE,
	SYNC_RUN,
	SYNC_STATE,
)
from orchestrator.kipu_simulator.places import PLACES
from orchestrator.kipu_simulator.signatures import Keys
from orchestrator.setup.demo import ledger
from orchestrator.sync.connection import get_allowed_hosts
from orchestrator.sync.errors import UnsafeUrlError
from orchestrator.sync.http.allowed_hosts import validate_base_url

CONNECTION = "Kipu Simulator"
BASE_URL = "http://127.0.0.1:8790"
# DocTypes that a run writes for its connection. The first have only the sync's own state.
MEMORY = (SYNC_STATE,)
SYNCED_DOCTYPES = (SYNC_RUN, CLIENT, CLIENT_STAY, SYNC_ISSUE)


def is_allowed_address(base_url: str) -> bool:
	"""Return True if this site may call the URL: localhost must be allowed by name."""
	try:
		validate_base_url(base_url, get_allowed_hosts())
	except UnsafeUrlError:
		return False
	return True


def create_clinic(base_url: str) -> None:
	"""Create the simulator's facilities and the connection. Nothing is read until a sync is started."""
	for place in PLACES:
		if not frappe.db.exists(FACILITY, place.name):
			frappe.get_doc(doctype=FACILITY, facility_name=place.name, time_zone=place.zone.key).insert()
	keys = Keys()
	frappe.get_doc(
		doctype=KIPU_CONNECTION,
		connection_name=CONNECTION,
		base_url=base_url,
		access_id=keys.access_id,
		secret_key=keys.secret_key,
		app_id=keys.app_id,
		requests_per_second=50,
		schedule_enabled=0,
		default_time_zone=PLACES[0].zone.key,
		default_facility=PLACES[0].name,
		locations=[
			{
				"location_id": place.location_id,
				"location_name": place.name,
				"facility": place.name,
				"time_zone": place.zone.key,
			}
			for place in PLACES
		],
	).insert()


def count_synced_records() -> None:
	"""Count records imported by the demo's connection as the demo's, so that its removal deletes them."""
	for row in ledger.list_created():
		if row.doctype == KIPU_CONNECTION:
			_count_records(row.record)


def _count_records(connection: str) -> None:
	runs = frappe.get_all(SYNC_RUN, {"connection": connection}, pluck="name")
	frappe.db.delete(SYNC_CHANGE, {"sync_run": ("in", runs)})
	for doctype in MEMORY:
		frappe.db.delete(doctype, {"connection": connection})
	frappe.db.set_value(KIPU_CONNECTION, connection, "last_run", None, update_modified=False)
	ledger.add_records(
		[
			ledger.CreatedRecord(doctype, name)
			for doctype in SYNCED_DOCTYPES
			for name in frappe.get_all(
				doctype, {"connection": connection}, pluck="name", order_by="creation asc"
			)
		]
	)
