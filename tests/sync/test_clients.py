"""Clients as users see and change them: permissions, conflict policies, notifications."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe
from frappe.utils.background_jobs import get_queues

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync import jobs
from orchestrator.sync.actions import run_actions
from orchestrator.sync.runs.run_records import RunRequest
from orchestrator.sync.storage import save_side_effects
from tests.support import factories
from tests.support.client import get_error
from tests.support.kipu_site import (
	compute_checksums,
	get_client,
	get_counts,
	get_stay,
	get_user_with,
	list_clients_and_stays,
	make_connection,
	run_sync,
)

PHONE, OTHER, OURS = "212-555-0110", "212-555-0120", "212-555-0130"


pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(8) as running:
		yield running


def get_chart(stay: int) -> int:
	return stay + 1000


def edit(client: Any, **values: Any) -> None:
	client.update(values)
	client.save()
	frappe.db.commit()


# Conflict policies


@pytest.mark.parametrize(
	("policy", "kept", "issues"),
	[("source", OTHER, 0), ("local", OURS, 0), ("set-once", OURS, 0), ("review", OURS, 1)],
)
def test_when_both_sides_changed_a_field_the_policy_decides(kipu, policy, kept, issues):
	connection = make_connection(kipu, field_rules=[{"source": "phone", "policy": policy}])
	stay = kipu.world.admit_new()
	kipu.world.set_field(stay, "phone", PHONE)
	run_sync(connection)
	client = get_client(connection, get_chart(stay))
	edit(client, phone=OURS, preferred_name="Ren")
	kipu.world.set_field(stay, "phone", OTHER)
	run_sync(connection)
	client.reload()
	assert (client.phone, client.preferred_name) == (kept, "Ren")
	found = frappe.get_all(
		"Sync Issue", {"connection": connection, "kind": "Conflict"}, ["field", "reference_name"]
	)
	assert [(issue.field, issue.reference_name) for issue in found] == [("phone", client.name)] * issues
	before = compute_checksums()
	run_sync(connection, "full")
	assert compute_checksums() == before


@pytest.mark.parametrize("policy", ["source", "local", "set-once", "review"])
def test_local_edit_is_preserved_while_the_source_is_unchanged(kipu, policy):
	connection = make_connection(kipu, field_rules=[{"source": "phone", "policy": policy}])
	stay = kipu.world.admit_new()
	run_sync(connection)
	client = get_client(connection, get_chart(stay))
	edit(client, phone=OURS)
	kipu.world.set_field(stay, "room_name", "12")
	assert run_sync(connection)["updated"] == 1
	client.reload()
	assert (client.phone, get_stay(connection, get_chart(stay)).room_name) == (OURS, "12")


def test_a_change_is_tracked_and_by_field(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	kipu.world.set_field(stay, "phone", PHONE)
	run_sync(connection)
	kipu.world.set_field(stay, "phone", OTHER)
	run = run_sync(connection)
	client = get_client(connection, get_chart(stay))
	(data,) = frappe.get_all("Version", {"docname": client.name}, pluck="data")
	assert frappe.parse_json(data)["changed"] == [["phone", PHONE, OTHER]]
	assert run["changed_fields"] == {"Client.phone": 1}


def test_a_field_may_be_left_out_or_go_elsewhere(kipu):
	rules = [{"source": "email", "leave_out": 1}, {"source": "pronouns", "target": "gender_identity"}]
	rules.append({"source": "gender_identity", "leave_out": 1})
	connection = make_connection(kipu, field_rules=rules)
	stay = kipu.world.admit_new()
	kipu.world.set_field(stay, "pronouns", "They/Them")
	run_sync(connection)
	client = get_client(connection, get_chart(stay))
	assert (client.email, client.gender_identity, client.pronouns) == (None, "They/Them", None)


def test_a_conflict_that_was_settled_does_not_silence_the_next(kipu):
	connection = make_connection(kipu, field_rules=[{"source": "phone", "policy": "review"}])
	stay = kipu.world.admit_new()
	run_sync(connection)
	edit(get_client(connection, get_chart(stay)), phone=OURS)
	kipu.world.set_field(stay, "phone", OTHER)
	run_sync(connection)
	issue = frappe.db.get_value("Sync Issue", {"connection": connection, "kind": "Conflict"})
	run_actions.discard_issues([issue])
	frappe.db.commit()
	run_sync(connection)
	assert frappe.db.get_value("Sync Issue", issue, "status") == "Discarded"
	kipu.world.set_field(stay, "phone", PHONE)
	run_sync(connection)
	assert frappe.db.get_value("Sync Issue", issue, "status") == "Open"
	assert get_client(connection, get_chart(stay)).phone == OURS


def test_reviewed_conflict_is_resolved_with_the_source_value(kipu):
	connection = make_connection(kipu, default_policy="review")
	stay = kipu.world.admit_new()
	run_sync(connection)
	edit(get_client(connection, get_chart(stay)), phone=OURS)
	edit(get_stay(connection, get_chart(stay)), room_name="ours")
	kipu.world.set_field(stay, "phone", OTHER)
	kipu.world.set_field(stay, "room_name", "theirs")
	run_sync(connection)
	names = frappe.get_all("Sync Issue", {"connection": connection, "kind": "Conflict"}, pluck="name")
	assert (len(names), get_client(connection, get_chart(stay)).phone) == (2, OURS)
	assert run_actions.retry_issues(connection, names)["updated"] == 1
	assert get_client(connection, get_chart(stay)).phone == OTHER
	assert get_stay(connection, get_chart(stay)).room_name == "theirs"
	assert frappe.db.count("Sync Issue", {"connection": connection, "status": "Open"}) == 0
	assert get_counts(run_sync(connection))[:2] == (0, 0)


def test_who_is_deleted_here_comes_again_while_kipu_has_them(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	run_sync(connection)
	before = list_clients_and_stays(connection)
	client = get_client(connection, get_chart(stay))
	get_stay(connection, get_chart(stay)).delete()
	client.delete()
	frappe.db.commit()
	assert run_sync(connection)["imported"] == 1
	assert list_clients_and_stays(connection) == before


# Imported values


def test_a_location_that_is_switched_off_and_test_clients_are_left_out(kipu):
	kipu.world.admit_new(location=1)
	stay = kipu.world.admit_new(location=0)
	kipu.world.set_field(stay, "last_name", "Testpatient")
	at = list(kipu.world.location).count(1)
	connection = make_connection(
		kipu, locations=[{"location_id": "2", "enabled": 0}], left_out_names="testpatient\nzzz"
	)
	run = run_sync(connection)
	assert run["skipped"] == at + 1
	assert run["imported"] == len(kipu.world) - at - 1
	assert not frappe.db.exists("Client", {"connection": connection, "last_name": "Testpatient"})


def test_one_chart_with_two_people_is_raised_for_review_and_nothing_is_merged(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	run_sync(connection)
	someone_else = "11111111-2222-4333-8444-555555555555"
	kipu.world.set_field(stay, "casefile_id", f"{get_chart(stay)}:{someone_else}")
	run_sync(connection)
	assert frappe.db.count("Client Stay", {"connection": connection, "chart_id": get_chart(stay)}) == 2
	assert frappe.db.exists("Client", {"connection": connection, "person_id": someone_else})
	assert (
		frappe.db.count("Sync Issue", {"connection": connection, "kind": "Identity", "status": "Open"}) == 1
	)


def test_added_or_removed_field_is_reported_once_by_name(kipu):
	connection = make_connection(kipu)
	kipu.world.add_field("shoe_size", "Forty-two")
	kipu.world.drop_field("mr_number")
	run = run_sync(connection)
	assert run["drift"] == {"unknown": ["shoe_size"], "vanished": ["mr_number"]}
	found = frappe.get_all("Sync Issue", {"connection": connection, "kind": "Drift"}, ["code", "field"])
	assert {(issue.code, issue.field) for issue in found} == {
		("unknown", "shoe_size"),
		("vanished", "mr_number"),
	}


def test_places_of_the_same_name_in_two_instances_are_two_facilities(kipu):
	one, other = make_connection(kipu), make_connection(kipu)
	kipu.world.admit_new()
	run_sync(one)
	run_sync(other)
	facilities = [
		set(frappe.get_all("Client Stay", {"connection": name}, pluck="facility")) for name in (one, other)
	]
	assert not facilities[0] & facilities[1]


@pytest.mark.parametrize(
	("field", "said", "failed"),
	[
		("location_name", "Men's <House>", 0),
		("location_name", "New Facility 2", 0),
		("location_name", "Facility", 0),
		("location_name", "x" * 300, 1),
		("location_id", "9" * 300, 1),
		("location_id", ["77"], 1),
	],
)
def test_an_unusual_location_name_does_not_stop_the_sync(kipu, field, said, failed):
	kipu.world.set_field(0, "location_id", "77")
	kipu.world.set_field(0, field, said)
	run = run_sync(make_connection(kipu))
	assert (run["status"], run["failed"]) == ("Completed", failed)
	assert run["imported"] == len(kipu.world)


def test_a_dry_run_makes_no_facility(kipu):
	connection = make_connection(kipu)
	before = compute_checksums()
	assert run_sync(connection, dry_run=True)["imported"] == len(kipu.world)
	assert compute_checksums() == before


# Permissions


def test_clinical_people_see_clients_and_the_most_private_fields_need_more(kipu, api):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	kipu.world.set_field(stay, "race", "Other")
	run_sync(connection)
	name, its_stay = get_client(connection, get_chart(stay)).name, get_stay(connection, get_chart(stay)).name
	seen = {}
	for role in ("Clinical User", "Clinical Manager"):
		caller = api(get_user_with(role))
		client = caller.get("frappe.client.get", doctype="Client", name=name).json()["data"]
		its = caller.get("frappe.client.get", doctype="Client Stay", name=its_stay).json()["data"]
		seen[role] = (client["last_name"] is not None, client.get("race"), bool(its.get("diagnosis_codes")))
	assert seen == {"Clinical User": (True, None, False), "Clinical Manager": (True, "Other", True)}


@pytest.mark.parametrize(
	"role", ["System Manager", "Kipu Sync Manager", "Sales Manager", "Orchestrator Manager"]
)
@pytest.mark.parametrize("doctype", ["Client", "Client Stay", "Sync State", "Sync Change"])
def test_other_roles_cannot_read_clients_or_source_values(site, api, role, doctype):
	caller = api(get_user_with(role))
	assert get_error(caller.get("frappe.client.get_list", doctype=doctype)) == (403, "PermissionError")


def test_a_user_permission_on_a_facility_hides_the_clients_of_others(kipu, api):
	connection = make_connection(kipu)
	here, there = kipu.world.admit_new(location=0), kipu.world.admit_new(location=1)
	run_sync(connection)
	mine, theirs = get_client(connection, get_chart(here)), get_client(connection, get_chart(there))
	user = factories.make_user("Clinical User")
	factories.make_record("User Permission", user=user.name, allow="Facility", for_value=mine.facility)
	caller = api(user.name)
	filters = [["connection", "=", connection]]
	listed = caller.post("frappe.client.get_list", doctype="Client", fields=["facility"], filters=filters)
	assert {row["facility"] for row in listed.json()["data"]} == {mine.facility}
	stays = caller.post("frappe.client.get_list", doctype="Client Stay", fields=["facility"], filters=filters)
	assert {row["facility"] for row in stays.json()["data"]} == {mine.facility}
	assert caller.get("frappe.client.get", doctype="Client", name=mine.name).status_code == 200
	assert get_error(caller.get("frappe.client.get", doctype="Client", name=theirs.name)) == (
		404,
		"DoesNotExistError",
	)


def test_no_client_is_without_a_facility(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	kipu.world.set_field(stay, "location_id", "")
	run_sync(connection)
	assert get_stay(connection, get_chart(stay)).facility == frappe.db.get_value(
		"Kipu Connection", connection, "default_facility"
	)
	assert {row["facility"] is not None for row in list_clients_and_stays(connection)} == {True}


# Notifications


def test_written_at_once_or_one_by_one_the_rows_are_the_same(kipu, monkeypatch):
	assert [save_side_effects.has_side_effects(doctype) for doctype in ("Client", "Client Stay")] == [
		False,
		False,
	], list(save_side_effects.list_side_effects("Client"))
	at_once = make_connection(kipu, page_size=3)
	run_sync(at_once)
	monkeypatch.setattr(save_side_effects, "has_side_effects", lambda *_: True)
	one_by_one = make_connection(kipu, page_size=3)
	run_sync(one_by_one)
	assert list_comparable(at_once) == list_comparable(one_by_one)


def list_comparable(connection: str) -> list[dict[str, Any]]:
	own = ("name", "connection", "client", "facility")
	rows = [{key: row[key] for key in row if key not in own} for row in list_clients_and_stays(connection)]
	return sorted(rows, key=lambda row: (row.get("casefile_id") or "", row.get("person_id") or ""))


LISTENERS: dict[str, Callable[[], dict[str, Any]]] = {
	"Webhook": lambda: {
		"name": factories.make_unique("New client"),
		"webhook_doctype": "Client",
		"webhook_docevent": "after_insert",
		"request_url": "http://127.0.0.1:9/x",
		"request_structure": "JSON",
		"webhook_json": "{}",
	},
	"Notification": lambda: {
		"name": factories.make_unique("New client"),
		"subject": "A new client",
		"document_type": "Client",
		"event": "New",
		"channel": "System Notification",
		"message": "Somebody came.",
		"recipients": [{"receiver_by_role": "System Manager"}],
	},
	"Assignment Rule": lambda: {
		"name": factories.make_unique("Clients"),
		"document_type": "Client",
		"assign_condition": "True",
		"rule": "Round Robin",
		"description": "Look after them",
		"assignment_days": [
			{"day": day}
			for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
		],
		"users": [{"user": get_user_with("Clinical Manager")}],
	},
}


HEARD = {
	"Notification": ("Notification Log", "document_name"),
	"Assignment Rule": ("ToDo", "reference_name"),
}


def list_delivered() -> set[str]:
	"""Return the records whose webhooks wait in the queue."""
	jobs_waiting = [job for queue in get_queues() for job in queue.jobs]
	return {job.kwargs["kwargs"]["doc"].name for job in jobs_waiting if "doc" in job.kwargs.get("kwargs", {})}


@pytest.mark.parametrize("doctype", LISTENERS)
def test_new_clients_run_the_hooks_of_any_record(site, doctype, worker):
	rule = factories.make_record(doctype, **LISTENERS[doctype]())
	try:
		assert doctype in list(save_side_effects.list_side_effects("Client"))
		with Simulator(0) as kipu:
			stay = kipu.world.admit_new()
			connection = make_connection(kipu)
			run_sync(connection)
		client = get_client(connection, get_chart(stay)).name
		if doctype == "Webhook":
			assert client in list_delivered()
			return
		worker()
		frappe.db.rollback()
		log, field = HEARD[doctype]
		assert frappe.db.exists(log, {field: client})
	finally:
		rule.delete()
		frappe.db.commit()
		frappe.clear_cache()


def test_a_hook_of_another_app_is_called_for_each_client(kipu, monkeypatch):
	heard: list[str] = []
	monkeypatch.setattr(
		"tests.support.kipu_site.hear", lambda doc, _method: heard.append(doc.name), raising=False
	)
	hooks = frappe.get_doc_hooks()
	own = {**hooks, "Client": {"after_insert": ["tests.support.kipu_site.hear"]}}
	monkeypatch.setattr(frappe, "get_doc_hooks", lambda: own)
	connection = make_connection(kipu)
	run_sync(connection)
	assert sorted(heard) == sorted(frappe.get_all("Client", {"connection": connection}, pluck="name"))


# Scheduled jobs


def test_the_schedule_runs_each_connection_at_its_own_interval(kipu, worker):
	own = make_connection(kipu, interval_minutes=15)
	paused = make_connection(kipu)
	frappe.db.set_value("Kipu Connection", paused, "status", "Paused")
	unscheduled = make_connection(kipu)
	frappe.db.set_value("Kipu Connection", {"name": ("in", (own, paused))}, "schedule_enabled", 1)
	frappe.db.set_value(
		"Kipu Connection", {"name": ("not in", (own, paused, unscheduled))}, "schedule_enabled", 0
	)
	frappe.db.commit()
	jobs.start_due_runs()
	jobs.start_due_runs()
	worker()
	frappe.db.rollback()
	(run,) = frappe.get_all(
		"Sync Run", {"connection": ("in", (own, paused, unscheduled))}, ["connection", "status", "trigger"]
	)
	assert (run.connection, run.status, run.trigger) == (own, "Completed", "Schedule")
	frappe.db.set_value(
		"Sync Run", {"connection": own}, "creation", frappe.utils.add_to_date(None, minutes=-14)
	)
	jobs.start_due_runs()
	assert frappe.db.count("Sync Run", {"connection": own}) == 2
	jobs.start_census()
	assert frappe.db.count("Sync Run", {"connection": own, "sync_type": "census"}) == 0  # the other one waits


def test_stale_connection_is_reported_once(kipu):
	connection = make_connection(kipu, stale_after_hours=1)
	long_ago = frappe.utils.add_to_date(None, hours=-2)
	frappe.db.set_value("Kipu Connection", connection, {"last_success": long_ago, "schedule_enabled": 1})
	frappe.db.commit()
	for _ in range(2):
		jobs.notify_stale_connections()
	told = {"document_name": connection, "for_user": "Administrator"}
	assert frappe.db.count("Notification Log", told) == 1


def test_cleanup_deletes_old_runs_and_preserves_held_ones(kipu):
	connection = make_connection(kipu)
	run, held = run_sync(connection)["run"], run_sync(connection)["run"]
	recent = run_sync(connection)["run"]
	long_ago = frappe.utils.add_to_date(None, days=-jobs.RUN_RETENTION_DAYS - 1)
	frappe.db.set_value("Sync Run", {"name": ("in", (run, held))}, "creation", long_ago)
	frappe.db.set_value("Sync Run", held, "status", "Held")
	jobs.delete_old_records()
	assert set(frappe.get_all("Sync Run", {"connection": connection}, pluck="name")) == {held, recent}


def test_a_nightly_census_reads_no_history_and_moves_no_cursor(kipu):
	connection = make_connection(kipu)
	run_sync(connection)
	frappe.db.set_value("Kipu Connection", connection, "cursor", "2026-01-01")
	kipu.answers.clear()
	run = run_sync(connection, "census")
	assert (get_counts(run)[:2], run["cursor_after"]) == ((0, 0), "2026-01-01")
	assert {route for route, _status in kipu.answers} == {"patients/census", "vaults/patients"}
	assert RunRequest(connection, "census").trigger == "API"
