"""The records that a run creates from Kipu's, with a real server and the real database."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

import frappe

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import Settings
from orchestrator.sync.runs import context, engine, run_queue
from orchestrator.sync.runs.run_records import RunRequest
from orchestrator.sync.storage import writer
from tests.support.kipu_site import (
	compute_checksums,
	get_client,
	get_counts,
	get_stay,
	list_clients_and_stays,
	make_connection,
	run_sync,
)

DAY = timedelta(days=1)
Place = tuple[Simulator, str]


pytestmark = pytest.mark.usefixtures("loopback")


@pytest.fixture
def place(site: str) -> Iterator[Callable[..., Place]]:
	"""Yield `place(people)`: a Kipu instance and a connection to it."""
	running: list[Simulator] = []

	def make(people: int = 30, mode: str = "classic", **values) -> Place:
		kipu = Simulator(people, settings=Settings(mode=mode)).start()
		running.append(kipu)
		return kipu, make_connection(kipu, **values)

	yield make
	for kipu in running:
		kipu.stop()


def get_chart(stay: int) -> int:
	return stay + 1000


def statuses_of_versions(client: str) -> list[tuple[str, str]]:
	"""Return every change of the client's status that hooks have seen."""
	found = frappe.get_all(
		"Version", filters={"ref_doctype": "Client", "docname": client}, pluck="data", order_by="creation"
	)
	changes = [change for data in found for change in frappe.parse_json(data).get("changed", [])]
	return [(old, new) for name, old, new in changes if name == "status"]


# First import, again, dry


def test_the_first_run_imports_everybody_and_the_second_writes_nothing(place):
	kipu, connection = place(40)
	first = run_sync(connection)
	assert get_counts(first) == (len(kipu.world), 0, 0, 0)
	assert (first["status"], first["cursor_before"]) == ("Completed", None)
	stays = [row for row in list_clients_and_stays(connection) if "casefile_id" in row]
	assert len(stays) == len(kipu.world)
	assert len(list_clients_and_stays(connection)) == len(kipu.world) + kipu.world.people
	before = compute_checksums()
	second, full = run_sync(connection), run_sync(connection, "full")
	assert get_counts(second)[:2] == (0, 0) and second["skipped"] > 0 and not second["errors"]
	assert get_counts(full) == (0, 0, len(kipu.world), 0)
	assert compute_checksums() == before


def test_dry_run_writes_nothing_and_counts_like_the_real_run(place):
	kipu, connection = place(40)
	for change in (do_nothing, a_day_at_the_facility):
		change(kipu)
		before = (
			compute_checksums(),
			frappe.db.get_value("Kipu Connection", connection, ["cursor", "last_run"]),
		)
		dry = run_sync(connection, dry_run=True)
		assert (
			compute_checksums(),
			frappe.db.get_value("Kipu Connection", connection, ["cursor", "last_run"]),
		) == before
		real = run_sync(connection)
		same = (
			"imported",
			"updated",
			"skipped",
			"failed",
			"deactivated",
			"errors",
			"changed_fields",
			"status",
		)
		assert {name: dry[name] for name in same} == {name: real[name] for name in same}
	assert dry["dry_run"] and real["updated"] > 3 and real["imported"] > 2 and real["failed"] == 1


def do_nothing(kipu: Simulator) -> None:
	"""Change nothing: the first import."""


def a_day_at_the_facility(kipu: Simulator) -> None:
	"""Make one change of each kind."""
	world = kipu.world
	in_care = [stay for stay in range(len(world)) if world.is_in_care(stay)]
	past = [stay for stay in range(len(world)) if world.discharged[stay] and not world.is_in_care(stay)]
	world.admit_new()
	world.preadmit_new()
	world.discharge(in_care[0])
	world.set_field(in_care[1], "phone", "212-555-0199")
	world.readmit(past[0])
	world.undo_discharge(past[1])
	world.set_field(past[2], "dob", "not a day")
	world.delete(past[3])
	world.transfer(in_care[2], 2) if len(in_care) > 2 else None


def test_a_first_run_with_full_leaves_the_cursor_where_an_incremental_one_would(place):
	_kipu, connection = place(5)
	run = run_sync(connection, "full")
	assert run["cursor_after"] == str(frappe.db.get_value("Kipu Connection", connection, "cursor"))
	assert run["cursor_after"] is not None


def test_a_backfill_leaves_the_cursor_alone(place):
	_kipu, connection = place(10)
	cursor = run_sync(connection)["cursor_after"]
	frappe.db.set_value("Kipu Connection", connection, "cursor", "2026-01-01")
	run = run_sync(connection, "backfill", since_date=date(2024, 1, 1))
	assert (run["status"], run["imported"]) == ("Completed", 0)
	assert (run["cursor_before"], run["cursor_after"]) == ("2026-01-01", "2026-01-01")
	assert cursor != "2026-01-01"


def test_cursor_never_decreases(place):
	_kipu, connection = place(5)
	run_sync(connection)
	frappe.db.set_value("Kipu Connection", connection, "cursor", "2099-01-01")
	assert run_sync(connection, "full")["cursor_after"] == "2099-01-01"


def test_an_unchanged_page_costs_at_most_five_statements(place, monkeypatch):
	monkeypatch.setattr(context, "PROGRESS_INTERVAL_SECONDS", 0.0)
	_kipu, connection = place(60, page_size=2)
	run_sync(connection)
	run = run_queue.begin_run(RunRequest(connection, "full"))
	marks: list[tuple[int, int]] = []
	counted, original = [0], frappe.db.sql

	def sql(*args, **kwargs):
		counted[0] += 1
		return original(*args, **kwargs)

	frappe.db.sql = sql
	try:
		engine.execute(run, lambda run: marks.append((run.tally.pages, counted[0])))
	finally:
		del frappe.db.sql
	by_page = dict(marks)
	costs = [by_page[page] - by_page[page - 1] for page in range(2, 30)]
	assert max(costs) <= 5, costs


# Changes of people


def test_readmission_creates_a_second_stay_without_a_discharge(place):
	kipu, connection = place(10)
	stay = kipu.world.admit_new()
	run_sync(connection)
	client = get_client(connection, get_chart(stay))
	assert client.status == "Active"
	kipu.world.discharge(stay)
	again = kipu.world.readmit(stay)
	run = run_sync(connection)
	assert get_counts(run)[:2] == (1, 1)
	assert get_stay(connection, get_chart(stay)).status == "Discharged"
	assert get_stay(connection, get_chart(again)).client == client.name
	assert get_client(connection, get_chart(stay)).status == "Active"
	assert statuses_of_versions(client.name) == []


def test_a_readmission_on_another_page_is_no_discharge_either(place):
	kipu, connection = place(10, page_size=1)
	stay = kipu.world.admit_new()
	run_sync(connection)
	kipu.world.discharge(stay)
	kipu.world.admit_new()
	kipu.world.readmit(stay, location=2)
	run_sync(connection)
	client = get_client(connection, get_chart(stay))
	assert (client.status, statuses_of_versions(client.name)) == ("Active", [])
	assert client.facility.startswith("Mesa Lantern Center")


def test_discharge_is_recorded_once_with_its_date_and_can_be_undone(place):
	kipu, connection = place(10)
	stay = kipu.world.admit_new()
	run_sync(connection)
	today = date.fromordinal(kipu.world.get_today(stay))
	kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	run = run_sync(connection)
	client = get_client(connection, get_chart(stay))
	assert (run["updated"], run["deactivated"]) == (1, 1)
	in_care = frappe.db.count(
		"Client Stay", {"connection": connection, "status": ("in", ("Active", "Pre-Admission"))}
	)
	assert frappe.db.get_value("Sync Run", run["run"], "in_care_before") == in_care + 1
	assert (client.status, client.discharge_date) == ("Discharged", today - DAY)
	kipu.world.undo_discharge(stay)
	run_sync(connection)
	client.reload()
	assert (client.status, client.discharge_date) == ("Active", None)
	assert statuses_of_versions(client.name) == [("Active", "Discharged"), ("Discharged", "Active")]


def test_a_discharge_ahead_is_active_until_its_moment_comes(place, monkeypatch):
	kipu, connection = place(10)
	stay = kipu.world.admit_new()
	kipu.world.discharge(stay, kipu.world.get_today(stay) + 3)
	run_sync(connection)
	assert get_client(connection, get_chart(stay)).status == "Active"
	past = frappe.utils.add_to_date(None, minutes=-1)
	frappe.db.set_value("Client Stay", get_stay(connection, get_chart(stay)).name, "discharged_at", past)
	run = run_sync(connection)
	assert (run["updated"], run["deactivated"]) == (1, 0)
	assert get_client(connection, get_chart(stay)).status == "Discharged"


def test_in_episode_mode_a_chart_goes_on(place):
	kipu, connection = place(10, mode="episodes", api_version="4")
	stay = kipu.world.admit_new()
	run_sync(connection)
	kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	run_sync(connection)
	assert get_stay(connection, get_chart(stay)).status == "Discharged"
	kipu.world.readmit(stay)
	assert get_counts(run_sync(connection))[:2] == (0, 1)
	assert get_stay(connection, get_chart(stay)).status == "Active"


def test_patient_deleted_in_kipu_is_marked_and_not_deleted(place):
	kipu, connection = place(10)
	stay = kipu.world.admit_new()
	run_sync(connection)
	kipu.world.delete(stay)
	assert run_sync(connection)["updated"] == 1
	kept = get_stay(connection, get_chart(stay))
	assert (kept.status, get_client(connection, get_chart(stay)).status) == ("Deleted", "Deleted")
	before = compute_checksums()
	run_sync(connection)
	assert compute_checksums() == before
	kipu.world.restore(stay)
	run_sync(connection)
	assert (
		get_stay(connection, get_chart(stay)).status,
		get_stay(connection, get_chart(stay)).deleted_at,
	) == (
		"Active",
		None,
	)


def test_a_person_of_two_locations_is_one_client_with_two_stays(place):
	kipu, connection = place(10)
	stay = kipu.world.admit_new(location=0)
	kipu.world.transfer(stay, 3)
	run = run_sync(connection)
	assert run["imported"] == len(kipu.world)
	client = get_client(connection, get_chart(stay))
	assert frappe.db.count("Client Stay", {"client": client.name}) == 2
	assert client.facility.startswith("Port Sable Lodge")


# Missing clients


def test_who_is_missing_from_a_complete_census_is_looked_up_and_marked_absent(place):
	kipu, connection = place(20)
	stay = kipu.world.admit_new()
	run_sync(connection)
	kipu.world.hidden[stay] = 1
	kipu.world.version += 1
	run = run_sync(connection)
	assert (run["updated"], run["deactivated"]) == (1, 1)
	assert get_stay(connection, get_chart(stay)).status == "Absent"
	assert get_client(connection, get_chart(stay)).status == "Absent"
	kipu.world.reappear()
	assert run_sync(connection)["updated"] == 1
	assert get_client(connection, get_chart(stay)).status == "Active"


@pytest.mark.parametrize("kind", ["missing_record", "repeated_record", "lost_page", "no_pagination", "html"])
def test_a_partial_census_discharges_nobody(place, kind):
	kipu, connection = place(20)
	stays = [kipu.world.admit_new() for _ in range(8)][:5]
	run_sync(connection)
	for stay in stays:
		kipu.world.hidden[stay] = 1
	kipu.world.version += 1
	kipu.faults.add(Fault(kind, route="patients/census", times=None))
	run = run_sync(connection)
	assert run["deactivated"] == 0
	assert {get_stay(connection, get_chart(stay)).status for stay in stays} == {"Active"}


def test_a_mass_disappearance_is_held_until_approved(place):
	kipu, connection = place(20, mass_change_minimum=3, mass_change_percent=10)
	stays = [kipu.world.admit_new() for _ in range(6)]
	run_sync(connection)
	for stay in stays:
		kipu.world.hidden[stay] = 1
	kipu.world.version += 1
	cursor = frappe.db.get_value("Kipu Connection", connection, "cursor")
	assert run_sync(connection, dry_run=True)["status"] == "Held"
	run = run_sync(connection)
	assert (run["status"], run["deactivated"]) == ("Held", 0)
	assert "6" in run["held_reason"] and "3" in run["held_reason"]
	assert frappe.db.get_value("Kipu Connection", connection, "cursor") == cursor
	assert {get_stay(connection, get_chart(stay)).status for stay in stays} == {"Active"}


def test_mass_discharge_is_held_before_its_page_is_saved(place):
	kipu, connection = place(20, mass_change_minimum=3, mass_change_percent=10)
	stays = [kipu.world.admit_new() for _ in range(6)]
	run_sync(connection)
	for stay in stays:
		kipu.world.discharge(stay, kipu.world.get_today(stay) - 1)
	assert run_sync(connection)["status"] == "Held"
	assert {get_stay(connection, get_chart(stay)).status for stay in stays} == {"Active"}


def blank(kipu: Simulator, name: str, stays: range) -> None:
	for stay in stays:
		kipu.world.set_field(stay, name, "")


def test_mass_blanking_is_held_before_its_page_is_saved(place):
	kipu, connection = place(20, mass_change_minimum=3, mass_change_percent=10, page_size=5)
	for stay in range(len(kipu.world)):
		kipu.world.set_field(stay, "program", "Residential")
	run_sync(connection)
	blank(kipu, "program", range(len(kipu.world)))
	assert run_sync(connection, "full", dry_run=True)["status"] == "Held"
	run = run_sync(connection, "full")
	assert (run["status"], run["updated"]) == ("Held", 0)
	assert run["held_reason"].startswith("It would empty Client Stay.program in 5 records; the limit is 3.")
	assert frappe.db.count("Client Stay", {"connection": connection, "program": ("is", "not set")}) == 0


def test_fields_that_become_blank_here_and_there_hold_nothing(place):
	kipu, connection = place(20, mass_change_minimum=3, mass_change_percent=20)
	run_sync(connection)
	with_program = frappe.db.count("Client Stay", {"connection": connection, "program": ("is", "set")})
	few = len(kipu.world) * 20 // 100
	blank(kipu, "program", range(few))
	blank(kipu, "referrer_name", range(few, 2 * few))
	assert (few > 3, run_sync(connection, "full")["status"]) == (True, "Completed")
	left = frappe.db.count("Client Stay", {"connection": connection, "program": ("is", "set")})
	assert with_program - left == few


# Disabled routes


@pytest.mark.parametrize("status", [410, 403])
def test_disabled_route_is_skipped_and_reported_once(place, status):
	kipu, connection = place(10)
	run_sync(connection)
	for route in ("patients/census", "vaults/patients"):
		kipu.faults.add(Fault("status", route=route, times=None, status=status))
	stay = kipu.world.admit_new()
	run = run_sync(connection)
	assert (run["status"], run["imported"], len(run["notes"])) == ("Completed", 1, 2)
	assert get_stay(connection, get_chart(stay)).status == "Active"
	routes = {"connection": connection, "kind": "Route", "status": "Open"}
	assert set(frappe.get_all("Sync Issue", routes, pluck="field")) == {"patients/census", "vaults/patients"}
	run_sync(connection)
	assert frappe.db.count("Sync Issue", routes) == 2
	kipu.faults.clear()
	run_sync(connection)
	assert frappe.db.count("Sync Issue", routes) == 0
	assert frappe.db.get_value("Kipu Connection", connection, "status") == "Active"


def test_without_latest_the_census_goes_on_and_the_cursor_waits(place):
	kipu, connection = place(10)
	cursor = run_sync(connection)["cursor_after"]
	frappe.db.set_value("Kipu Connection", connection, "cursor", "2026-01-01")
	kipu.faults.add(Fault("status", route="patients/latest", times=None, status=410))
	stay = kipu.world.admit_new()
	run = run_sync(connection)
	assert (run["imported"], run["cursor_after"]) == (1, "2026-01-01")
	assert get_stay(connection, get_chart(stay)).status == "Active"
	assert cursor != run["cursor_after"]


def test_an_instance_without_pagination_is_read_as_one_page(place):
	kipu, connection = place(10)
	kipu.faults.add(Fault("no_pagination", times=None))
	run = run_sync(connection)
	assert (run["status"], run["imported"]) == ("Completed", len(kipu.world))
	assert run["cursor_after"] is not None
	assert any("no pagination" in note for note in run["notes"])
	assert run_sync(connection)["imported"] == 0


def test_a_server_that_gives_fewer_a_page_than_asked_for_loses_nobody(place):
	kipu, connection = place(30)
	kipu.faults.add(Fault("per_cap", times=None, value=7))
	assert run_sync(connection)["imported"] == len(kipu.world)


def test_places_met_page_by_page_count_for_the_pages_read_ahead(place):
	kipu, connection = place(60, page_size=5)
	kipu.faults.add(Fault("status", route="locations", times=None, status=410))
	assert get_counts(run_sync(connection)) == (len(kipu.world), 0, 0, 0)
	stays = frappe.get_all("Client Stay", {"connection": connection}, pluck="facility")
	assert len(set(stays)) > 1 and None not in stays
	before = compute_checksums()
	assert get_counts(run_sync(connection, "full")) == (0, 0, len(kipu.world), 0)
	assert compute_checksums() == before


def test_where_nobody_listens_a_first_import_saves_nothing_one_by_one(place, monkeypatch):
	kipu, connection = place(40, page_size=5)
	saved = []
	monkeypatch.setattr(writer, "save_record", saved.append)
	assert get_counts(run_sync(connection)) == (len(kipu.world), 0, 0, 0)
	assert saved == []


def test_the_first_pages_that_are_new_and_those_after_them_fail_alike(place):
	kipu, connection = place(40, page_size=5)
	for stay in (1, 20, 39):
		kipu.world.set_field(stay, "discharge_date", "soon")
	first, again = run_sync(connection, "full"), run_sync(connection, "full")
	assert (first["imported"], first["failed"]) == (len(kipu.world) - 3, 3)
	assert {error["field"] for error in first["errors"]} == {"discharge_date"}
	assert (again["skipped"], again["failed"]) == (len(kipu.world) - 3, 3)


@pytest.mark.parametrize("retry_after", ["seconds", "date"])
def test_a_server_that_throttles_is_waited_for(place, retry_after):
	kipu, connection = place(5)
	kipu.faults.add(Fault("throttle", times=2, retry_after=retry_after, value=0))
	assert run_sync(connection)["status"] == "Completed"
