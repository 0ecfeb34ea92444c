"""Parsing a record: identity, dates, status, texts, and errors."""

from dataclasses import FrozenInstanceError
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from orchestrator.sync.kipu.records import (
	RecordError,
	build_sort_key,
	compute_drift,
	compute_status,
	parse_record,
	split_casefile,
)
from orchestrator.sync.kipu.values import (
	InvalidValue,
	Zones,
	clean_code,
	clean_day,
	clean_instant,
	clean_text,
)
from tests.support.kipu_wire import PERSON_ID, build_raw_record

NEW_YORK, PHOENIX, UTC = ZoneInfo("America/New_York"), ZoneInfo("America/Phoenix"), timezone.utc
ZONES = Zones(NEW_YORK, {"3": PHOENIX})
AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def parse(zones: Zones = ZONES, at: datetime = AT, **fields):
	return parse_record(build_raw_record(**fields), zones, at)


# Identity


def test_a_casefile_is_the_chart_and_the_person():
	stay = parse(casefile_id=f" 0012:{PERSON_ID.upper()}")
	assert (stay.casefile_id, stay.chart_id, stay.person_id) == (f"12:{PERSON_ID}", 12, PERSON_ID)


@pytest.mark.parametrize(
	"casefile_id",
	[
		None,
		"",
		12,
		"12",
		f":{PERSON_ID}",
		f"x:{PERSON_ID}",
		"12:Jane Roe",
		f"12:{PERSON_ID}x",
		f"١٢:{PERSON_ID}",
	],
)
def test_a_broken_casefile_is_an_error_that_does_not_repeat_it(casefile_id):
	with pytest.raises(RecordError) as caught:
		split_casefile(casefile_id)
	assert caught.value.args == ("?", "bad_casefile_id", "casefile_id")


# Days


@pytest.mark.parametrize(
	("written", "location", "day"),
	[
		("2026-03-05", "1", date(2026, 3, 5)),
		("2026-03-05T05:00:00Z", "1", date(2026, 3, 5)),  # midnight in New York
		("2026-03-05T04:59:59Z", "1", date(2026, 3, 4)),
		("2026-03-06T02:00:00.000Z", "1", date(2026, 3, 5)),  # nine in the evening
		("2026-07-05T04:00:00Z", "1", date(2026, 7, 5)),  # midnight in summer time
		("2026-07-05T04:00:00Z", "3", date(2026, 7, 4)),  # Phoenix has no daylight saving time
		("2026-03-05T00:00:00Z", "1", date(2026, 3, 4)),
		("2026-03-05T00:00:00-05:00", "1", date(2026, 3, 5)),
		("2026-03-05T23:30:00", "1", date(2026, 3, 5)),
		("2026-03-06 02:00:00 UTC", "1", date(2026, 3, 5)),
		("2026-03-05 21:00:00 -0500", "1", date(2026, 3, 5)),
		("2026-03-08T06:59:00Z", "1", date(2026, 3, 8)),  # the night the clocks change
		("", "1", None),
		(None, "1", None),
	],
)
def test_timestamp_is_converted_to_the_date_at_its_location(written, location, day):
	stay = parse(admission_date=written, location_id=location)
	assert stay.admission_date == day
	assert stay.fields["admission_date"] == day


def test_midnight_in_utc_is_a_bare_date_only_where_the_connection_says_so():
	zones = Zones(NEW_YORK, utc_midnight_is_date=True)
	assert parse(zones, discharge_date="2026-03-05T00:00:00Z").discharge_date == date(2026, 3, 5)
	assert parse(zones, discharge_date="2026-03-05T00:00:01Z").discharge_date == date(2026, 3, 4)
	assert parse(zones, discharge_date="2026-03-05T00:00:00-05:00").discharge_date == date(2026, 3, 5)


def test_the_day_of_birth_is_never_moved_by_a_zone():
	assert parse(dob="1980-02-03T00:00:00Z").person.fields["dob"] == date(1980, 2, 3)
	assert parse(dob="1980-02-03").person.fields["dob"] == date(1980, 2, 3)


def test_a_location_without_a_zone_has_the_default():
	assert parse(admission_date="2026-07-05T04:00:00Z", location_id="99").admission_date == date(2026, 7, 5)
	assert parse(admission_date="2026-07-05T04:00:00Z", location_id=None).admission_date == date(2026, 7, 5)


@pytest.mark.parametrize(
	"written",
	[
		"2026-02-30",
		"05/03/2026",
		"soon",
		"2026-03-05T25:00:00Z",
		"0000-01-01",
		"2026-03-05T",
		"2026-03-0",
		"2026-W10-4",
		"2026-03-05T05:00:00.00Z0",
		"2026-03-05T05:00Z:00",
	],
)
def test_an_unreadable_date_is_an_error_of_its_field(written):
	with pytest.raises(RecordError) as caught:
		parse(admission_date=written)
	assert caught.value.args == (f"12:{PERSON_ID}", "bad_date", "admission_date")


def test_a_date_at_the_edge_of_time_does_not_break_the_zone_arithmetic():
	assert clean_instant("0001-01-01T00:00:00Z", NEW_YORK) == InvalidValue("bad_date")
	assert clean_day("9999-12-31") == date(9999, 12, 31)


# Status


@pytest.mark.parametrize(
	("admission", "discharge", "status"),
	[
		(None, None, "Pre-Admission"),
		("", "", "Pre-Admission"),
		(None, "2026-03-01", "Pre-Admission"),
		("2026-03-01", None, "Active"),
		("2026-03-01", "", "Active"),
		("2026-03-01", "2026-03-11", "Active"),
		("2026-03-01", "2026-03-10", "Discharged"),  # the day begins at 05:00 UTC, it is 12:00
		("2026-03-01", "2026-03-10T12:00:00Z", "Discharged"),
		("2026-03-01", "2026-03-10T12:00:01Z", "Active"),
	],
)
def test_status_is_derived_at_an_instant(admission, discharge, status):
	assert parse(admission_date=admission, discharge_date=discharge).status == status


def test_a_bare_day_of_discharge_begins_at_the_locations_midnight():
	early = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)
	assert parse(at=early, admission_date="2026-03-01", discharge_date="2026-03-10").status == "Discharged"
	west = parse(at=early, admission_date="2026-03-01", discharge_date="2026-03-10", location_id="3")
	assert west.status == "Active"


def test_a_planned_discharge_becomes_one_by_time_alone():
	admitted, discharged = AT - timedelta(days=9), AT + timedelta(hours=1)
	assert compute_status(admitted, discharged, AT) == "Active"
	assert compute_status(admitted, discharged, AT + timedelta(hours=2)) == "Discharged"


def test_the_stay_in_care_decides_before_other_charts():
	old, new = AT - timedelta(days=90), AT - timedelta(days=1)
	keys = {
		"discharged later": build_sort_key("Discharged", new, new, 30),
		"in care": build_sort_key("Active", old, old, 10),
		"expected": build_sort_key("Pre-Admission", None, AT, 40),
		"nothing known": build_sort_key("Pre-Admission", None, None, 50),
	}
	assert sorted(keys, key=keys.get) == ["nothing known", "discharged later", "expected", "in care"]


# Words


@pytest.mark.parametrize(
	("written", "clean"),
	[
		("UR LOC: Residential", "Residential"),
		("ur loc:PHP", "PHP"),
		("UR LOC: ", None),
		("Residential", "Residential"),
		("\tAgainst Medical Advice (“AMA”)", 'Against Medical Advice ("AMA")'),
		("Completed – routine", "Completed - routine"),
		("Transferred — higher\u00a0level…", "Transferred - higher level..."),
		("Patient’s  choice\n", "Patient's choice"),
		("   ", None),
	],
)
def test_terms_get_plain_punctuation(written, clean):
	result = clean_code(written)
	assert (result or None) == clean


def test_names_keep_letters_and_lose_invisible_characters():
	assert clean_text(" Zoltán\u200b  O’Fennley\x00") == "Zoltán O’Fennley"
	assert clean_text("Rene\u0301e") == "Renée"
	assert clean_text("\u200b \t") is None


def test_blanks_are_none_and_a_field_that_was_not_sent_is_not_there():
	person = parse(first_name="", last_name=None, email=" ").person.fields
	assert dict(person) == {"first_name": None, "last_name": None, "email": None}


def test_numbers_in_place_of_ids_are_texts():
	stay = parse(location_id=3, mr_number=20260001, admission_date="2026-07-05T04:00:00Z")
	assert (stay.location_id, stay.fields["mr_number"]) == ("3", "20260001")
	assert stay.admission_date == date(2026, 7, 4)


def test_lists_are_sorted_without_duplicates():
	one = {"full_name": "B", "phone": 5, "relationship": "", "note": "left out"}
	two = {"full_name": "A", "email": None}
	stay = parse(patient_contacts=[one, two, {}, dict(one)], patient_tags=["b", {"name": "a"}, "b", " "])
	assert [dict(row) for row in stay.person.fields["patient_contacts"]] == [
		{"full_name": "A"},
		{"full_name": "B", "phone": "5"},
	]
	assert stay.fields["patient_tags"] == ("a", "b")
	assert parse(diagnosis_codes="F11.20, F10.20").fields["diagnosis_codes"] == ("F10.20", "F11.20")
	assert parse(diagnosis_codes=None).fields["diagnosis_codes"] == ()


def test_an_insurers_name_is_used_without_insurance_details():
	assert [dict(row) for row in parse(insurance_company="Larkspur").fields["insurances"]] == [
		{"insurance_company": "Larkspur"}
	]
	assert parse(insurance_company="Larkspur", insurances=[]).fields["insurances"] == ()


@pytest.mark.parametrize(
	("name", "value"),
	[
		("first_name", 5), ("first_name", ["x"]), ("first_name", {"x": 1}), ("mr_number", True), ("dob", 19800203),
		("patient_contacts", "x"), ("patient_contacts", ["x"]), ("insurances", {"x": 1}), ("patient_tags", [5]),
		("insurances", [{"insurance_company": ["x"]}]), ("location_id", {}), ("patient_tags", [{"colour": "red"}]),
	],
)  # fmt: skip
def test_a_value_of_another_type_leaves_out_its_field_alone(name, value):
	stay = parse(**{name: value}, email="a@example.org", admission_date="2026-03-01")
	assert [error.args for error in stay.unreadable] == [(f"12:{PERSON_ID}", "bad_type", name)]
	assert name not in stay.fields
	assert name not in stay.person.fields
	assert (stay.status, stay.person.fields["email"]) == ("Active", "a@example.org")


@pytest.mark.parametrize("name", ["admission_date", "discharge_date"])
@pytest.mark.parametrize("value", [5, ["2026-03-01"], "03/01/2026"])
def test_what_the_status_hangs_on_must_be_readable(name, value):
	with pytest.raises(RecordError) as caught:
		parse(**{name: value}, dob="1 March")
	assert (caught.value.casefile_id, caught.value.field) == (f"12:{PERSON_ID}", name)


def test_an_unreadable_location_counts_as_the_one_where_the_stay_is_known_to_be():
	raw = build_raw_record(location_id={"id": 3}, admission_date="2026-07-05T04:00:00Z")
	assert parse_record(raw, ZONES, AT).admission_date == date(2026, 7, 5)
	assert parse_record(raw, ZONES, AT, "3").admission_date == date(2026, 7, 4)
	raw["location_id"] = "1"
	assert parse_record(raw, ZONES, AT, "3").admission_date == date(2026, 7, 5)


def test_insurances_that_cannot_be_read_are_not_replaced_by_the_insurers_name():
	stay = parse(insurance_company="Larkspur", insurances="all of them")
	assert "insurances" not in stay.fields
	assert stay.fields["insurance_company"] == "Larkspur"


def test_the_social_security_number_is_not_read():
	stay = parse(ssn="900-01-0001")
	assert "ssn" not in stay.fields
	assert "ssn" not in stay.person.fields


def test_a_stay_is_immutable():
	stay = parse(first_name="A")
	with pytest.raises(FrozenInstanceError):
		stay.status = "Active"
	with pytest.raises(TypeError):
		stay.person.fields["first_name"] = "B"


def test_stamps_are_instants_and_not_content():
	stay = parse(last_updated_at="2026-03-05T00:00:00-05:00", created_at="2026-03-01T10:00:00.123Z")
	assert stay.updated_at == datetime(2026, 3, 5, 5, 0, tzinfo=UTC)
	assert stay.created_at == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
	assert "last_updated_at" not in stay.fields


# Drift


def test_drift_names_fields_and_nothing_else():
	found = compute_drift(
		build_raw_record(
			first_name=5, brand_new="x", **{"Jane Roe, 1980": 1}, patient_contacts=[], mr_number=7
		),
		expected={"casefile_id", "dob"},
	)
	assert found.unknown == {"brand_new", "(not a field name)"}
	assert found.vanished == {"dob"}
	assert found.retyped == {"first_name"}


def test_a_record_as_known_has_no_drift():
	assert not compute_drift(build_raw_record(first_name="A", ssn="x", room_name=4), expected={"casefile_id"})
