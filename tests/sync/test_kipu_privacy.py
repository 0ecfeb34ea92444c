"""Canary values in every field of every record: under success and under every fault they appear in no error, no repr,
no traceback with local variables, no log record."""

import logging
from datetime import date, datetime, timezone
from types import TracebackType
from zoneinfo import ZoneInfo

import pytest

from orchestrator.kipu_simulator.faults import KINDS, Fault
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.signatures import Keys
from orchestrator.sync.errors import SyncError
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.client import Credentials
from orchestrator.sync.kipu.fields import FIELDS
from orchestrator.sync.kipu.mapping import build_mapping, build_plan, map_record
from orchestrator.sync.kipu.records import RecordError, compute_drift, parse_record
from orchestrator.sync.kipu.values import Zones
from tests.support.kipu_wire import build_raw_record, make_kipu_client, make_quick_session

CANARY = "canaryqx7"
KEYS = Keys(f"{CANARY}-access", f"{CANARY}-secret", f"{CANARY}-app")
ZONES = Zones(ZoneInfo("America/New_York"))
AT = datetime(2026, 3, 10, tzinfo=timezone.utc)
MOMENTS = frozenset(name for name, kind in FIELDS.items() if kind in ("day", "moment", "stamp"))


def build_canary_record(**changes):
	"""Return a record with a canary in every field that may contain text."""
	record = build_raw_record(**{name: f"{CANARY} {name}" for name in FIELDS if name not in MOMENTS})
	record |= {
		"patient_contacts": [{"full_name": CANARY, "phone": CANARY}],
		"insurances": [{"insurance_company": CANARY}],
		"patient_tags": [CANARY],
		"ssn": CANARY,
		"unknown_field": CANARY,
	}
	return {**record, **changes}


def list_frames(traceback: TracebackType | None) -> list[str]:
	"""Return every frame of this app as in Frappe's error log: with the repr of each local variable."""
	shown = []
	while traceback:
		code = traceback.tb_frame.f_code
		if "/orchestrator/sync/" in code.co_filename:
			shown.append(f"{code.co_name}: {traceback.tb_frame.f_locals!r}")
		traceback = traceback.tb_next
	return shown


def assert_silent(error: BaseException) -> None:
	chained: BaseException | None = error
	while chained:
		for text in (
			str(chained),
			repr(chained),
			repr(chained.__dict__),
			*list_frames(chained.__traceback__),
		):
			assert CANARY not in text, text
		chained = chained.__cause__ or chained.__context__


@pytest.fixture
def kipu():
	with Simulator(60, keys=KEYS) as running:
		for name in FIELDS:
			if name not in MOMENTS:
				for stay in range(len(running.world)):
					running.world.set_field(stay, name, build_canary_record()[name])
		yield running


def count_all_records(kipu: Simulator, credentials: Credentials | None = None) -> int:
	client = make_kipu_client(kipu, credentials=credentials, per=30)
	today = date.fromordinal(kipu.world.get_today())
	return sum(len(page.records) for page in client.list_updated(today, today))


@pytest.mark.parametrize("kind", KINDS)
def test_faults_reveal_no_record_data(kipu, kind, caplog, capfd):
	caplog.set_level(logging.DEBUG)
	kipu.faults.add(Fault(kind, times=None, value=0.2, status=503))
	try:
		count_all_records(kipu)
	except SyncError as error:
		assert_silent(error)
	output = capfd.readouterr()
	# urllib3 logs request lines if an application enables DEBUG for everything, which this app cannot prevent.
	ours = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
	assert CANARY not in "".join([*ours, output.out, output.err])


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 418, 422, 429, 500])
def test_error_statuses_reveal_no_record_data(kipu, status):
	kipu.faults.add(Fault("status", times=None, status=status))
	with pytest.raises(SyncError) as caught:
		count_all_records(kipu)
	assert_silent(caught.value)


def test_refusals_reveal_no_secret(kipu):
	for wrong in (
		Credentials(f"{CANARY}x", KEYS.secret_key, KEYS.app_id),
		Credentials(KEYS.access_id, f"{CANARY}x", KEYS.app_id),
		Credentials(KEYS.access_id, KEYS.secret_key, f"{CANARY}x"),
	):
		with pytest.raises(SyncError) as caught:
			count_all_records(kipu, wrong)
		assert_silent(caught.value)


def test_a_bug_of_the_reader_does_not_show_the_body(kipu):
	client = make_kipu_client(kipu)
	stay = kipu.world
	with pytest.raises(SyncError) as caught:
		list(client.list_updated(date.fromordinal(stay.get_today() + 1), date.fromordinal(stay.get_today())))
	assert_silent(caught.value)


@pytest.mark.parametrize("value", [{CANARY: CANARY}, [[CANARY]], CANARY], ids=["dict", "list", "text"])
@pytest.mark.parametrize("name", FIELDS)
def test_unreadable_fields_reveal_no_value(name, value):
	if value == CANARY and name not in MOMENTS:
		value = {"x": CANARY}  # other fields accept any text
	error = _get_error(build_canary_record(**{name: value}))
	assert error.field == name
	assert (error.__cause__, error.__context__) == (None, None)
	assert CANARY not in str(error) + repr(error)


def _get_error(raw: dict) -> RecordError:
	"""Return the error of a record's one unreadable field, whether it is raised or recorded."""
	try:
		(error,) = parse_record(raw, ZONES, AT).unreadable
	except RecordError as raised:
		error = raised
	return error


def test_no_frame_of_a_record_error_holds_a_value(kipu):
	for stay in range(len(kipu.world)):
		kipu.world.set_field(stay, "admission_date", CANARY)
	today = date.fromordinal(kipu.world.get_today())
	(page, *_) = make_kipu_client(kipu).list_updated(today, today)
	with pytest.raises(RecordError) as caught:
		parse_record(page.records[0], ZONES, AT)
	assert_silent(caught.value)
	assert len(list_frames(caught.value.__traceback__)) >= 1


def test_no_frame_of_a_text_too_long_holds_it():
	stay = parse_record(build_canary_record(last_name=CANARY * 40), ZONES, AT)
	mapped = map_record(stay, build_mapping())
	(error,) = mapped.unreadable
	assert (error.code, error.field) == ("too_long", "last_name")
	assert CANARY * 2 not in str(error) + repr(error) + repr(mapped)
	assert_silent(error)


def test_a_broken_casefile_id_is_not_repeated():
	with pytest.raises(RecordError) as caught:
		parse_record({"casefile_id": CANARY}, ZONES, AT)
	assert CANARY not in str(caught.value) + repr(caught.value)


def test_nothing_made_of_a_record_shows_it(kipu):
	today = date.fromordinal(kipu.world.get_today())
	(page, *_) = make_kipu_client(kipu, session=make_quick_session()).list_updated(today, today)
	stay = parse_record(build_canary_record(), ZONES, AT)
	mapped = map_record(stay, build_mapping())
	planned = build_plan(mapped.client, {**mapped.client, "first_name": f"{CANARY}2"}, {}, {})
	made = [
		page,
		page.records,
		page.records[0],
		stay,
		stay.person,
		stay.fields,
		mapped,
		mapped.client,
		planned,
	]
	made += [
		planned.changes,
		planned.conflicts,
		planned.synced,
		planned.values,
		compute_drift(build_canary_record()),
	]
	for each in made:
		assert CANARY not in repr(each)
		assert CANARY not in str(each)
	assert planned.changes[0].new == f"{CANARY}2"


def test_a_private_dict_shows_its_size_alone():
	private = PrivateDict(first_name=CANARY)
	assert {repr(private), str(private), f"{private}"} == {"<PrivateDict: 1 fields>"}
	assert CANARY not in repr([private])
	assert private == {"first_name": CANARY}
