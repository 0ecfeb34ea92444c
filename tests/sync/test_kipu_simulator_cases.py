"""Special data and faults of the simulator, and the cost of a large instance."""

from datetime import date, datetime, timezone

import pytest

from orchestrator.kipu_simulator import queries, render
from orchestrator.kipu_simulator.__main__ import build
from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.queries import Call, Queries
from orchestrator.kipu_simulator.render import build_casefile_id, render_full_record
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import DAY, Settings, World
from orchestrator.sync.errors import RetriesExhaustedError
from tests.support.kipu_minimal import ALWAYS, Minimal
from tests.support.kipu_wire import make_kipu_client, make_quick_session

NOON = 1_790_000_000.0  # 2026-09-21 13:33:20 UTC
EVERYBODY = Call("patients/census", 0, {"phi_level": "high", **ALWAYS, "per": "100"})


@pytest.fixture
def kipu():
	with Simulator(60) as running:
		yield running


def test_a_person_registered_twice_has_two_master_records_and_one_name(kipu):
	again = kipu.world.register_again(3)
	first, second = render_full_record(kipu.world, 3), render_full_record(kipu.world, again)
	assert first["casefile_id"].partition(":")[2] != second["casefile_id"].partition(":")[2]
	assert second["first_name"] == first["first_name"].upper()
	assert (second["last_name"].strip(), second["dob"]) == (first["last_name"], first["dob"])


def test_a_chart_turns_up_with_another_master_record(kipu):
	before = build_casefile_id(kipu.world, 3)
	kipu.world.give_chart_away(3, person=40)
	after = render_full_record(kipu.world, 3)["casefile_id"]
	assert before.partition(":")[0] == after.partition(":")[0]
	assert before.partition(":")[2] != after.partition(":")[2]
	other = after.partition(":")[2]
	status, payload = Minimal(kipu).get("/api/patients/1003", phi_level="high", patient_master_id=other)
	assert (status, payload["patient"]["casefile_id"]) == (200, after)


def test_a_bare_date_is_midnight_at_the_facility_or_in_utc():
	def admissions(bare_dates: str) -> set[str]:
		world = World(300, Settings(bare_dates=bare_dates), now=lambda: NOON)
		odd = [stay for stay in range(len(world)) if stay % 2 and world.admitted[stay]]
		return {render_full_record(world, stay)["admission_date"][10:] for stay in odd}

	assert admissions("utc") == {"T00:00:00Z"}
	assert "T00:00:00Z" not in admissions("local")


def test_the_same_day_and_seed_give_the_same_history_on_a_later_day():
	def records(now: float, as_of: date | None) -> list[dict]:
		world = World(40, Settings(as_of=as_of), now=lambda: now)
		return [render_full_record(world, stay) for stay in range(len(world))]

	day, later = date(2026, 9, 21), NOON + 9 * DAY
	assert records(NOON, None) == records(later, day) != records(later, None)


def test_every_option_is_available_on_the_command_line():
	kipu = build(
		["--port", "0", "--people", "20", "--as-of", "2026-09-21", "--bare-dates", "utc", "--telling"]
	)
	settings = kipu.world.settings
	assert (settings.as_of, settings.bare_dates, settings.telling) == (date(2026, 9, 21), "utc", True)
	kipu.close()


@pytest.mark.parametrize(("secret", "text"), [("other", "Invalid signature"), (None, "Invalid app id")])
def test_refusal_gives_a_reason_only_if_configured(kipu, secret, text):
	client = Minimal(kipu)
	client.secret, client.app_id = (secret, client.app_id) if secret else (client.secret, "other")
	assert client.get("/api/locations") == (403, {"errors": "Forbidden", "status_code": 403})
	kipu.world.settings.telling = True
	assert client.get("/api/locations") == (403, {"errors": text, "status_code": 403})


def test_a_page_that_says_that_there_is_nobody_looks_like_a_page(kipu):
	kipu.faults.add(Fault("nobody", route="patients/census"))
	_, payload = Minimal(kipu).get("/api/patients/census", phi_level="high")
	assert payload == {
		"patients": [],
		"pagination": {
			"current_page": "1", "total_pages": "0", "records_per_page": "25", "total_records": "0",
		},
	}  # fmt: skip
	assert Minimal(kipu).all("/api/patients/census", "patients", phi_level="high") != []


def test_no_answer_at_all_ends_in_a_timeout(kipu):
	kipu.faults.add(Fault("hang", value=30, times=None))
	session = make_quick_session(max_attempts=2, read_timeout=0.05)
	with pytest.raises(RetriesExhaustedError) as caught:
		next(make_kipu_client(kipu, session=session).list_census())
	assert (caught.value.cause, session.requests_sent) == ("ReadTimeout", 2)


def test_stopping_does_not_wait_for_an_answer_that_hangs():
	with Simulator(20) as kipu:
		kipu.faults.add(Fault("hang", value=3600))
		with pytest.raises(RetriesExhaustedError):
			next(
				make_kipu_client(
					kipu, session=make_quick_session(max_attempts=1, read_timeout=0.05)
				).list_census()
			)
	assert kipu.stopped


# Cost of a large instance


def test_a_page_of_a_large_instance_makes_only_its_own_records_and_chooses_once_a_read(monkeypatch):
	world = World(20_000, now=lambda: NOON)
	made, chosen = [], []
	monkeypatch.setattr(
		queries,
		"render_census_record",
		lambda *given: made.append(given[1]) or render.render_census_record(*given),
	)
	choose = Queries._select_stays
	monkeypatch.setattr(
		Queries, "_select_stays", lambda self, call: chosen.append(call) or choose(self, call)
	)
	asked = Queries(world)
	first = asked.build_answer(EVERYBODY, "3")
	last_page = first["pagination"]["total_pages"]
	for page in ("2", "3", last_page):
		asked.build_answer(Call(EVERYBODY.route, 0, {**EVERYBODY.parameters, "page": page}), "3")
	assert len(chosen) == 1
	assert len(made) == 300 + int(first["pagination"]["total_records"]) % 100


def test_an_hour_of_day_is_looked_at_only_where_it_decides(monkeypatch):
	world = World(20_000, now=lambda: NOON)
	looked = []
	instant = World.compute_instant
	monkeypatch.setattr(
		World, "compute_instant", lambda self, *given: looked.append(given) or instant(self, *given)
	)
	in_care = sum(world.is_in_care(stay) for stay in range(len(world)))
	assert in_care > 500
	assert len(looked) < 100


@pytest.mark.parametrize("days", [-2, -1, 0, 1, 2])
def test_who_is_in_care_goes_by_the_moment_of_discharge(days):
	world = World(300, now=lambda: NOON)
	stays = [stay for stay in range(len(world)) if world.admitted[stay]]
	for stay in stays:
		world.discharge(stay, world.get_today(stay) + days)
	now = datetime.fromtimestamp(NOON, timezone.utc)
	assert [world.is_in_care(stay) for stay in stays] == [
		world.compute_instant(stay, world.discharged[stay]) > now for stay in stays
	]
