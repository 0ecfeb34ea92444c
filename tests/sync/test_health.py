"""The state of a connection at a glance."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

import frappe
from frappe.utils import get_datetime, now_datetime

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.server import Simulator
from tests.support import factories
from tests.support.client import get_data
from tests.support.kipu_site import get_user_with, make_connection, run_sync

HEALTH = "orchestrator.sync.get_connection_health"

pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(6) as running:
		yield running


def get_health(api, connection):
	return get_data(api(get_user_with("Kipu Sync Manager")).get(HEALTH, connection=connection))


def make_issue(connection, kind, status="Open"):
	return factories.make_record(
		"Sync Issue", connection=connection, kind=kind, status=status, code="bad_date"
	)


def test_a_connection_without_runs_has_nothing_to_show(api, kipu):
	connection = make_connection(kipu)
	assert get_health(api, connection) == {
		"connection": connection,
		"status": "Active",
		"last_success": None,
		"minutes_since_success": None,
		"next_run_at": None,
		"open_issues": {},
		"runs": [],
	}


def test_health_has_the_runs_oldest_first_the_lag_and_open_issues_by_kind(api, kipu):
	connection = make_connection(kipu, interval_minutes=30)
	first, second = run_sync(connection), run_sync(connection)
	frappe.db.set_value(
		"Kipu Connection",
		connection,
		{"schedule_enabled": 1, "last_success": now_datetime() - timedelta(minutes=125)},
	)
	make_issue(connection, "Record")
	make_issue(connection, "Record")
	make_issue(connection, "Route")
	make_issue(connection, "Drift", "Discarded")
	make_issue(make_connection(kipu), "Identity")

	health = get_health(api, connection)

	assert [run["run"] for run in health["runs"]] == [first["run"], second["run"]]
	assert health["minutes_since_success"] == 125
	assert health["open_issues"] == {"Record": 2, "Route": 1}
	created = frappe.db.get_value("Sync Run", second["run"], "creation")
	expected = get_datetime(created) + timedelta(minutes=30)
	assert get_datetime(health["next_run_at"]).replace(tzinfo=None, microsecond=0) == expected.replace(
		microsecond=0
	)


def test_a_paused_connection_has_no_next_run(api, kipu):
	connection = make_connection(kipu)
	frappe.db.set_value("Kipu Connection", connection, "schedule_enabled", 1)
	kipu.faults.add(Fault("status", status=401))
	run_sync(connection)
	health = get_health(api, connection)
	assert (health["status"], health["next_run_at"]) == ("Paused", None)
	assert [run["status"] for run in health["runs"]] == ["Failed"]
