"""The calls of the connection wizard over HTTP: setup, the test in a job, locations and sample records."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.places import PLACES
from orchestrator.kipu_simulator.render import build_casefile_id
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import Settings
from orchestrator.sync.runs import run_queue
from orchestrator.sync.runs.run_records import RunRequest
from orchestrator.sync.wizard import background_test, locations
from tests.support import clinic, factories
from tests.support.client import Client, get_error
from tests.support.kipu_site import get_user_with, make_connection, run_sync

METHOD = "orchestrator.sync.connection_wizard."
HIDDEN = "DoesNotExistError"
LOCATION = {
	"location_id": "1",
	"location_name": "Harbor Point Recovery",
	"enabled": True,
	"facility": None,
	"time_zone": "America/New_York",
}
CALLS: dict[str, dict[str, Any]] = {
	"get_setup": {},
	"start_test": {},
	"get_test": {},
	"save_locations": {"locations": [LOCATION]},
	"list_sample_records": {},
}

pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	with Simulator(120, settings=Settings(telling=True)) as running:
		yield running


@pytest.fixture
def connection(kipu: Simulator) -> str:
	return make_connection(kipu)


@pytest.fixture
def manager(api: Callable[[str], Client]) -> Client:
	"""Return a user who may run the sync and see no client."""
	return api(get_user_with("Kipu Sync Manager"))


@pytest.fixture(scope="module")
def clinician(frappe_site: str) -> str:
	"""Return a user who may run the sync and see all clients."""
	return str(factories.make_user("Clinical Manager", "Kipu Sync Manager").name)


def fetch(client: Client, method: str, **values: Any) -> Any:
	reply = client.post(METHOD + method, **values)
	assert reply.status_code == 200, reply.text
	return reply.json()["data"]


def group_locations(setup: dict[str, Any]) -> dict[str, dict[str, Any]]:
	return {row["location_id"]: row for row in setup["locations"]}


def run_test(client: Client, connection: str) -> Any:
	"""Start a test and carry out its job here: a worker takes seconds to begin."""
	test = fetch(client, "start_test", connection=connection)
	assert test["status"] == "Queued"
	background_test.run_test(connection, test["test"])
	return fetch(client, "get_test", connection=connection)


# Permissions


@pytest.mark.parametrize("method", CALLS)
def test_guests_and_other_roles_are_refused(guest, api, connection, method):
	values = {"connection": connection, **CALLS[method]}
	before = frappe.db.count("Facility")
	assert get_error(guest.post(METHOD + method, **values)) == (401, "AuthenticationError")
	reply = api(get_user_with("Clinical Manager")).post(METHOD + method, **values)
	assert get_error(reply) == (403, "PermissionError")
	frappe.db.rollback()
	assert frappe.db.count("Facility") == before
	assert frappe.get_all("Kipu Location", {"parent": connection}) == []


def test_users_who_see_no_clients_get_no_samples(connection, manager):
	reply = manager.post(METHOD + "list_sample_records", connection=connection)
	assert get_error(reply) == (403, "PermissionError")


@pytest.mark.parametrize("method", [name for name in CALLS if name != "list_sample_records"])
def test_a_connection_that_is_hidden_from_the_user_does_not_exist(api, kipu, connection, method):
	user = factories.make_user("Kipu Sync Manager").name
	own = make_connection(kipu)
	factories.make_record("User Permission", user=user, allow="Kipu Connection", for_value=own)
	values = CALLS[method]
	assert get_error(api(user).post(METHOD + method, connection=connection, **values)) == (404, HIDDEN)
	assert get_error(api(user).post(METHOD + method, connection="none", **values)) == (404, HIDDEN)
	assert api(user).post(METHOD + method, connection=own, **values).status_code == 200


def test_no_credential_is_in_any_reply(kipu, connection, clinician, api):
	caller = api(clinician)
	run_test(caller, connection)
	text = "".join(caller.post(METHOD + name, connection=connection, **CALLS[name]).text for name in CALLS)
	keys = kipu.keys
	assert [value for value in (keys.access_id, keys.secret_key, keys.app_id) if value in text] == []
	assert "****" not in text


SAVED = {"access_id": "canary-access", "secret_key": "canary-secret", "app_id": "canary-app"}


@pytest.mark.parametrize(
	"base_url", ["https://api.kipuapi.com", "https://example.org", "http://api.kipuapi.com"]
)
def test_credentials_that_are_saved_do_not_come_back(site, browser, base_url):
	user = factories.make_user("System Manager").name
	doc = {"doctype": "Kipu Connection", "connection_name": factories.make_unique("Kipu"), "enabled": 0}
	desk = browser(user, factories.PASSWORD)
	reply = desk.post("frappe.client.insert", doc={**doc, "base_url": base_url, **SAVED})
	texts = [reply.text]
	assert (reply.status_code == 200) == (base_url == "https://api.kipuapi.com")
	if reply.ok:
		named = {"doctype": "Kipu Connection", "name": reply.json()["message"]["name"]}
		texts.append(desk.post("frappe.client.set_value", **named, fieldname={"secret_key": "canary-2"}).text)
		texts.append(desk.get("frappe.client.get", **named).text)
	assert [text for text in texts if "canary" in text] == []
	frappe.db.rollback()
	logs = [
		frappe.get_all(name, pluck=field) for name, field in (("Error Log", "error"), ("Version", "data"))
	]
	assert "canary-" not in str(logs)


# Setup


def test_the_step_follows_what_is_done(kipu, manager):
	name = make_connection(kipu, app_id=None)
	setup = fetch(manager, "get_setup", connection=name)
	assert (setup["step"], setup["keys"]) == (
		"keys",
		{"access_id": True, "secret_key": True, "app_id": False},
	)
	doc = frappe.get_doc("Kipu Connection", name)
	doc.app_id = kipu.keys.app_id
	doc.save()
	frappe.db.commit()
	assert fetch(manager, "get_setup", connection=name)["step"] == "test"
	run_test(manager, name)
	setup = fetch(manager, "get_setup", connection=name)
	assert (setup["step"], setup["test"]["ok"], setup["can_preview"]) == ("locations", True, False)
	rows = [{key: row[key] for key in LOCATION} for row in setup["locations"]]
	assert fetch(manager, "save_locations", connection=name, locations=rows)["step"] == "preview"
	dry = run_sync(name, "full", dry_run=True)
	setup = fetch(manager, "get_setup", connection=name)
	assert (setup["step"], setup["dry_run"]["run"], setup["first_import"]) == ("import", dry["run"], None)
	run = run_sync(name, "full")
	setup = fetch(manager, "get_setup", connection=name)
	assert (setup["step"], setup["first_import"]["run"], setup["live_run"]) == ("done", run["run"], None)
	assert setup["dry_run"]["imported"] == run["imported"] == len(kipu.world)


def test_setup_names_the_run_that_is_active(connection, manager):
	frappe.db.commit()
	run = run_queue.queue_run(RunRequest(connection, "full"))
	setup = fetch(manager, "get_setup", connection=connection)
	assert (setup["live_run"], setup["first_import"]["status"]) == (run, "Queued")
	reply = manager.post(METHOD + "save_locations", connection=connection, locations=[LOCATION])
	assert get_error(reply) == (409, "RunConflictError")
	assert frappe.get_all("Kipu Location", {"parent": connection}) == []
	frappe.db.set_value("Sync Run", run, "status", "Cancelled")
	frappe.db.commit()


# The test in a job


@pytest.mark.parametrize("part", ["access_id", "secret_key", "app_id"])
def test_a_wrong_key_is_named(kipu, manager, part):
	name = make_connection(kipu, **{part: "other"})
	test = run_test(manager, name)
	assert (test["status"], test["ok"], test["wrong"]) == ("Finished", False, [part])
	assert [check["part"] for check in test["checks"] if check["level"] == "fail"] == [part]
	assert test["checks"][-1]["remedy"].startswith("Copy it again")
	assert fetch(manager, "get_setup", connection=name)["step"] == "test"
	frappe.db.rollback()
	assert frappe.db.get_value("Kipu Connection", name, "tested_at") is None


def test_an_unreachable_server_is_named(kipu, manager):
	test = run_test(manager, make_connection(kipu, base_url=clinic.NOBODY_LISTENS))
	assert (test["status"], test["ok"], test["wrong"], test["locations"]) == (
		"Finished",
		False,
		["network"],
		[],
	)


def test_checks_can_be_read_while_the_test_is_running(kipu, connection, manager, monkeypatch):
	seen: list[tuple[str, int]] = []
	fetch(manager, "start_test", connection=connection)
	publish = background_test._Recorder.update

	def update(self: background_test._Recorder, **values: Any) -> bool:
		stored = publish(self, **values)
		test = fetch(manager, "get_test", connection=connection)
		seen.append((test["status"], len(test["checks"])))
		return stored

	monkeypatch.setattr(background_test._Recorder, "update", update)
	background_test.run_test(connection, background_test.get_test(connection)["test"])
	count = seen[-1][1]
	assert seen == [*(("Running", number) for number in range(count + 1)), ("Finished", count)]
	assert count >= 8


def test_a_second_start_returns_the_active_test_until_the_settings_change(kipu, connection, manager):
	first = fetch(manager, "start_test", connection=connection)
	assert fetch(manager, "start_test", connection=connection)["test"] == first["test"]
	doc = frappe.get_doc("Kipu Connection", connection)
	doc.secret_key = "another"
	doc.save()
	frappe.db.commit()
	second = fetch(manager, "start_test", connection=connection)
	assert second["test"] != first["test"]
	background_test.run_test(connection, first["test"])
	assert fetch(manager, "get_test", connection=connection)["checks"] == []
	background_test.run_test(connection, second["test"])
	assert fetch(manager, "get_test", connection=connection)["wrong"] == ["secret_key"]


@pytest.mark.parametrize(
	("state", "error"),
	[
		({}, "No worker has begun the test."),
		({"status": "Running", "began_at": "2020-01-01T00:00:00"}, "The test took longer than 120 seconds"),
	],
)
def test_a_test_whose_worker_is_gone_has_failed_and_can_be_repeated(connection, manager, state, error):
	first = fetch(manager, "start_test", connection=connection)
	stored = background_test._load(connection)
	background_test._save({**stored, "requested_at": "2020-01-01T00:00:00", **state})
	test = fetch(manager, "get_test", connection=connection)
	assert (test["status"], test["error"].startswith(error)) == ("Failed", True)
	assert fetch(manager, "start_test", connection=connection)["test"] != first["test"]


def test_a_missing_key_is_refused_before_a_test_begins(kipu, manager):
	name = make_connection(kipu, secret_key=None)
	reply = manager.post(METHOD + "start_test", connection=name)
	assert get_error(reply) == (422, "InvalidSettingsError")
	assert "Secret Key" in reply.json()["exc"]
	assert fetch(manager, "get_test", connection=name) is None


# Locations


def test_time_zones_are_suggested_by_dates_and_facilities(kipu, connection, manager):
	doc = frappe.get_doc("Kipu Connection", connection)
	doc.append(
		"locations", {"location_id": "2", "facility": clinic.make_facility(time_zone="America/Denver").name}
	)
	for place in (PLACES[0], PLACES[2], PLACES[3]):
		claim_facility(kipu, place.name)
	doc.save()
	frappe.db.commit()
	run_test(manager, connection)
	rows = group_locations(fetch(manager, "get_setup", connection=connection))
	assert {key: (row["time_zone"], row["basis"], row["saved"]) for key, row in rows.items()} == {
		"1": ("America/New_York", "dates", False),
		"2": ("America/Denver", "facility", True),
		"3": ("America/Phoenix", "dates", False),
		"4": ("America/Los_Angeles", "dates", False),
	}
	assert (rows["1"]["facility"], rows["1"]["new_facility"][:22]) == (None, "Harbor Point Recovery ")


def claim_facility(kipu: Simulator, name: str) -> None:
	"""Let another connection have a facility of this name."""
	if not frappe.db.exists("Facility", name):
		factories.make_record("Facility", facility_name=name)
	doc = frappe.get_doc("Kipu Connection", make_connection(kipu))
	doc.append("locations", {"location_id": "1", "facility": name})
	doc.save()


def test_a_facility_of_the_same_name_is_suggested_unless_another_connection_has_it(kipu, connection):
	free = clinic.make_facility(time_zone="America/Boise").name
	taken = clinic.make_facility().name
	claim_facility(kipu, taken)
	known = [
		{"location_id": str(number), "location_name": name, "enabled": True, "time_zone": None}
		for number, name in enumerate((free, taken, ""))
	]
	rows = locations.list_locations(frappe.get_doc("Kipu Connection", connection), known)
	assert [(row["facility"], row["new_facility"], row["time_zone"], row["basis"]) for row in rows] == [
		(free, f"{free} ({connection})", "America/Boise", "facility"),
		(None, f"{taken} ({connection})", "America/New_York", "default"),
		(None, f"{connection} 2", "America/New_York", "default"),
	]


def test_saving_creates_facilities_for_enabled_locations_only(connection, manager):
	mark = frappe.generate_hash(length=8)
	chosen = clinic.make_facility(time_zone="America/Chicago").name
	chosen_locations = [
		{**LOCATION, "location_name": f"Harbor {mark}"},
		{**LOCATION, "location_id": "2", "location_name": "Cedar", "facility": chosen, "time_zone": ""},
		{**LOCATION, "location_id": "3", "location_name": f"Mesa {mark}", "enabled": False},
	]
	setup = fetch(manager, "save_locations", connection=connection, locations=chosen_locations)
	rows = group_locations(setup)
	assert {
		key: (row["facility"], row["time_zone"], row["basis"], row["saved"]) for key, row in rows.items()
	} == {
		"1": (f"Harbor {mark}", "America/New_York", "saved", True),
		"2": (chosen, "America/Chicago", "facility", True),
		"3": (None, "America/New_York", "saved", True),
	}
	frappe.db.rollback()
	assert frappe.db.get_value("Facility", f"Harbor {mark}", "time_zone") == "America/New_York"
	assert not frappe.db.exists("Facility", f"Mesa {mark}")
	changed = [{**chosen_locations[0], "time_zone": "America/Chicago", "facility": f"Harbor {mark}"}]
	rows = group_locations(fetch(manager, "save_locations", connection=connection, locations=changed))
	assert (len(rows), rows["1"]["time_zone"], rows["2"]["facility"]) == (3, "America/Chicago", chosen)


@pytest.mark.parametrize(
	("rows", "status", "error"),
	[
		("x", 400, "InvalidRequestError"),
		([], 400, "InvalidRequestError"),
		([LOCATION, LOCATION], 400, "InvalidRequestError"),
		([{**LOCATION, "location_id": " "}], 400, "InvalidRequestError"),
		([{**LOCATION, "enabled": 1}], 400, "InvalidRequestError"),
		([{**LOCATION, "base_url": "https://example.org"}], 400, "InvalidRequestError"),
		([{**LOCATION, "location_name": "x" * 141}], 400, "InvalidRequestError"),
		([LOCATION, {**LOCATION, "location_id": "2", "facility": "No such"}], 422, "InvalidSettingsError"),
		([LOCATION, {**LOCATION, "location_id": "2", "time_zone": "Mars"}], 422, "ValidationError"),
	],
)
def test_bad_locations_are_refused_and_nothing_is_written(connection, manager, rows, status, error):
	before = frappe.db.count("Facility")
	reply = manager.post(METHOD + "save_locations", connection=connection, locations=rows)
	assert get_error(reply) == (status, error)
	frappe.db.rollback()
	assert frappe.db.count("Facility") == before
	assert frappe.get_all("Kipu Location", {"parent": connection}) == []


# Sample records


def make_bound_user(facility: str) -> str:
	"""Create a user who may see the clients of one facility, and all connections."""
	user = factories.make_user("Clinical Manager", "Kipu Sync Manager").name
	values = {"user": user, "allow": "Facility", "for_value": facility}
	factories.make_record("User Permission", **values, apply_to_all_doctypes=0, applicable_for="Client")
	return str(user)


def test_samples_are_of_all_facilities_and_statuses(kipu, connection, clinician, api):
	facilities = {place.location_id: clinic.make_facility().name for place in PLACES}
	doc = frappe.get_doc("Kipu Connection", connection)
	for location_id, facility in facilities.items():
		doc.append("locations", {"location_id": location_id, "facility": facility})
	doc.save()
	frappe.db.commit()
	samples = fetch(api(clinician), "list_sample_records", connection=connection)
	assert len(samples) == 10
	assert {sample["facility"] for sample in samples} == set(facilities.values())
	assert set(samples[0]) == {"casefile_id", "facility", "status"}
	samples = fetch(api(make_bound_user(facilities["2"])), "list_sample_records", connection=connection)
	assert {sample["facility"] for sample in samples} == {facilities["2"]}
	known = {build_casefile_id(kipu.world, stay) for stay in range(len(kipu.world))}
	assert {sample["casefile_id"] for sample in samples} <= known


def test_a_client_that_the_user_may_not_see_is_no_sample(kipu, connection, api):
	run_sync(connection, "full")
	frappe.db.rollback()
	user = make_bound_user(clinic.make_facility().name)
	assert fetch(api(user), "list_sample_records", connection=connection) == []


def test_a_kipu_that_asks_to_wait_is_given_up_soon(kipu, connection, clinician, api):
	kipu.faults.add(Fault("throttle", route="patients/census", times=None, retry_after="seconds", value=100))
	reply = api(clinician).post(METHOD + "list_sample_records", connection=connection)
	assert get_error(reply) == (422, "ValidationError")
	assert kipu.faults.played == {"throttle": 1}
