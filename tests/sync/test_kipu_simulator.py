"""The simulator serves any correct client: here a second one, written from Kipu's description without code of
this app.
"""

import email.utils
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import tracemalloc
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestrator.kipu_simulator.__main__ import build
from orchestrator.kipu_simulator.faults import KINDS, Fault, parse_fault
from orchestrator.kipu_simulator.places import PLACES
from orchestrator.kipu_simulator.render import build_casefile_id, render_full_record
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import Settings, World
from tests.support.kipu_minimal import ALWAYS, Minimal

NOON = 1_790_000_000.0  # 2026-09-21 13:33:20 UTC


@pytest.fixture
def kipu():
	with Simulator(80) as running:
		yield running


def find_stay_in_care(kipu: Simulator) -> int:
	"""Return the number of a stay in care without a planned discharge, by linear search."""
	world = kipu.world
	return next(stay for stay in range(len(world)) if world.is_in_care(stay) and not world.discharged[stay])


def list_census_ids(kipu: Simulator, **parameters: str) -> set[str]:
	records = Minimal(kipu).all("/api/patients/census", "patients", phi_level="high", **parameters)
	return {record["casefile_id"] for record in records}


def get_utc_today(kipu: Simulator, days: int = 0) -> str:
	return (date.fromordinal(kipu.world.get_today()) + timedelta(days)).isoformat()


# Authentication


@pytest.mark.parametrize(
	("version", "names", "key"), [(3, "patients", "patients"), (4, "episodes", "episodes")]
)
def test_a_foreign_client_reads_every_list(kipu, version, names, key):
	client = Minimal(kipu, version)
	admitted = sum(1 for day in kipu.world.admitted if day)
	assert len(client.all(f"/api/{names}/census", key, phi_level="high", **ALWAYS)) == admitted
	assert len(client.all(f"/api/{names}/latest", key, **ALWAYS)) == len(kipu.world)
	assert len(client.all(f"/api/{names}/admissions", key, phi_level="low", **ALWAYS)) == admitted
	assert client.all("/api/vaults/patients", "patients") == []
	assert [each["location_name"] for each in client.get("/api/locations")[1]["locations"]] == [
		place.name for place in PLACES
	]


def test_version_3_does_not_know_episodes(kipu):
	assert Minimal(kipu).get("/api/episodes/census", phi_level="high")[0] == 404
	assert Minimal(kipu, 4).get("/api/patients/census", phi_level="high")[0] == 200


def test_x_auth_date_replaces_date(kipu):
	client = Minimal(kipu)
	client.date_header = "X-Auth-Date"
	assert client.get("/api/locations")[0] == 200


def test_a_content_type_that_was_signed_is_fine_and_one_that_was_not_is_refused(kipu):
	client = Minimal(kipu)
	client.signed_headers = {"Content-Type": "application/json"}
	assert client.get("/api/locations")[0] == 200

	class Adds(Minimal):
		def raw(self, method, uri, headers, body=None):
			return super().raw(method, uri, {**headers, "Content-Type": "application/json"}, body)

	assert Adds(kipu).get("/api/locations")[0] == 403


@pytest.mark.parametrize(
	("attribute", "value", "status"),
	[
		("access_id", "other", 401),
		("secret", "other", 403),
		("app_id", "other", 403),
		("scheme", "APIAuth-HMAC-SHA256", 403),
		("digest", hashlib.sha256, 403),
		("scheme", "Bearer", 401),
		("skew", 901.0 + 60, 403),
		("skew", -901.0 - 60, 403),
		("skew", 800.0, 200),
		("date_header", "X-Nothing", 403),
	],
)
def test_who_gets_in(kipu, attribute, value, status):
	client = Minimal(kipu)
	setattr(client, attribute, value)
	assert client.get("/api/locations")[0] == status


def test_no_authorization_at_all_is_401_and_the_error_has_kipus_shape(kipu):
	status, payload = Minimal(kipu).raw("GET", "/api/locations", {})
	assert (status, payload) == (401, {"errors": "Unauthorized", "status_code": 401})


def test_a_changed_uri_breaks_the_signature(kipu):
	class Tampers(Minimal):
		def raw(self, method, uri, headers, body=None):
			return super().raw(method, uri + "&page=2", headers, body)

	assert Tampers(kipu).get("/api/locations")[0] == 403


@pytest.mark.parametrize(
	("path", "parameters", "status"),
	[
		("/api/patients/census", {}, 400),
		("/api/patients/census", {"phi_level": "all"}, 422),
		("/api/patients/latest", {"start_date": "2026-01-01"}, 400),
		("/api/patients/latest", {"start_date": "2026-01-01", "end_date": "2026-02-30"}, 422),
		("/api/patients/latest", {"start_date": "2026-01-01", "end_date": "20260201"}, 422),
		("/api/patients/latest", {"start_date": "2026-02-01", "end_date": "2026-01-01"}, 422),
		("/api/patients/census", {"phi_level": "high", "page": "0"}, 422),
		("/api/patients/census", {"phi_level": "high", "per": "many"}, 422),
		("/api/patients/1000", {"phi_level": "high"}, 400),
		("/api/patients/1000", {"phi_level": "high", "patient_master_id": "other"}, 404),
		("/api/patients/999999", {"phi_level": "high", "patient_master_id": "other"}, 404),
		("/api/nothing", {}, 404),
	],
)
def test_invalid_parameters_are_reported(kipu, path, parameters, status):
	answered, payload = Minimal(kipu).get(path, **parameters)
	assert (answered, payload["status_code"]) == (status, status)


# Pages and records


def test_the_pagination_is_made_of_strings(kipu):
	_, payload = Minimal(kipu).get("/api/patients/latest", page="2", per="30", **ALWAYS)
	total = len(kipu.world)
	assert payload["pagination"] == {
		"current_page": "2", "total_pages": str(-(-total // 30)), "records_per_page": "30", "total_records": str(total),
	}  # fmt: skip


def test_a_page_beyond_the_last_is_empty(kipu):
	_, payload = Minimal(kipu).get("/api/patients/latest", page="99", **ALWAYS)
	assert (payload["patients"], payload["pagination"]["current_page"]) == ([], "99")


def test_phi_level_and_details_decide_the_fields_of_a_census(kipu):
	client = Minimal(kipu)

	def names(**parameters: str) -> set[str]:
		return set(client.get("/api/patients/census", **parameters)[1]["patients"][0])

	low, high = names(phi_level="low"), names(phi_level="high")
	full = names(
		phi_level="high", demographics_detail="v121", insurance_detail="v121", patient_status_detail="v121"
	)
	assert "dob" in high - low
	assert {"race", "insurances", "patient_tags"} <= full - high
	assert "insurance_company" in high - full
	assert "ssn" not in full
	assert "ssn" in client.get("/api/patients/latest", **ALWAYS)[1]["patients"][0]


def test_the_order_of_lists_changes(kipu):
	kipu.world.set_field(0, "patient_tags", ["a", "b", "c"])
	client = Minimal(kipu)
	seen = {
		tuple(client.get("/api/patients/latest", **ALWAYS)[1]["patients"][0]["patient_tags"])
		for _ in range(3)
	}
	assert len(seen) == 3


def test_the_same_seed_gives_the_same_people_and_a_larger_world_begins_with_the_smaller():
	def records(people: int, seed: int) -> list[dict]:
		world = World(people, Settings(seed=seed), now=lambda: NOON)
		return [render_full_record(world, stay) for stay in range(20)]

	assert records(30, 1) == records(300, 1)
	assert records(30, 1) != records(30, 2)


def test_people_are_invented():
	world = World(500)
	for stay in range(len(world)):
		record = render_full_record(world, stay)
		assert record["ssn"].startswith("9")
		assert "-555-01" in record["phone"]
		assert record["email"] == "" or record["email"].endswith("@example.org")


def test_the_history_has_every_case_the_description_speaks_of():
	world = World(2000)
	records = [render_full_record(world, stay) for stay in range(len(world))]
	assert {None, ""} <= {record["discharge_date"] for record in records}
	assert any(not record["admission_date"] and record["pre_admission_status"] for record in records)
	assert any(world.discharged[stay] and world.is_in_care(stay) for stay in range(len(world)))
	assert len({record["casefile_id"].partition(":")[2] for record in records}) == 2000 < len(records)
	assert any((record["level_of_care"] or "").startswith("UR LOC: ") for record in records)
	assert any("“" in record["discharge_type"] for record in records)
	# A local midnight written in UTC, in each of the zones.
	assert {"T04:00:00Z", "T05:00:00Z", "T06:00:00Z", "T07:00:00Z", "T08:00:00Z"} <= {
		(record["admission_date"] or "")[10:] for record in records
	}


def test_people_take_little_memory():
	tracemalloc.start()
	try:
		world = World(20_000)
		kept, _ = tracemalloc.get_traced_memory()
	finally:
		tracemalloc.stop()
	assert kept / len(world) < 100
	assert len({build_casefile_id(world, stay) for stay in range(0, len(world), 997)}) == len(
		range(0, len(world), 997)
	)


# Changes of people


def test_a_discharge_and_its_undoing(kipu):
	stay = find_stay_in_care(kipu)
	name = build_casefile_id(kipu.world, stay)
	assert name in list_census_ids(kipu)
	kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	assert name not in list_census_ids(kipu)
	kipu.world.undo_discharge(stay)
	assert name in list_census_ids(kipu)
	latest = Minimal(kipu).all(
		"/api/patients/latest", "patients", start_date=get_utc_today(kipu), end_date=get_utc_today(kipu)
	)
	assert [record["casefile_id"] for record in latest] == [name]


def test_a_planned_discharge_leaves_the_person_in_care(kipu):
	stay = find_stay_in_care(kipu)
	kipu.world.discharge(stay, kipu.world.get_today(stay) + 3)
	assert build_casefile_id(kipu.world, stay) in list_census_ids(kipu)
	assert render_full_record(kipu.world, stay)["discharge_date"]


def test_a_discharge_changes_nothing_that_has_nothing_to_do_with_it(kipu):
	stay = find_stay_in_care(kipu)
	before = render_full_record(kipu.world, stay)
	kipu.world.discharge(stay)
	after = render_full_record(kipu.world, stay)
	assert {name for name in before if before[name] != after[name]} <= {
		"discharge_date", "discharge_type", "discharge_type_code", "discharge_or_transition_name", "next_level_of_care",
		"next_level_of_care_date", "last_updated_at",
	}  # fmt: skip


def test_a_readmission_is_a_new_chart_of_the_same_person(kipu):
	stay = find_stay_in_care(kipu)
	kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	again = kipu.world.readmit(stay)
	old, new = build_casefile_id(kipu.world, stay), build_casefile_id(kipu.world, again)
	assert old.partition(":")[2] == new.partition(":")[2]
	assert old != new
	assert {old, new} & list_census_ids(kipu) <= {new}


def test_a_transfer_closes_one_chart_and_opens_another_elsewhere(kipu):
	stay = find_stay_in_care(kipu)
	there = (kipu.world.location[stay] + 1) % len(PLACES)
	moved = kipu.world.transfer(stay, there)
	assert render_full_record(kipu.world, moved)["location_name"] == PLACES[there].name
	assert render_full_record(kipu.world, stay)["discharge_date"]


def test_in_episode_mode_one_chart_goes_on():
	with Simulator(80, settings=Settings(mode="episodes")) as kipu:
		stay = find_stay_in_care(kipu)
		kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
		assert kipu.world.readmit(stay) == stay
		assert kipu.world.transfer(stay, 2) == stay
		record = render_full_record(kipu.world, stay)
		assert (record["discharge_date"] or None, record["location_id"]) == (None, "3")


def test_somebody_expected_arrives(kipu):
	stay = kipu.world.preadmit_new(1)
	name = build_casefile_id(kipu.world, stay)
	assert render_full_record(kipu.world, stay)["mr_number"] is None
	assert name in list_census_ids(kipu)
	assert name not in list_census_ids(kipu, exclude_preadmission="true")
	kipu.world.admit(stay, kipu.world.get_today(stay) - 1)
	assert name in list_census_ids(kipu, exclude_preadmission="true")
	assert build_casefile_id(
		kipu.world, kipu.world.admit_new(day=kipu.world.get_today() - 1)
	) in list_census_ids(kipu)


def test_a_soft_deletion_goes_to_the_vault_and_back(kipu):
	stay = find_stay_in_care(kipu)
	name = build_casefile_id(kipu.world, stay)
	kipu.world.delete(stay)
	(record,) = Minimal(kipu).all("/api/vaults/patients", "patients")
	assert (record["casefile_id"], record["deleted_at"][:10]) == (name, get_utc_today(kipu))
	assert Minimal(kipu).all("/api/vaults/patients", "patients", end_date="2020-01-01") == []
	assert name not in list_census_ids(kipu)
	uuid = name.partition(":")[2]
	assert (
		Minimal(kipu).get(f"/api/patients/{1000 + stay}", phi_level="high", patient_master_id=uuid)[0] == 404
	)
	kipu.world.restore(stay)
	assert name in list_census_ids(kipu)
	assert (
		Minimal(kipu).get(f"/api/patients/{1000 + stay}", phi_level="high", patient_master_id=uuid)[0] == 200
	)


def test_a_mass_disappearance_and_return(kipu):
	before = list_census_ids(kipu)
	gone = kipu.world.vanish(1.0)
	assert gone > 0
	assert len(list_census_ids(kipu)) == len(before) - gone
	kipu.world.reappear()
	assert list_census_ids(kipu) == before


def test_fields_are_added_and_removed(kipu):
	kipu.world.add_field("brand_new", {"x": 1})
	kipu.world.drop_field("program")
	kipu.world.set_field(0, "dob", "soon")
	record = Minimal(kipu).get("/api/patients/latest", per="1", **ALWAYS)[1]["patients"][0]
	assert (record["brand_new"], "program" in record, record["dob"]) == ({"x": 1}, False, "soon")


# Faults without a test of the client


def test_a_fault_waits_for_its_route_its_page_and_its_turn(kipu):
	kipu.faults.add(Fault("status", route="patients/latest", page=2, times=2, after=1, status=500))
	client = Minimal(kipu)

	def latest(page: int) -> int:
		return client.get("/api/patients/latest", page=str(page), **ALWAYS)[0]

	assert [latest(1), latest(2), latest(2), latest(1), latest(2), latest(2)] == [
		200,
		200,
		500,
		200,
		500,
		200,
	]


@pytest.mark.parametrize("retry_after", ["seconds", "date"])
def test_both_forms_of_retry_after(kipu, retry_after):
	kipu.faults.add(Fault("throttle", retry_after=retry_after, value=90))
	client = Minimal(kipu)
	assert client.get("/api/locations")[0] == 429
	connection = client.connection
	kipu.faults.add(Fault("throttle", retry_after=retry_after, value=90))
	client.raw = lambda method, uri, headers: connection.request(method, uri, None, headers) or (0, {})
	client.get("/api/locations")
	response = connection.getresponse()
	header = response.getheader("Retry-After")
	response.read()
	if retry_after == "date":
		assert abs(email.utils.parsedate_to_datetime(header).timestamp() - time.time() - 90) < 5
	else:
		assert header == "90"


def test_shifting_pages_repeat_one_record_and_lose_another(kipu):
	client = Minimal(kipu)
	whole = [record["casefile_id"] for record in client.all("/api/patients/latest", "patients", **ALWAYS)]
	kipu.faults.add(Fault("shifting", times=None))
	shifted = [record["casefile_id"] for record in client.all("/api/patients/latest", "patients", **ALWAYS)]
	assert shifted[:50] == whole[:50]
	assert shifted[50] == whole[49]
	assert set(shifted) < set(whole)


@pytest.mark.parametrize(
	("text", "fault"),
	[
		("html", Fault("html")),
		(
			"throttle, route=patients/latest, times=3, retry_after=date, value=2.5",
			Fault("throttle", route="patients/latest", times=3, retry_after="date", value=2.5),
		),
		(
			"status,status=410,times=always,page=2,after=1",
			Fault("status", status=410, times=None, page=2, after=1),
		),
	],
)
def test_a_fault_is_written_on_the_command_line(text, fault):
	assert parse_fault(text) == fault


@pytest.mark.parametrize("text", ["nothing", "html,colour=red", "html,times=often", "status,status=x", ""])
def test_a_fault_that_makes_no_sense_is_refused(text):
	with pytest.raises(ValueError):
		parse_fault(text)
	with pytest.raises(SystemExit) as caught:
		build(["--port", "0", "--fault", text])
	assert caught.value.code == 2


# Remote control and command


def control(kipu: Simulator, method: str, name: str, payload: object = None, token: str | None = None):
	headers = {"X-Control-Token": kipu.control_token if token is None else token}
	return Minimal(kipu).raw(method, f"/_control/{name}", headers, json.dumps(payload) if payload else None)


def test_people_are_changed_by_remote_control(kipu):
	stay = find_stay_in_care(kipu)
	name = build_casefile_id(kipu.world, stay)
	assert control(kipu, "POST", "actions", {"action": "delete", "casefile_id": name}) == (
		200, {"stay": stay, "casefile_id": name},
	)  # fmt: skip
	assert control(kipu, "GET", "state")[1]["deleted"] == 1
	assert control(kipu, "POST", "actions", {"action": "vanish", "share": 1.0})[1]["result"] > 0
	assert (
		control(kipu, "POST", "actions", {"action": "set_field", "stay": 0, "name": "dob", "value": None})[0]
		== 200
	)
	assert render_full_record(kipu.world, 0)["dob"] is None


def test_faults_and_settings_by_remote_control(kipu):
	assert control(kipu, "POST", "faults", {"kind": "html", "times": None}) == (200, {"added": "html"})
	assert control(kipu, "DELETE", "faults") == (200, {})
	assert Minimal(kipu).get("/api/locations")[0] == 200
	assert control(kipu, "POST", "settings", {"skew": 3600, "per_cap": 5}) == (
		200,
		{"skew": 3600.0, "per_cap": 5},
	)
	assert Minimal(kipu).get("/api/locations")[0] == 403


@pytest.mark.parametrize(
	("method", "name", "payload", "status"),
	[
		("POST", "actions", {"action": "explode"}, 422),
		("POST", "actions", {"action": "delete"}, 422),
		("POST", "actions", {"action": "delete", "stay": 10**6}, 404),
		("POST", "actions", {"action": "delete", "stay": -1}, 404),
		("POST", "actions", ["delete"], 422),
		("POST", "faults", {"kind": "explode"}, 422),
		("POST", "settings", {"people": 5}, 422),
		("GET", "nothing", None, 404),
	],
)
def test_remote_control_refuses_unknown_requests(kipu, method, name, payload, status):
	assert control(kipu, method, name, payload)[0] == status


@pytest.mark.parametrize("token", ["", "wrong", "wröng"])
def test_remote_control_needs_its_token(kipu, token):
	assert control(kipu, "GET", "state", token=token.encode().decode("latin-1"))[0] == 401


@pytest.mark.site  # the package it is in needs Frappe
def test_it_runs_as_a_command_and_says_where_it_is():
	root = str(Path(__file__).parents[2])
	process = subprocess.Popen(
		[
			sys.executable, "-m", "orchestrator.kipu_simulator", "--port", "0", "--people", "30", "--seed", "5",
			"--fault", "status,status=410,route=vaults/patients,times=always", "--control-token", "t",
		],
		stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root},
	)  # fmt: skip
	try:
		line = process.stdout.readline()
		match = re.fullmatch(r"Kipu simulator on http://127\.0\.0\.1:(\d+): 30 people, (\d+) stays\n", line)
		client = Minimal.__new__(Minimal)

		class There:
			port = int(match[1])

		client.__init__(There())
		assert len(client.all("/api/patients/latest", "patients", **ALWAYS)) == int(match[2])
		assert client.get("/api/vaults/patients")[0] == 410
		assert client.raw("GET", "/_control/state", {"X-Control-Token": "t"})[1]["faults_played"] == {
			"status": 1
		}
	finally:
		process.terminate()
		process.wait(10)
		process.stdout.close()


def test_every_fault_is_described():
	assert all(len(text) > 10 for text in KINDS.values())
