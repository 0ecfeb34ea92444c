"""The connection test names the part of a connection that is wrong, whatever the remote replies."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.places import PLACES
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import Settings
from orchestrator.sync.kipu import credential_probes
from orchestrator.sync.kipu.client import Credentials
from orchestrator.sync.kipu.examination import Target, run_examination
from orchestrator.sync.kipu.findings import Examination, Finding
from orchestrator.sync.kipu.values import Zones
from tests.support.kipu_wire import LOOPBACK, RawServer, build_http_answer, make_quick_session

ZONES = Zones(ZoneInfo("America/New_York"), {place.location_id: place.zone for place in PLACES})
GIVEN = Credentials("simulator-access-id", "simulator-secret-key", "simulator-app-id")


@pytest.fixture
def kipu():
	with Simulator(400) as running:
		yield running


def build_target(base_url: str, **changes) -> Target:
	made = Target(GIVEN, base_url, 3, ZONES, frozenset("1234"), allowed_hosts=LOOPBACK)
	return replace(made, **changes)


def run_checks(base_url: str, credentials: dict[str, str] | None = None, **changes) -> Examination:
	session = make_quick_session(max_attempts=1, read_timeout=0.5)
	keys = replace(GIVEN, **(credentials or {}))
	return run_examination(build_target(base_url, credentials=keys, **changes), session)


def list_findings(result: Examination, level: str = "fail") -> list[tuple[str, str]]:
	return [(found.part, found.code) for found in result.findings if found.level == level]


def test_valid_connection_passes_with_details(kipu):
	result = run_checks(kipu.base_url)
	assert (result.ok, result.wrong_parts, list_findings(result, "warn")) == (True, [], [])
	assert result.requests == 6
	assert [location["location_name"] for location in result.locations] == [place.name for place in PLACES]
	routes = [found.route for found in result.findings if found.part == "route"]
	assert routes == [
		"patients/census", "patients/latest", "patients/admissions", "vaults/patients", "locations", "patients/{id}",
	]  # fmt: skip
	(dates,) = [found for found in result.findings if found.part == "dates"]
	assert dates.code == "plausible"
	assert dates.facts["local"] > 4


# Credentials


def test_an_unknown_access_id_is_named(kipu):
	assert list_findings(run_checks(kipu.base_url, {"access_id": "other"})) == [("access_id", "unknown")]


def test_an_access_id_and_an_app_id_that_changed_places_are_named(kipu):
	result = run_checks(kipu.base_url, {"access_id": GIVEN.app_id, "app_id": GIVEN.access_id})
	assert list_findings(result) == [("access_id", "swapped"), ("app_id", "swapped")]


@pytest.mark.parametrize("part", ["access_id", "secret_key", "app_id"])
def test_blanks_around_a_value_are_named(kipu, part):
	result = run_checks(
		kipu.base_url,
		{part: f"{getattr(GIVEN, part)}\n" if part == "secret_key" else f"{getattr(GIVEN, part)} "},
	)
	assert list_findings(result) == [(part, "blanks")]


@pytest.mark.parametrize("part", ["secret_key", "app_id"])
def test_where_refusals_say_nothing_a_wrong_secret_and_a_wrong_app_id_are_both_named(kipu, part):
	result = run_checks(kipu.base_url, {part: "other"})
	assert list_findings(result) == [("secret_key", "one_of_these"), ("app_id", "one_of_these")]


@pytest.mark.parametrize("part", ["secret_key", "app_id"])
def test_where_refusals_say_something_the_wrong_part_is_named(part):
	with Simulator(20, settings=Settings(telling=True)) as kipu:
		assert list_findings(run_checks(kipu.base_url, {part: "other"})) == [(part, "refused")]


@pytest.mark.parametrize(
	("lengths", "parts"),
	[
		((22, 30, 30, 30), ("app_id",)),
		((30, 30, 30, 22), ("secret_key",)),
		((30, 30, 30, 30), ("secret_key", "app_id")),
		((22, 30, 31, 30), ("secret_key", "app_id")),
		((22, None, None, 30), ("secret_key", "app_id")),
		((22, 30, 30, None), ("secret_key", "app_id")),
	],
)
def test_what_the_lengths_of_refusals_give_away(lengths, parts):
	assert credential_probes.get_parts_by_lengths(*lengths) == parts


def test_a_value_that_is_surely_wrong_has_the_length_of_the_given_one():
	wrong = credential_probes.build_known_bad(GIVEN)
	assert [len(each.secret_key) for each in wrong[:2]] == [len(GIVEN.secret_key)] * 2
	assert GIVEN.secret_key not in {each.secret_key for each in wrong[:2]}
	assert (len(wrong[2].app_id), wrong[2].app_id == GIVEN.app_id) == (len(GIVEN.app_id), False)


@pytest.mark.parametrize(
	"given", [GIVEN, replace(GIVEN, secret_key=" the secret ", app_id=" b ")], ids=["plain", "blanks"]
)
def test_the_secret_is_never_tried_in_another_place(given):
	tried = [
		variant.credentials
		for variant in (
			*credential_probes.list_access_id_variants(given),
			*credential_probes.list_variants(given),
		)
	]
	assert [each for each in tried if "secret" in each.access_id + each.app_id.replace("-", "")] == []
	assert {each.secret_key.strip() for each in tried} == {given.secret_key.strip()}


# Clock, version, address


@pytest.mark.parametrize("skew", [3600, -7200])
def test_clock_skew_is_the_only_finding_with_its_offset(kipu, skew):
	kipu.world.settings.skew = skew
	result = run_checks(kipu.base_url)
	assert list_findings(result) == [("clock", "off")]
	assert abs(result.findings[0].facts["seconds"] - skew) < 5


def test_a_wrong_clock_does_not_hide_a_wrong_access_id_or_secret(kipu):
	kipu.world.settings.skew = 3600
	assert list_findings(run_checks(kipu.base_url, {"access_id": "other"})) == [("access_id", "unknown")]
	kipu.world.settings.telling = True
	assert list_findings(run_checks(kipu.base_url, {"secret_key": "other"})) == [
		("clock", "off"),
		("secret_key", "refused"),
	]


def test_a_clock_that_is_only_drifting_is_a_warning(kipu):
	kipu.world.settings.skew = 500
	result = run_checks(kipu.base_url)
	assert (result.ok, list_findings(result, "warn")) == (True, [("clock", "drifting")])


def test_an_api_version_that_is_not_the_instances_own_is_named():
	census = build_http_answer(403, b"{}")
	locations = build_http_answer(200, b'{"locations": []}')

	def by_version(connection) -> None:
		accepts_4 = b"version=4" in server.requests[-1]
		connection.sendall(locations if accepts_4 else census)

	with RawServer(by_version) as server:
		result = run_checks(server.base_url)
	assert list_findings(result) == [("api_version", "other_works")]
	assert result.findings[0].facts == {"version": 4}


@pytest.mark.parametrize(
	("base_url", "code"),
	[
		("http://api.kipuapi.com", "unsafe_scheme"),
		("https://example.org", "unsafe_not_allowed"),
		("https://user:pw@api.kipuapi.com", "unsafe_credentials"),
		("https://api.kipuapi.com/api", "unsafe_path"),
	],
)
def test_an_address_that_may_not_be_called_is_named_without_a_request(base_url, code):
	result = run_checks(base_url)
	assert (list_findings(result), result.requests) == ([("base_url", code)], 0)


def test_an_address_where_something_else_answers_is_named():
	with RawServer(build_http_answer(404, b"<html></html>", "text/html")) as server:
		assert list_findings(run_checks(server.base_url)) == [("base_url", "rejected")]


def test_a_port_where_nobody_answers_is_named():
	with RawServer(build_http_answer()) as server:
		base_url = server.base_url
	result = run_checks(base_url)
	assert list_findings(result) == [("network", "no_answer")]
	assert result.findings[0].facts["cause"] == "ConnectionError"


# Routes and permissions


@pytest.mark.parametrize(
	("route", "level"),
	[("patients/latest", "fail"), ("patients/admissions", "warn"), ("vaults/patients", "warn")],
)
@pytest.mark.parametrize(
	("status", "part", "code"), [(403, "permission", "refused"), (410, "route", "disabled")]
)
def test_a_route_that_is_refused_or_switched_off_is_named(kipu, route, level, status, part, code):
	kipu.faults.add(Fault("status", route=route, status=status, times=None))
	result = run_checks(kipu.base_url)
	(found,) = [each for each in result.findings if each.level in ("warn", "fail")]
	assert found == Finding(part, level, code, route)


@pytest.mark.parametrize(
	("status", "part", "code"), [(403, "permission", "refused"), (410, "route", "disabled")]
)
def test_the_census_itself_may_be_the_one_route_that_is_closed(kipu, status, part, code):
	kipu.faults.add(Fault("status", route="patients/census", status=status, times=None))
	assert list_findings(run_checks(kipu.base_url)) == [(part, code)]


def test_a_maintenance_page_is_no_answer_of_the_route(kipu):
	kipu.faults.add(Fault("html", times=None))
	result = run_checks(kipu.base_url)
	assert list_findings(result) == [("network", "no_answer")]
	assert result.findings[0].facts["cause"] == "html"


# Findings from pages


def test_bare_dates_written_in_utc_are_noticed():
	with Simulator(400, settings=Settings(bare_dates="utc")) as kipu:
		assert list_findings(run_checks(kipu.base_url), "warn") == [("dates", "utc_midnights")]
		as_set = Zones(ZONES.default, ZONES.by_location, utc_midnight_is_date=True)
		assert list_findings(run_checks(kipu.base_url, zones=as_set), "warn") == []


def test_bare_dates_written_at_the_facility_are_noticed_where_the_setting_says_otherwise(kipu):
	as_set = Zones(ZONES.default, ZONES.by_location, utc_midnight_is_date=True)
	assert list_findings(run_checks(kipu.base_url, zones=as_set), "warn") == [("dates", "local_midnights")]


def test_unknown_and_unlisted_locations_are_reported(kipu):
	unknown = run_checks(kipu.base_url, locations=frozenset({"1", "77"}))
	assert list_findings(unknown) == [("locations", "unknown")]
	assert next(found.facts for found in unknown.findings if found.code == "unknown") == {"locations": ["77"]}
	some = run_checks(kipu.base_url, locations=frozenset({"1", "2", "3"}))
	assert (some.ok, list_findings(some, "warn")) == (True, [("locations", "not_listed")])
	assert run_checks(kipu.base_url, locations=frozenset()).ok


def test_unknown_fields_and_truncated_page_are_reported(kipu):
	kipu.world.settings.per_cap = 10
	kipu.world.add_field("brand_new", {"x": 1})
	kipu.world.drop_field("level_of_care")
	kipu.world.add_field("dob", 5)
	result = run_checks(kipu.base_url)
	assert list_findings(result, "warn") == [
		("page_size", "capped"),
		("fields", "drift"),
		("records", "unreadable"),
	]
	assert [found.facts for found in result.findings if found.level == "warn"] == [
		{"per": 100, "count": 10},
		{"unknown": ["brand_new"], "vanished": ["level_of_care"], "retyped": ["dob"]},
		{"count": 10},
	]


@pytest.mark.parametrize("wrong", [None, "access_id", "secret_key", "app_id"])
def test_nothing_that_a_remote_said_is_in_a_finding(kipu, wrong):
	canary = "canaryqx7"
	kipu.world.settings.telling = True
	for stay in range(len(kipu.world)):
		kipu.world.set_field(stay, "last_name", canary)
	changes = {wrong: canary} if wrong else {}
	assert canary not in repr(run_checks(kipu.base_url, changes).findings)
