"""Notifications about stale connections and changed fields, and the doctor's checks of the sync."""

from datetime import timedelta

import pytest

import frappe
from frappe.utils import now_datetime

from tests.support import clinic, factories


@pytest.fixture
def staleness(site):
	"""Return the module, which needs the site's Frappe."""
	from orchestrator.sync.actions import staleness

	return staleness


@pytest.fixture
def doctor(site):
	from orchestrator.setup import doctor

	return doctor


def make_stale_connection(hours: float, **values):
	"""Create a scheduled connection whose last success was this long ago."""
	connection = clinic.make_connection(schedule_enabled=1, stale_after_hours=6, **values)
	connection.db_set("last_success", now_datetime() - timedelta(hours=hours))
	frappe.db.commit()
	return connection


def get_names(rows) -> set[str]:
	return {row.name for row in rows}


def test_a_connection_is_stale_when_its_last_success_is_too_long_ago(staleness):
	late, just = make_stale_connection(6.1), make_stale_connection(5.9)
	never = clinic.make_connection(schedule_enabled=1, stale_after_hours=1)
	found = get_names(staleness.list_stale_connections())
	assert late.name in found
	assert not {just.name, never.name} & found
	assert never.name in get_names(staleness.list_stale_connections(now_datetime() + timedelta(hours=2)))


@pytest.mark.parametrize(
	"values",
	[{"status": "Paused"}, {"enabled": 0}, {"schedule_enabled": 0}, {"stale_after_hours": 0}],
	ids=lambda values: next(iter(values)),
)
def test_who_is_not_to_be_up_to_date_is_not_stale(staleness, values):
	connection = make_stale_connection(100)
	connection.db_set(values)
	frappe.db.commit()
	assert connection.name not in get_names(staleness.list_stale_connections())


def list_notifications(connection: str, user: str) -> list[str]:
	return frappe.get_all(
		"Notification Log",
		{"document_type": "Kipu Connection", "document_name": connection, "for_user": user},
		pluck="subject",
	)


@pytest.fixture
def notified_at_once(site, monkeypatch):
	"""Set Frappe's own switch that writes notifications at once instead of by a job."""
	monkeypatch.setitem(frappe.flags, "in_test", True)
	monkeypatch.setattr(frappe, "in_test", True, raising=False)  # where Frappe 16 has it


def test_stale_connection_alerts_sync_managers_once_until_next_success(staleness):
	from orchestrator.sync.jobs import notify_stale_connections

	manager, other = (factories.make_user(role).name for role in ("Kipu Sync Manager", "Clinical Manager"))
	connection = make_stale_connection(7)
	for _ in range(2):
		notify_stale_connections()
	text = f"Kipu connection {connection.name}: no sync has succeeded for 6 hours"
	assert (list_notifications(connection.name, manager), list_notifications(connection.name, other)) == (
		[text],
		[],
	)
	frappe.db.set_value("Notification Log", {"document_name": connection.name}, "creation", "2020-01-01")
	notify_stale_connections()
	assert list_notifications(connection.name, manager) == [text, text]


def test_schema_changes_alert_sync_managers_and_failed_records_do_not(notified_at_once):
	manager = factories.make_user("Kipu Sync Manager").name
	connection = clinic.make_connection().name
	issue = {"connection": connection, "status": "Open"}
	drift = factories.make_record("Sync Issue", kind="Drift", code="unknown", field="brand_new", **issue).name
	factories.make_record(
		"Sync Issue", kind="Record", code="bad_date", field="dob", casefile_id="1:x", **issue
	)
	logs = frappe.get_all(
		"Notification Log", {"for_user": manager, "document_type": "Sync Issue"}, ["document_name", "subject"]
	)
	assert [(log.document_name, log.subject) for log in logs] == [
		(drift, f"Kipu {connection}: the field brand_new is unknown")
	]


# The doctor


@pytest.fixture
def alone(site):
	"""Hide other connections and held runs within this test."""
	frappe.db.delete("Kipu Connection")
	frappe.db.delete("Sync Run")
	yield
	frappe.db.rollback()


def make_record(doctype, **values):
	return frappe.get_doc({"doctype": doctype, **values}).insert()


def make_connection(**values):
	keys = {"access_id": "a", "secret_key": "b", "app_id": "c", "base_url": "https://api.kipuapi.com"}
	return make_record(
		"Kipu Connection", connection_name="Only One", default_time_zone="UTC", **keys, **values
	)


def test_the_doctor_is_content_without_kipu_and_with_one_that_is_up_to_date(doctor, alone):
	assert doctor.check_kipu() == ("kipu", "ok", "not used", "")
	make_connection()
	assert doctor.check_kipu() == ("kipu", "ok", "1 connections, all up to date", "")


def test_the_doctor_names_paused_held_and_stale_connections(doctor, alone):
	made = make_connection(stale_after_hours=6)
	made.db_set("schedule_enabled", 1)
	made.db_set("last_success", now_datetime() - timedelta(hours=7))
	assert doctor.check_kipu()[1:3] == ("warn", "not up to date: Only One")
	run = make_record("Sync Run", connection="Only One", sync_type="full", status="Held")
	assert doctor.check_kipu()[1:3] == ("warn", f"waiting for approval: {run.name}")
	made.db_set({"status": "Paused", "paused_reason": "The access ID is unknown."})
	finding = doctor.check_kipu()
	assert finding[1:3] == ("fail", "paused: Only One (The access ID is unknown.)")
	assert "orchestrator kipu-test" in finding.remedy


def test_runs_from_desk_accept_lists_as_text_and_have_the_trigger_desk(site, browser):
	connection = clinic.make_connection().name
	issue = factories.make_record(
		"Sync Issue", connection=connection, status="Open", kind="Record", code="bad_date"
	).name
	desk = browser(factories.make_user("Kipu Sync Manager").name, factories.PASSWORD)
	reply = desk.post("orchestrator.sync.discard_sync_issues", issues=frappe.as_json([issue]))
	assert (reply.status_code, reply.json()["data"]) == (200, {"discarded": 1})
	queued = desk.post("orchestrator.sync.sync_kipu_clients", connection=connection, background=1, dry_run=1)
	run = queued.json()["data"]["runs"][0]
	assert (run["status"], run["trigger"], run["dry_run"]) == ("Queued", "Desk", True)
	desk.post("orchestrator.sync.cancel_sync", run=run["run"])
	refused = desk.post("orchestrator.sync.discard_sync_issues", issues='{"a": 1}')
	assert refused.json()["exc_type"] == "InvalidRequestError"
