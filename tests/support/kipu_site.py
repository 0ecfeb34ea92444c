"""Common parts of the sync tests on a site: connections to a local simulator, runs, and the resulting
records.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import frappe
from frappe.installer import update_site_config

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.signatures import Keys
from orchestrator.sync import connection as connections
from orchestrator.sync.actions import run_requests
from orchestrator.sync.http.http_session import Policy
from orchestrator.sync.runs.run_records import RunRequest
from orchestrator.sync.shapes import RunStanding
from tests.support import factories

LOOPBACK = ["127.0.0.1"]
RECORDS = ("Client", "Client Stay")
WRITTEN = (*RECORDS, "Sync State", "Sync Change", "Sync Issue", "Version", "Facility", "Kipu Location")
ASKED_AGAIN = ("creation", "modified", "owner", "modified_by")


def allow_loopback() -> None:
	"""Let the site call this machine, for the whole run: Frappe 16 reads a changed configuration after up to a minute."""
	update_site_config("kipu_allowed_hosts", LOOPBACK)


@contextmanager
def set_loopback_allowed() -> Iterator[None]:
	"""Allow calls to this machine, and skip waits for faults. `allow_loopback` sets the same on the server."""
	patience = connections.RETRY_POLICY
	connections.RETRY_POLICY = replace(Policy(), max_attempts=3, backoff=0.001, read_timeout=5.0)
	frappe.conf.kipu_allowed_hosts = LOOPBACK
	try:
		yield
	finally:
		connections.RETRY_POLICY = patience


def make_connection(kipu: Simulator, **values: Any) -> str:
	"""Create a connection to a simulator, by its name."""
	keys: Keys = kipu.keys
	defaults = {
		"connection_name": factories.make_unique("Kipu"),
		"base_url": kipu.base_url,
		"api_version": "3",
		"access_id": keys.access_id,
		"secret_key": keys.secret_key,
		"app_id": keys.app_id,
		"requests_per_second": 100_000,
		"history_start": "2020-01-01",
		"default_time_zone": "America/New_York",
	}
	return str(factories.make_record("Kipu Connection", **{**defaults, **values}).name)


_users: dict[str, str] = {}


def get_user_with(role: str) -> str:
	"""Return a user with this role, the same each time: creating one takes as long as a run."""
	if role not in _users:
		_users[role] = str(factories.make_user(role).name)
	return _users[role]


def run_sync(connection: str, sync_type: str = "incremental", **values: Any) -> RunStanding:
	"""Run here and now."""
	frappe.db.commit()
	return run_requests.run_in_process(RunRequest(connection, sync_type, **values))


def get_counts(run: RunStanding) -> tuple[int, int, int, int]:
	"""Return imported, updated, skipped, failed."""
	return run["imported"], run["updated"], run["skipped"], run["failed"]


def list_clients_and_stays(connection: str) -> list[dict[str, Any]]:
	"""Return every client and stay of a connection, without times and users, in a fixed order."""
	frappe.db.rollback()
	rows: list[dict[str, Any]] = []
	for doctype in RECORDS:
		found = frappe.db.sql(
			f"select * from `tab{doctype}` where connection=%s order by name",  # noqa: S608
			connection,
			as_dict=True,
		)
		rows += [{name: value for name, value in row.items() if name not in ASKED_AGAIN} for row in found]
	return rows


def get_stay(connection: str, chart: int) -> Any:
	"""Return the stay of a chart."""
	frappe.db.rollback()
	return frappe.get_doc("Client Stay", {"connection": connection, "chart_id": str(chart)})


def get_client(connection: str, chart: int) -> Any:
	"""Return the client of a chart."""
	return frappe.get_doc("Client", get_stay(connection, chart).client)


def compute_checksums() -> dict[str, Any]:
	"""Return checksums of every table that a run may write to."""
	frappe.db.rollback()
	return {name: frappe.db.sql(f"checksum table `tab{name}`")[0][1] for name in WRITTEN}
