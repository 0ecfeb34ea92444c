"""Facilities, connections and clients for tests outside the sync. The sync's own tests create theirs by runs."""

import uuid
from typing import Any

from frappe.model.document import Document

from orchestrator.kipu_simulator.server import Simulator
from tests.support import factories

NOBODY_LISTENS = "http://127.0.0.1:9"


def make_facility(**values: Any) -> Document:
	return factories.make_record("Facility", **{"facility_name": factories.make_unique("Facility"), **values})


def make_connection(kipu: Simulator | None = None, **values: Any) -> Document:
	"""Create a connection to a simulator, or one that is never called. Its schedule is off, unless
	`schedule_enabled` turns it on as if a test had succeeded.
	"""
	scheduled = values.pop("schedule_enabled", 0)
	facility = values.pop("facility", None) or make_facility(time_zone="America/New_York").name
	defaults = {
		"connection_name": factories.make_unique("Kipu"),
		"base_url": kipu.base_url if kipu else NOBODY_LISTENS,
		"access_id": "simulator-access-id",
		"secret_key": "simulator-secret-key",
		"app_id": "simulator-app-id",
		"api_version": "3",
		"requests_per_second": 1000,
		"default_time_zone": "America/New_York",
		"default_facility": facility,
	}
	connection = factories.make_record("Kipu Connection", **{**defaults, **values})
	if scheduled:
		connection.db_set("schedule_enabled", 1, commit=True)
	return connection


def make_client(connection: Document, **values: Any) -> Document:
	"""Create a client in care at the connection's own facility."""
	defaults = {
		"connection": connection.name,
		"facility": connection.default_facility,
		"person_id": str(uuid.uuid4()),
		"status": "Active",
		"first_name": "Ada",
		"last_name": factories.make_unique("Alderbourne"),
	}
	return factories.make_record("Client", **{**defaults, **values})


def make_clinical_user(facility: str | None = None, *roles: str) -> str:
	"""Create a clinical user; with `facility`, one who is limited to it."""
	user = factories.make_user(*(roles or ("Clinical User",))).name
	if facility:
		factories.make_record("User Permission", user=user, allow="Facility", for_value=facility)
	return user
