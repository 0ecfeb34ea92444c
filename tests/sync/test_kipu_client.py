"""The Kipu client with the simulator: every route, both versions, every fault."""

from datetime import date, timedelta

import pytest

from orchestrator.kipu_simulator.faults import Fault
from orchestrator.kipu_simulator.render import build_casefile_id
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.world import Settings
from orchestrator.sync.errors import (
	AccessDeniedError,
	InvalidAccessIdError,
	InvalidConfigurationError,
	RecordNotFoundError,
	RetriesExhaustedError,
	RouteDisabledError,
	UnsafeUrlError,
)
from orchestrator.sync.kipu.client import Credentials, KipuClient
from orchestrator.sync.kipu.pages import Page, ReadCounts
from tests.support.kipu_wire import (
	LOOPBACK,
	RawServer,
	build_http_answer,
	make_kipu_client,
	make_quick_session,
)

LONG_AGO, FAR_AHEAD = date(2000, 1, 1), date(2100, 1, 1)


@pytest.fixture
def kipu():
	with Simulator(120) as running:
		yield running


def build_tally(pages) -> ReadCounts:
	tally = ReadCounts()
	for page in pages:
		tally.add_page(page)
	return tally


def list_ids(pages) -> list[str]:
	return [record["casefile_id"] for page in pages for record in page.records]


@pytest.mark.parametrize("version", [3, 4])
def test_every_list_route_is_read_to_its_end(kipu, version):
	client = make_kipu_client(kipu, version=version, per=30)
	stays = len(kipu.world)
	admitted = sum(1 for day in kipu.world.admitted if day)
	in_care = sum(kipu.world.is_in_care(stay) for stay in range(stays))
	kipu.world.delete(0)
	kipu.world.set_field(1, "first_name", "Changed")

	assert build_tally(client.list_admissions(LONG_AGO, FAR_AHEAD)).records == admitted - bool(
		kipu.world.admitted[0]
	)
	assert len(list_ids(client.list_census())) == in_care + (stays - admitted)
	assert len(list_ids(client.list_census(exclude_preadmission=True))) == in_care
	assert list_ids(client.list_deleted()) == [build_casefile_id(kipu.world, 0)]
	today = date.fromordinal(kipu.world.get_today())
	assert list_ids(client.list_updated(today, today)) == [build_casefile_id(kipu.world, 1)]
	(locations,) = client.list_locations()
	assert [(each["location_id"], each["enabled"]) for each in locations.records] == [
		("1", True), ("2", True), ("3", True), ("4", True),
	]  # fmt: skip


@pytest.mark.parametrize("version", [3, 4])
def test_one_record_is_asked_for_by_its_casefile(kipu, version):
	(page,) = make_kipu_client(kipu, version=version).get_patient(build_casefile_id(kipu.world, 5))
	assert [record["casefile_id"] for record in page.records] == [build_casefile_id(kipu.world, 5)]
	assert page.paginated is False


def test_a_record_that_is_gone_is_a_matter_of_that_record(kipu):
	gone = build_casefile_id(kipu.world, 5)
	kipu.world.delete(5)
	with pytest.raises(RecordNotFoundError) as caught:
		next(make_kipu_client(kipu).get_patient(gone))
	assert (caught.value.route, caught.value.status) == ("patients/{id}", 404)


def test_pages_are_asked_for_one_by_one_and_cast_to_numbers(kipu):
	session = make_quick_session()
	pages = make_kipu_client(kipu, session=session, per=50).list_census(LONG_AGO, FAR_AHEAD)
	first = next(pages)
	total = sum(1 for day in kipu.world.admitted if day)
	assert (first.number, first.total_pages, first.total_records) == (1, -(-total // 50), total)
	assert (len(first.records), first.paginated, first.is_last) == (50, True, False)
	assert session.requests_sent == 1


def test_a_read_goes_on_from_the_page_it_stopped_at(kipu):
	client = make_kipu_client(kipu, per=30)
	whole = list_ids(client.list_census(LONG_AGO, FAR_AHEAD))
	assert list_ids(client.list_census(LONG_AGO, FAR_AHEAD, first_page=3)) == whole[60:]


def test_a_census_can_be_limited_to_a_location(kipu):
	records = [
		record for page in make_kipu_client(kipu).list_census(location_id="2") for record in page.records
	]
	assert {record["location_id"] for record in records} == {"2"}


def test_the_social_security_number_is_dropped_while_decoding(kipu):
	kipu.world.touch(3)
	kipu.world.set_field(3, "insurances", [{"insurance_company": "X", "subscriber_ssn": "900-01-0001"}])
	today = date.fromordinal(kipu.world.get_today())
	(page,) = make_kipu_client(kipu).list_updated(today - timedelta(1), today)
	(record,) = page.records
	assert "ssn" not in record
	assert record["insurances"][0].keys() == {"insurance_company"}


def test_a_window_without_anybody_is_one_empty_page(kipu):
	(page,) = make_kipu_client(kipu).list_admissions(date(1999, 1, 1), date(1999, 1, 2))
	assert page == Page(1, 0, 0, [], True)


# Refusals


def test_a_wrong_access_id_is_named(kipu):
	wrong = Credentials("other", kipu.keys.secret_key, kipu.keys.app_id)
	with pytest.raises(InvalidAccessIdError):
		next(make_kipu_client(kipu, credentials=wrong).list_census())
	assert kipu.answers == {("?", 401): 1}


@pytest.mark.parametrize(
	"wrong",
	[
		Credentials("simulator-access-id", "other", "simulator-app-id"),
		Credentials("simulator-access-id", "simulator-secret-key", "other"),
	],
	ids=["secret", "app id"],
)
def test_a_wrong_secret_or_app_id_is_refused(kipu, wrong):
	with pytest.raises(AccessDeniedError):
		next(make_kipu_client(kipu, credentials=wrong).list_census())


@pytest.mark.parametrize("skew", [3600, -3600])
def test_a_wrong_clock_is_refused_and_the_difference_known(kipu, skew):
	kipu.world.settings.skew = skew
	session = make_quick_session()
	with pytest.raises(AccessDeniedError):
		next(make_kipu_client(kipu, session=session).list_census())
	assert abs(session.clock_offset - skew) < 5


def test_a_clock_a_little_off_is_fine(kipu):
	kipu.world.settings.skew = 600
	assert next(make_kipu_client(kipu).list_census()).paginated


def test_disabled_route_has_its_own_error_class(kipu):
	kipu.faults.add(Fault("status", route="vaults/patients", status=410, times=None))
	client = make_kipu_client(kipu)
	with pytest.raises(RouteDisabledError) as caught:
		next(client.list_deleted())
	assert caught.value.route == "vaults/patients"
	assert next(client.list_census()).paginated


def test_a_list_that_is_not_there_is_a_wrong_address_and_no_lost_record():
	with RawServer(build_http_answer(404)) as server:
		client = KipuClient(
			Credentials("a", "b", "c"), server.base_url, 3, make_quick_session(), allowed_hosts=LOOPBACK
		)
		with pytest.raises(InvalidConfigurationError) as caught:
			next(client.list_census())
	assert (caught.value.route, caught.value.status) == ("patients/census", 404)


def test_bad_parameters_stop_at_once(kipu):
	with pytest.raises(InvalidConfigurationError):
		next(make_kipu_client(kipu).list_updated(date(2026, 2, 1), date(2026, 1, 1)))
	with pytest.raises(InvalidConfigurationError):
		next(make_kipu_client(kipu, phi_level="all").list_census())


def test_the_client_itself_refuses_an_address_that_may_not_be_called():
	with pytest.raises(UnsafeUrlError, match="not_allowed"):
		KipuClient(Credentials("a", "b", "c"), "http://127.0.0.1:1", 3, make_quick_session())
	with pytest.raises(ValueError, match="api_version"):
		KipuClient(Credentials("a", "b", "c"), "https://api.kipuapi.com", 5, make_quick_session())


def test_no_content_type_is_sent_and_the_app_id_is_signed_last():
	body = b'{"patients": [], "pagination": {"current_page": "1", "total_pages": "0", "total_records": "0"}}'
	with RawServer(build_http_answer(body=body)) as server:
		keys = Credentials("the id", "s", "a/b c")
		list(
			KipuClient(keys, server.base_url, 3, make_quick_session(), allowed_hosts=LOOPBACK).list_updated(
				date(2026, 1, 2), date(2026, 1, 3), location_id="ä"
			)
		)
	head = server.requests[0].decode()
	assert head.split("\r\n")[0] == (
		"GET /api/patients/latest?start_date=2026-01-02&end_date=2026-01-03&location_id=%C3%A4"
		"&page=1&per=100&app_id=a%2Fb%20c HTTP/1.1"
	)
	assert "content-type" not in head.lower()
	assert "content-length" not in head.lower()


# Faults

RECOVERED = [
	Fault("status", status=500), Fault("status", status=502), Fault("status", status=503), Fault("status", status=504),
	Fault("status", status=302), Fault("throttle", value=2), Fault("throttle", value=2, retry_after="date"),
	Fault("throttle", retry_after="none"), Fault("html"), Fault("html_error", status=503), Fault("truncated"),
	Fault("truncated_json"), Fault("reset"), Fault("missing_key"), Fault("garbage_pagination"), Fault("wrong_page"),
	Fault("lost_page"), Fault("slow", value=0.1),
]  # fmt: skip


@pytest.mark.parametrize(
	"fault", RECOVERED, ids=lambda fault: f"{fault.kind} {fault.status} {fault.retry_after}"
)
def test_a_fault_that_passes_leaves_no_trace_in_the_read(kipu, fault):
	client = make_kipu_client(kipu, per=30)
	expected = list_ids(client.list_census(LONG_AGO, FAR_AHEAD))
	kipu.faults.add(Fault(**{**{name: getattr(fault, name) for name in fault.__slots__}, "page": 2}))
	pages = list(client.list_census(LONG_AGO, FAR_AHEAD))
	assert kipu.faults.played == {fault.kind: 1}
	assert list_ids(pages) == expected
	assert build_tally(pages).is_complete is True


@pytest.mark.parametrize(
	("fault", "cause"),
	[
		(Fault("html", times=None), "html"),
		(Fault("truncated_json", times=None), "json"),
		(Fault("missing_key", times=None), "shape"),
		(Fault("garbage_pagination", times=None), "pagination"),
		(Fault("wrong_page", times=None), "pagination"),
		(Fault("lost_page", times=None), "empty"),
	],
	ids=lambda value: getattr(value, "kind", value),
)
def test_malformed_page_fails_the_read_and_is_never_an_empty_list(kipu, fault, cause):
	kipu.faults.add(fault)
	with pytest.raises(RetriesExhaustedError) as caught:
		list(make_kipu_client(kipu).list_census())
	assert (caught.value.cause, caught.value.status) == (cause, 200)


@pytest.mark.parametrize("kind", ["missing_record", "repeated_record", "shifting"])
def test_a_read_that_lost_or_repeated_records_is_not_complete(kipu, kind):
	kipu.faults.add(Fault(kind, page=2, times=None))
	tally = build_tally(make_kipu_client(kipu, per=30).list_census(LONG_AGO, FAR_AHEAD))
	assert tally.is_complete is False
	assert tally.distinct < sum(1 for day in kipu.world.admitted if day)


def test_a_read_during_which_records_went_away_is_not_complete(kipu):
	pages = make_kipu_client(kipu, per=30).list_census(LONG_AGO, FAR_AHEAD)
	tally = ReadCounts()
	tally.add_page(next(pages))
	kipu.world.delete(kipu.world.admitted.index(max(kipu.world.admitted[:20])))
	for page in pages:
		tally.add_page(page)
	assert tally.is_complete is False


def test_an_answer_without_pagination_is_one_page_and_never_complete(kipu):
	kipu.faults.add(Fault("no_pagination", times=None))
	pages = list(make_kipu_client(kipu, per=30).list_census(LONG_AGO, FAR_AHEAD))
	total = sum(1 for day in kipu.world.admitted if day)
	assert [(page.number, page.total_pages, page.total_records, page.paginated) for page in pages] == [
		(1, None, None, False)
	]
	assert len(pages[0].records) == total
	assert build_tally(pages).is_complete is False


def test_a_cap_on_the_page_size_gives_more_pages_and_the_same_records():
	with Simulator(120, settings=Settings(per_cap=10)) as kipu:
		pages = list(make_kipu_client(kipu, per=100).list_census(LONG_AGO, FAR_AHEAD))
		total = sum(1 for day in kipu.world.admitted if day)
	assert len(pages) == -(-total // 10)
	assert build_tally(pages).is_complete is True


def test_closed_connection_is_a_transient_error():
	with Simulator(120) as kipu:
		pages = make_kipu_client(kipu, per=30).list_census(LONG_AGO, FAR_AHEAD)
		next(pages)
	with pytest.raises(RetriesExhaustedError) as caught:
		next(pages)
	assert caught.value.cause == "ConnectionError"


def test_nothing_secret_is_in_a_repr(kipu):
	keys = Credentials("the-access-id", "the-secret", "the-app-id")
	client = make_kipu_client(kipu, credentials=keys)
	assert repr(keys) == "Credentials()"
	assert repr(client) == "KipuClient(version=3)"
	page = next(make_kipu_client(kipu).list_census())
	total = page.total_records
	assert repr(page) == f"Page(number=1, total_pages=1, total_records={total}, paginated=True)"
	assert repr(page.records[0]).startswith("<RawRecord: ")
