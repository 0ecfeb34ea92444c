"""Cancelling, approving and rolling back runs, and retrying failed records, over HTTP where a caller can."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync import jobs
from orchestrator.sync.actions import run_actions, run_requests
from orchestrator.sync.runs import rollback, run_queue, run_records
from orchestrator.sync.runs.run_records import RunRequest
from tests.support import factories
from tests.support.client import Client, get_error
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

METHOD = "orchestrator.sync."
CALLS: dict[str, dict[str, Any]] = {
	"sync_kipu_clients": {"sync_type": "incremental"},
	"cancel_sync": {"run": "SYNC-2000-00001"},
	"approve_sync_run": {"run": "SYNC-2000-00001"},
	"rollback_sync_run": {"run": "SYNC-2000-00001"},
	"preview_rollback": {"run": "SYNC-2000-00001"},
	"retry_sync_issues": {"connection": "none"},
	"discard_sync_issues": {"issues": ["SI-none"]},
	"pause_connection": {"connection": "none"},
	"resume_connection": {"connection": "none"},
	"get_sync_run": {"run": "SYNC-2000-00001"},
	"get_sync_history": {},
	"get_connection_health": {"connection": "none"},
}


pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(12) as running:
		yield running


@pytest.fixture
def manager(api: Callable[[str], Client]) -> Client:
	"""Return a user who may run the sync and see no client."""
	return api(get_user_with("Kipu Sync Manager"))


# Permissions


@pytest.mark.parametrize("method", CALLS)
def test_guests_are_asked_to_sign_in_and_others_refused(guest, api, method):
	assert get_error(guest.post(METHOD + method, **CALLS[method])) == (401, "AuthenticationError")
	stranger = api(get_user_with("Clinical Manager"))
	before = frappe.db.count("Sync Run")
	assert get_error(stranger.post(METHOD + method, **CALLS[method])) == (403, "PermissionError")
	assert frappe.db.count("Sync Run") == before


@pytest.mark.parametrize(
	"method", [each for each in CALLS if "run" in CALLS[each] or "connection" in CALLS[each]]
)
def test_what_is_not_there_is_404(manager, method):
	assert get_error(manager.post(METHOD + method, **CALLS[method])) == (404, "DoesNotExistError")


# The documented call


def test_the_documented_call_answers_as_documented(kipu, manager):
	connection = make_connection(kipu)
	reply = manager.post(
		METHOD + "sync_kipu_clients", sync_type="incremental", dry_run=False, connection=connection
	)
	data = reply.json()["data"]
	assert reply.status_code == 200
	assert (data["imported"], data["updated"], data["skipped"], data["errors"]) == (len(kipu.world), 0, 0, [])
	assert 0 < data["sync_duration_seconds"] < 60
	assert (data["status"], data["background"], data["cursor_before"]) == ("Completed", False, None)
	assert data["cursor_after"] == str(frappe.db.get_value("Kipu Connection", connection, "cursor"))
	told = manager.get(METHOD + "get_sync_run", run=data["run"]).json()["data"]
	assert (told["run"], told["imported"]) == (data["run"], len(kipu.world))
	history = manager.get(METHOD + "get_sync_history", limit=1, connection=connection).json()["data"]
	assert [run["run"] for run in history] == [data["run"]]


def test_a_since_date_reads_from_that_day(kipu, manager):
	connection = make_connection(kipu)
	since = frappe.utils.add_days(frappe.utils.today(), -1)
	kipu.world.admit_new()
	data = manager.post(METHOD + "sync_kipu_clients", since_date=since, connection=connection).json()["data"]
	assert (data["imported"], data["runs"][0]["sync_type"], data["cursor_after"]) == (1, "backfill", None)


@pytest.mark.parametrize(
	("wrong", "status", "says"),
	[
		({"sync_type": "sideways"}, 400, "sync_type"),
		({"since_date": "yesterday"}, 400, "since_date"),
		({"since_date": "2025-02-30"}, 400, "since_date"),
		({"since_date": "1950-01-01"}, 400, "since_date"),
		({"since_date": "2999-01-01"}, 400, "since_date"),
		({"dry_run": "perhaps"}, 400, "dry_run"),
		({"connection": "No such one"}, 404, "No such one"),
		({"background": "perhaps"}, 400, "background"),
	],
)
def test_a_bad_argument_is_named_and_nothing_is_written(kipu, manager, wrong, status, says):
	connection = make_connection(kipu)
	before = frappe.db.count("Sync Run"), compute_checksums()
	reply = manager.post(METHOD + "sync_kipu_clients", **{"connection": connection, **wrong})
	assert (reply.status_code, says in reply.json()["exc"]) == (status, True)
	assert (frappe.db.count("Sync Run"), compute_checksums()) == before


def test_missing_keys_are_named_and_nothing_is_written(kipu, manager):
	connection = make_connection(kipu, secret_key="", app_id="")
	before = frappe.db.count("Sync Run")
	reply = manager.post(METHOD + "sync_kipu_clients", connection=connection)
	assert reply.status_code == 422
	assert "Secret Key, App ID" in reply.json()["exc"]
	frappe.db.rollback()
	assert frappe.db.count("Sync Run") == before


@pytest.mark.parametrize(
	("wrong", "says"),
	[
		({"base_url": "http://api.kipuapi.com"}, "https://"),
		({"base_url": "https://elsewhere.example"}, "kipu_allowed_hosts"),
		({"base_url": "https://me:secret@api.kipuapi.com"}, "password"),
		({"default_time_zone": "Mars/Base"}, "time zone"),
		({"page_size": 0}, "Page Size"),
		({"page_size": 5000}, "Page Size"),
		({"mass_change_percent": 0}, "Mass Change"),
		({"interval_minutes": 1}, "Sync Every"),
		({"locations": [{"location_id": "1"}, {"location_id": "1"}]}, "twice"),
		({"field_rules": [{"source": "email", "target": "phone"}]}, "phone"),
		({"field_rules": [{"source": "email", "target": "mr_number"}]}, "email"),
	],
)
def test_a_connection_that_can_not_be_is_refused(kipu, wrong, says):
	with pytest.raises(frappe.ValidationError, match=says):
		make_connection(kipu, **wrong)


def test_wrong_keys_fail_the_run_pause_the_connection_and_tell(kipu, manager):
	connection = make_connection(kipu, secret_key="not the secret")
	data = manager.post(METHOD + "sync_kipu_clients", connection=connection).json()["data"]
	assert (data["status"], data["runs"][0]["error"]["class"]) == ("Failed", "AccessDeniedError")
	frappe.db.rollback()
	paused = frappe.get_doc("Kipu Connection", connection)
	assert (paused.status, "secret key" in paused.paused_reason) == ("Paused", True)
	assert frappe.db.exists("Notification Log", {"document_name": connection, "for_user": "Administrator"})
	assert (
		manager.post(METHOD + "resume_connection", connection=connection).json()["data"]["status"] == "Active"
	)


def test_second_parallel_run_is_rejected_with_the_first_runs_name(kipu, manager):
	connection = make_connection(kipu)
	first = run_queue.begin_run(RunRequest(connection, "incremental"))
	reply = manager.post(METHOD + "sync_kipu_clients", connection=connection)
	assert (reply.status_code, first.name in reply.json()["exc"]) == (409, True)
	first.finish_run("Cancelled")
	assert manager.post(METHOD + "sync_kipu_clients", connection=connection).status_code == 200


def test_a_large_run_goes_to_a_job_and_says_so(kipu, manager, worker, monkeypatch):
	connection = make_connection(kipu)
	data = manager.post(METHOD + "sync_kipu_clients", connection=connection, background=True).json()["data"]
	assert (data["status"], data["background"], data["imported"]) == ("Queued", True, 0)
	worker()
	told = manager.get(METHOD + "get_sync_run", run=data["run"]).json()["data"]
	assert (told["status"], told["imported"]) == ("Completed", len(kipu.world))


@pytest.fixture
def unreachable() -> str:
	"""Return the name of a connection to a port where nobody listens."""
	with Simulator(1) as gone:
		connection = make_connection(gone)
	frappe.db.commit()
	return connection


def test_nobody_waits_for_a_remote_that_cannot_be_reached(manager, unreachable):
	data = manager.post(METHOD + "sync_kipu_clients", connection=unreachable).json()["data"]
	assert (data["background"], data["status"]) == (True, "Queued")
	run_actions.cancel_run(data["run"])
	frappe.db.commit()


def test_a_caller_who_waits_is_told_that_the_remote_cannot_be_reached(manager, unreachable):
	data = manager.post(METHOD + "sync_kipu_clients", connection=unreachable, background=False).json()["data"]
	assert (data["background"], data["status"]) == (False, "Failed")


def test_further_connections_of_a_long_call_run_in_jobs(kipu, monkeypatch):
	monkeypatch.setattr(run_requests, "MAX_CALL_SECONDS", -1.0)
	names = [make_connection(kipu), make_connection(kipu)]
	frappe.db.commit()
	result = run_requests.execute_requests(RunRequest("", "incremental"), names, None)
	assert [(run["connection"], run["status"]) for run in result["runs"]] == [
		(name, "Queued") for name in names
	]
	for run in result["runs"]:
		run_actions.cancel_run(run["run"])
	frappe.db.commit()


# Cancel


@pytest.mark.parametrize("seconds", [30, 3000])
def test_nobody_waits_for_a_remote_that_asks_for_patience(kipu, manager, seconds):
	connection = make_connection(kipu)
	kipu.faults.add(Fault("throttle", times=1, retry_after="seconds", value=seconds))
	data = manager.post(METHOD + "sync_kipu_clients", connection=connection).json()["data"]
	assert (data["background"], data["status"]) == (True, "Queued")
	run_actions.cancel_run(data["run"])
	frappe.db.commit()


def test_a_queued_run_is_cancelled_at_once_and_its_job_does_nothing(kipu, manager):
	connection = make_connection(kipu)
	name = run_queue.queue_run(RunRequest(connection, "incremental"))
	assert manager.post(METHOD + "cancel_sync", run=name).json()["data"]["status"] == "Cancelled"
	jobs.run_queued(name)
	assert list_clients_and_stays(connection) == []
	assert get_error(manager.post(METHOD + "cancel_sync", run=name)) == (409, "ConflictError")


def test_a_queued_run_has_not_started_and_tells_how_many_jobs_are_ahead(kipu, manager):
	connection = make_connection(kipu)
	standing = run_requests.enqueue_request(RunRequest(connection, "incremental"))
	ahead = manager.get(METHOD + "get_sync_run", run=standing["run"]).json()["data"]

	later = make_connection(kipu)
	behind = run_requests.enqueue_request(RunRequest(later, "incremental"))

	assert (ahead["status"], ahead["started_at"], bool(ahead["requested_at"])) == ("Queued", None, True)
	assert ahead["sync_duration_seconds"] == 0
	assert behind["jobs_ahead"] == ahead["jobs_ahead"] + 1
	claimed = run_queue.claim_queued_run(standing["run"])
	begun = manager.get(METHOD + "get_sync_run", run=standing["run"]).json()["data"]
	assert claimed
	assert (begun["status"], begun["jobs_ahead"]) == ("Running", None)
	assert begun["started_at"] >= begun["requested_at"] == ahead["requested_at"]
	claimed.finish_run("Cancelled")
	run_actions.cancel_run(behind["run"])
	frappe.db.commit()


def test_a_run_at_work_stops_before_its_next_page_and_the_next_goes_on(kipu):
	connection = make_connection(kipu, page_size=4)

	def cancel(run: run_records.Run) -> None:
		if run.tally.imported:
			run_actions.cancel_run(run.name)

	run = run_queue.begin_run(RunRequest(connection, "incremental"))
	from orchestrator.sync.runs import context, engine

	unhurried, context.PROGRESS_INTERVAL_SECONDS = context.PROGRESS_INTERVAL_SECONDS, 0.0
	try:
		assert engine.execute(run, cancel) == "Cancelled"
	finally:
		context.PROGRESS_INTERVAL_SECONDS = unhurried
	assert frappe.db.count("Client Stay", {"connection": connection}) == 4
	again = run_sync(connection)
	assert (again["resumed_from"], again["imported"]) == (run.name, len(kipu.world) - 4)


# Approve


def test_held_run_continues_when_approved(kipu, manager, worker):
	connection = make_connection(kipu, mass_change_minimum=2, mass_change_percent=1)
	stays = [kipu.world.admit_new() for _ in range(4)]
	run_sync(connection)
	for stay in stays:
		kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	held = run_sync(connection)
	assert held["status"] == "Held"
	assert frappe.db.exists("Notification Log", {"document_name": held["run"]})
	assert manager.post(METHOD + "approve_sync_run", run=held["run"]).json()["data"]["status"] == "Queued"
	worker()
	told = manager.get(METHOD + "get_sync_run", run=held["run"]).json()["data"]
	assert (told["status"], told["deactivated"], told["updated"]) == ("Completed", 4, 4)
	assert {get_client(connection, stay + 1000).status for stay in stays} == {"Discharged"}
	assert get_error(manager.post(METHOD + "approve_sync_run", run=held["run"])) == (409, "ConflictError")


def test_held_retry_continues_with_its_issues(kipu, worker):
	connection = make_connection(kipu, mass_change_minimum=2, mass_change_percent=1)
	stays = [kipu.world.admit_new() for _ in range(4)]
	run_sync(connection)
	for stay in stays:
		kipu.world.set_field(stay, "admission_date", "long ago")
		kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	assert run_sync(connection)["failed"] == 4
	for stay in stays:
		kipu.world.set_field(stay, "admission_date", "2020-02-29")
	held = run_actions.retry_issues(connection, None)
	assert (held["status"], held["deactivated"]) == ("Held", 2)
	run_actions.approve_run(held["run"])
	worker()
	frappe.db.rollback()
	assert frappe.db.get_value("Sync Run", held["run"], ["status", "deactivated"]) == ("Completed", 4)
	assert {get_client(connection, stay + 1000).status for stay in stays} == {"Discharged"}


def test_an_approved_run_counts_each_record_once(kipu, worker):
	connection = make_connection(kipu, mass_change_minimum=2, mass_change_percent=1, page_size=5)
	stays = [kipu.world.admit_new() for _ in range(8)]
	run_sync(connection)
	for stay in stays[:4]:
		kipu.world.hidden[stay] = 1
	kipu.world.version += 1
	held = run_sync(connection, "full")
	visible = len(kipu.world) - 4
	assert (held["status"], get_counts(held)) == ("Held", (0, 0, visible, 0))
	run_actions.approve_run(held["run"])
	worker()
	frappe.db.rollback()
	run = frappe.get_doc("Sync Run", held["run"])
	assert (run.status, run.deactivated) == ("Completed", 4)
	assert (run.imported, run.updated, run.skipped, run.failed) == (0, 4, visible, 0)


# Roll back


def test_rollback_deletes_created_and_restores_updated_records(kipu, manager):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	run_sync(connection)
	before = list_clients_and_stays(connection)
	cursor = frappe.db.get_value("Kipu Connection", connection, "cursor")
	kipu.world.set_field(stay, "phone", "212-555-0111")
	kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	kipu.world.admit_new()
	run = run_sync(connection)
	after = list_clients_and_stays(connection)
	assert get_counts(run)[:2] == (1, 1) and after != before
	preview = manager.get(METHOD + "preview_rollback", run=run["run"]).json()["data"]
	assert preview == {"run": run["run"], "clients": 1, "stays": 1, "changed": 2}
	reply = manager.post(METHOD + "rollback_sync_run", run=run["run"])
	assert (reply.status_code, reply.json()["data"]["status"]) == (200, "Completed")
	assert list_clients_and_stays(connection) == before
	told = manager.get(METHOD + "get_sync_run", run=run["run"]).json()["data"]
	assert (told["status"], told["rollback"]) == (
		"Rolled Back",
		{"deleted": 2, "restored": 2, "kept": [], "kept_in_all": 0},
	)
	assert frappe.db.get_value("Kipu Connection", connection, ["status", "cursor"]) == ("Paused", cursor)
	assert get_counts(run_sync(connection))[:2] == (1, 1)
	assert list_clients_and_stays(connection) == after
	assert get_error(manager.post(METHOD + "rollback_sync_run", run=run["run"])) == (409, "ConflictError")


def test_rollback_from_desk_says_so(kipu, browser):
	run = run_sync(make_connection(kipu))
	reply = browser(get_user_with("Kipu Sync Manager"), factories.PASSWORD).post(
		METHOD + "rollback_sync_run", run=run["run"]
	)
	assert reply.json()["data"]["trigger"] == "Desk"


def test_rollback_lists_and_preserves_later_edits(kipu):
	connection = make_connection(kipu)
	stay = kipu.world.admit_new()
	run_sync(connection)
	kipu.world.set_field(stay, "phone", "212-555-0111")
	kipu.world.set_field(stay, "email", "other@example.org")
	newcomer = kipu.world.admit_new()
	run = run_sync(connection)
	old, new = get_client(connection, stay + 1000), get_client(connection, newcomer + 1000)
	old.phone = new.phone = "212-555-0122"
	old.save()
	new.save()
	before = frappe.db.get_value("Client", old.name, "email")
	run_actions.roll_back_run(run["run"])
	report = frappe.parse_json(frappe.db.get_value("Sync Run", run["run"], "rollback_report"))
	assert {(kept["name"], kept["reason"], *kept["fields"]) for kept in report["kept"]} == {
		(old.name, "edited", "phone"),
		(new.name, "edited"),
		(get_stay(connection, newcomer + 1000).name, "belongs to one that is kept"),
	}
	old.reload()
	assert (old.phone, old.email == before, report["restored"]) == ("212-555-0122", False, 1)


def test_rollback_preserves_records_with_later_runs_or_comments(kipu):
	connection = make_connection(kipu)
	first, second = kipu.world.admit_new(), kipu.world.admit_new()
	run = run_sync(connection)
	kipu.world.set_field(first, "phone", "212-555-0111")
	run_sync(connection)
	get_client(connection, second + 1000).add_comment("Comment", "Called back.")
	frappe.db.commit()
	run_actions.roll_back_run(run["run"])
	kept = {get_client(connection, stay + 1000).name for stay in (first, second)}
	assert set(frappe.get_all("Client", {"connection": connection}, pluck="name")) == kept


def test_interrupted_rollback_resumes_and_reports_everything(kipu, monkeypatch):
	connection = make_connection(kipu)
	stays = [kipu.world.admit_new() for _ in range(3)]
	run_sync(connection)
	for stay in stays:
		kipu.world.set_field(stay, "phone", "212-555-0111")
	run = run_sync(connection)
	edited = get_client(connection, stays[0] + 1000)
	edited.phone = "212-555-0122"
	edited.save()
	frappe.db.commit()
	monkeypatch.setattr(rollback, "BATCH_SIZE", 1)
	restored: list[str] = []
	original = rollback.restore_record

	def restore(change: Any, *rest: Any) -> None:
		restored.append(change["name"])
		if len(restored) == 3:
			raise OSError
		original(change, *rest)

	monkeypatch.setattr(rollback, "restore_record", restore)
	assert run_actions.roll_back_run(run["run"])["status"] == "Failed"
	assert run_actions.roll_back_run(run["run"])["status"] == "Completed"
	report = frappe.parse_json(frappe.db.get_value("Sync Run", run["run"], "rollback_report"))
	assert (report["restored"], [kept["name"] for kept in report["kept"]]) == (2, [edited.name])


def test_a_dry_run_can_not_be_rolled_back(kipu, manager):
	run = run_sync(make_connection(kipu), dry_run=True)
	assert get_error(manager.post(METHOD + "rollback_sync_run", run=run["run"])) == (409, "ConflictError")
	assert frappe.db.get_value("Sync Run", run["run"], "status") == run["status"]


# Failed records


def test_failed_record_becomes_an_issue_and_the_others_are_synced(kipu, manager):
	connection = make_connection(kipu)
	kipu.world.set_field(0, "admission_date", "not a day", touch=False)
	casefile = next(row["casefile_id"] for row in _raw(kipu) if row["casefile_id"].startswith("1000:"))
	run = run_sync(connection)
	assert get_counts(run) == (len(kipu.world) - 1, 0, 0, 1)
	assert run["errors"] == [
		{"casefile_id": casefile, "code": "bad_date", "field": "admission_date", "retryable": False}
	]
	(issue,) = frappe.get_all(
		"Sync Issue", {"connection": connection, "kind": "Record"}, ["name", "status", "casefile_id"]
	)
	assert (issue.status, issue.casefile_id) == ("Open", casefile)
	before = compute_checksums()
	assert run_sync(connection, "full")["failed"] == 1
	assert compute_checksums() == before

	retried = manager.post(METHOD + "retry_sync_issues", connection=connection).json()["data"]
	assert (retried["sync_type"], retried["failed"]) == ("retry", 1)
	frappe.db.rollback()
	assert frappe.db.get_value("Sync Issue", issue.name, ["status", "attempts"]) == ("Open", 1)
	kipu.world.set_field(0, "admission_date", "2026-01-02", touch=False)
	retried = manager.post(METHOD + "retry_sync_issues", connection=connection).json()["data"]
	assert (retried["imported"], retried["failed"]) == (1, 0)
	frappe.db.rollback()
	assert frappe.db.get_value("Sync Issue", issue.name, "status") == "Resolved"
	assert get_error(manager.post(METHOD + "retry_sync_issues", connection=connection)) == (
		409,
		"ConflictError",
	)


def test_a_discarded_failure_is_skipped_from_then_on(kipu, manager):
	connection = make_connection(kipu)
	kipu.world.set_field(0, "admission_date", "not a day", touch=False)
	run_sync(connection)
	issue = frappe.db.get_value("Sync Issue", {"connection": connection})
	reply = manager.post(METHOD + "discard_sync_issues", issues=[issue])
	assert reply.json()["data"] == {"discarded": 1}
	assert get_counts(run_sync(connection, "full")) == (0, 0, len(kipu.world), 0)


def test_a_record_that_another_app_refuses_fails_alone_by_the_name_of_the_error(kipu, monkeypatch):
	from orchestrator.orchestrator.doctype.client_stay.client_stay import ClientStay
	from orchestrator.sync.storage import save_side_effects

	def refuse(doc: Any) -> None:
		if doc.chart_id == "1001":
			frappe.throw(f"No: {doc.mr_number}")

	monkeypatch.setattr(ClientStay, "validate", refuse, raising=False)
	monkeypatch.setattr(save_side_effects, "has_side_effects", lambda *_: True)
	connection = make_connection(kipu)
	run = run_sync(connection)
	assert (run["failed"], run["errors"][0]["code"], run["errors"][0]["retryable"]) == (
		1,
		"ValidationError",
		True,
	)
	person = next(row for row in _raw(kipu) if row["casefile_id"].startswith("1001:"))[
		"casefile_id"
	].partition(":")[2]
	others = sum(1 for row in _raw(kipu) if row["casefile_id"].partition(":")[2] == person) - 1
	assert frappe.db.count("Client Stay", {"connection": connection}) == len(kipu.world) - 1
	assert bool(frappe.db.exists("Client", {"connection": connection, "person_id": person})) == bool(others)


def _raw(kipu: Simulator) -> list[dict[str, Any]]:
	from orchestrator.kipu_simulator.render import render_full_record

	return [render_full_record(kipu.world, stay) for stay in range(len(kipu.world))]


def test_one_connection_that_fails_does_not_stop_the_others(kipu, api, monkeypatch):
	good, bad = make_connection(kipu), make_connection(kipu)
	frappe.db.set_value("Kipu Connection", bad, "base_url", "http://127.0.0.1:9")
	frappe.db.commit()
	result = run_requests.execute_requests(
		run_requests.parse_request("incremental", False, None), sorted([good, bad]), False
	)
	by_name = {run["connection"]: run for run in result["runs"]}
	assert (by_name[bad]["status"], by_name[good]["status"]) == ("Failed", "Completed")
	assert (result["status"], result["run"], result["imported"]) == ("Failed", None, len(kipu.world))


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("atomic", [True, False])
def test_a_sync_is_no_step_of_a_batch(kipu, manager, atomic, background):
	"""It commits page by page."""
	params = {"connection": make_connection(kipu), "background": background}
	before = frappe.db.count("Sync Run")
	reply = manager.post(
		"orchestrator.api.batch",
		atomic=atomic,
		steps=[{"id": "sync", "method": "orchestrator.sync.sync_kipu_clients", "params": params}],
	)
	(result,) = reply.json()["data"]["steps"]
	assert (reply.status_code, result["status"]) == (400 if atomic else 200, 400)
	assert "cannot be a step of a batch" in result["body"]["exc"]
	frappe.db.rollback()
	assert frappe.db.count("Sync Run") == before
	assert list_clients_and_stays(params["connection"]) == []
