"""The state of a connection at a glance."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

import frappe
from frappe.utils import get_datetime, now_datetime

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.server import Simulator
from tests.support import factories
from tests.support.client import get_data, get_error
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


# All connections

LIST = "orchestrator.sync.list_connections"


def list_connections(api, connection, user=None):
	return get_data(api(user or get_user_with("Kipu Sync Manager")).get(LIST, connection=connection))


def test_a_summary_has_state_lag_issues_and_schedule(api, kipu):
	connection = make_connection(kipu, interval_minutes=30)
	assert [
		(row["is_set_up"], row["minutes_since_success"], row["next_run_at"], row["synced_up_to"])
		for row in list_connections(api, connection)
	] == [(False, None, None, None)]
	run = run_sync(connection)
	last = now_datetime() - timedelta(minutes=420, seconds=5)
	values = {"schedule_enabled": 1, "last_success": last, "stale_after_hours": 6}
	frappe.db.set_value("Kipu Connection", connection, values)
	make_issue(connection, "Record")
	make_issue(connection, "Drift")
	make_issue(connection, "Drift", "Resolved")
	(summary,) = list_connections(api, connection)
	requested = get_datetime(frappe.db.get_value("Sync Run", run["run"], "creation"))
	assert summary == {
		"connection": connection,
		"enabled": True,
		"status": "Active",
		"paused_reason": None,
		"schedule_enabled": True,
		"interval_minutes": 30,
		"is_set_up": True,
		"last_success": last.isoformat(timespec="seconds"),
		"minutes_since_success": 420,
		"is_stale": True,
		"synced_up_to": run["cursor_after"],
		"next_run_at": (requested + timedelta(minutes=30)).isoformat(timespec="seconds"),
		"open_issues": 2,
		"live_run": None,
	}


def test_connections_are_listed_by_permission(api, guest, kipu):
	first, second = make_connection(kipu), make_connection(kipu)
	names = [row["connection"] for row in list_connections(api, None)]
	assert {first, second} <= set(names) and names == sorted(names, key=str.casefold)
	user = factories.make_user("Kipu Sync Manager").name
	factories.make_record("User Permission", user=user, allow="Kipu Connection", for_value=second)
	assert [row["connection"] for row in list_connections(api, None, user)] == [second]
	assert list_connections(api, first, user) == []
	assert get_error(guest.get(LIST)) == (401, "AuthenticationError")
	clinician = api(get_user_with("Clinical Manager"))
	assert get_error(clinician.get(LIST)) == (403, "PermissionError")


# Pause and resume


def set_pause(api, method, connection):
	return api(get_user_with("Kipu Sync Manager")).post(f"orchestrator.sync.{method}", connection=connection)


def get_status(connection):
	frappe.db.rollback()
	return frappe.db.get_value("Kipu Connection", connection, ["status", "paused_manually"])


def test_a_pause_by_a_person_outlasts_a_run_and_ends_with_resume(api, kipu):
	connection = make_connection(kipu)
	run_sync(connection)
	frappe.db.set_value("Kipu Connection", connection, "schedule_enabled", 1)
	frappe.db.commit()
	assert get_data(set_pause(api, "pause_connection", connection))["status"] == "Paused"
	assert get_error(set_pause(api, "pause_connection", connection)) == (409, "ConflictError")
	(summary,) = list_connections(api, connection)
	assert (summary["paused_reason"].startswith("Paused by User"), summary["next_run_at"]) == (True, None)
	assert run_sync(connection)["status"] == "Completed"
	assert get_status(connection) == ("Paused", 1)
	assert get_data(set_pause(api, "resume_connection", connection))["status"] == "Active"
	assert get_status(connection) == ("Active", 0)


def test_a_pause_after_a_refusal_still_ends_with_a_successful_run(api, kipu):
	connection = make_connection(kipu)
	kipu.faults.add(Fault("status", status=401))
	assert run_sync(connection)["status"] == "Failed"
	assert get_status(connection) == ("Paused", 0)
	run_sync(connection)
	assert get_status(connection) == ("Active", 0)
