"""The mapping, the hash and the three-way comparison."""

from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

import pytest

from orchestrator.sync.kipu.fields import FIELDS, PERSON
from orchestrator.sync.kipu.mapping import (
	UNMAPPED,
	Change,
	FieldConflict,
	InvalidMappingError,
	Override,
	build_default_rules,
	build_mapping,
	build_plan,
	map_record,
	to_canonical,
)
from orchestrator.sync.kipu.records import parse_record
from orchestrator.sync.kipu.values import Zones
from tests.support.kipu_wire import PERSON_ID, build_raw_record

AT = datetime(2026, 3, 10, 12, 0, tzinfo=timezone.utc)
ZONES = Zones(ZoneInfo("America/New_York"))


def map_fields(overrides=(), **fields):
	return map_record(parse_record(build_raw_record(**fields), ZONES, AT), build_mapping(overrides))


# Mapping


def test_every_known_field_goes_somewhere_or_is_left_out_on_purpose():
	assert {rule.source for rule in build_default_rules()} == FIELDS.keys() - UNMAPPED
	assert all((rule.doctype == "Client") == (rule.source in PERSON) for rule in build_default_rules())


def test_a_record_is_split_into_client_and_stay():
	record = map_fields(
		first_name="Ada", dob="1980-02-03", state="NY", admission_date="2026-03-01", mr_number="7"
	)
	assert (record.person_id, record.casefile_id) == (PERSON_ID, f"12:{PERSON_ID}")
	assert dict(record.client) == {
		"first_name": "Ada",
		"date_of_birth": date(1980, 2, 3),
		"address_state": "NY",
	}
	assert dict(record.stay) == {"admission_date": date(2026, 3, 1), "mr_number": "7", "location_id": "1"}


def test_lists_become_lines():
	record = map_fields(
		patient_contacts=[{"full_name": "B", "phone": "5"}, {"full_name": "A", "relationship": "Mother"}],
		insurances=[{"insurance_company": "Larkspur", "policy_number": "ZZ1", "priority": "1"}],
		patient_tags=["b", "a"],
		diagnosis_codes=[],
	)
	assert record.client["contacts"] == "A, Mother\nB, 5"
	assert record.stay["insurances"] == "Larkspur, ZZ1, 1"
	assert record.stay["tags"] == "a, b"
	assert record.stay["diagnosis_codes"] is None


def test_a_connection_may_move_a_field_or_leave_it_out():
	overrides = [
		Override("preferred_name", "Client", "nickname"),
		Override("email", "Client", ""),
		Override("insurance_company", "Client Stay", "insurer"),
	]
	record = map_fields(
		overrides, preferred_name="Addie", email="a@example.org", insurance_company="Larkspur"
	)
	assert dict(record.client) == {"nickname": "Addie"}
	assert record.stay["insurer"] == "Larkspur"


@pytest.mark.parametrize(
	("override", "code"),
	[
		(Override("shoe_size", "Client", "shoe_size"), "unknown_source"),
		(Override("ssn", "Client", "ssn"), "unknown_source"),
		(Override("email", "Client Stay", "email"), "wrong_doctype"),
		(Override("preferred_name", "Client", "first_name"), "taken_target"),
	],
)
def test_a_mapping_that_cannot_be_is_refused(override, code):
	with pytest.raises(InvalidMappingError) as caught:
		build_mapping([override])
	assert caught.value.code == code


def test_two_fields_may_swap_their_places():
	overrides = [Override("first_name", "Client", "last_name"), Override("last_name", "Client", "first_name")]
	assert dict(map_fields(overrides, first_name="A", last_name="B").client) == {
		"last_name": "A",
		"first_name": "B",
	}


def test_the_version_changes_with_the_rules_and_only_with_them():
	plain = build_mapping().version
	assert build_mapping().version == plain
	assert build_mapping([Override("email", "Client", "")]).version != plain
	assert build_mapping([Override("email", "Client", "email")]).version == plain


@pytest.mark.parametrize(
	("name", "target", "fits", "too_long"),
	[
		("first_name", "first_name", "x" * 140, "x" * 141),
		("first_name", "first_name", "é" * 140, "é" * 141),
		("patient_tags", "tags", ["x" * 60_000], ["x" * 60_001]),
		("patient_tags", "tags", ["契" * 21_845], ["契" * 21_846]),
	],
)
def test_a_text_too_long_for_its_field_is_left_out_and_named_and_not_cut(name, target, fits, too_long):
	known = map_fields(**{name: fits})
	value = (known.client | known.stay)[target]
	assert value == (fits if isinstance(fits, str) else fits[0])
	record = map_fields(**{name: too_long}, email="a@example.org")
	assert target not in record.client | record.stay
	assert [error.args for error in record.unreadable] == [(f"12:{PERSON_ID}", "too_long", name)]
	assert record.client["email"] == "a@example.org"


# Values


@pytest.mark.parametrize(
	("value", "text"),
	[
		(None, None), ("", None), (" x ", "x"), (5, "5"), (True, "1"), (date(2026, 1, 2), "2026-01-02"),
		(datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),
		(datetime(2026, 1, 2, 3, 4, tzinfo=ZoneInfo("America/New_York")), "2026-01-02T08:04:00+00:00"),
	],
)  # fmt: skip
def test_values_compare_as_text(value, text):
	assert to_canonical(value) == text


# Comparison. Each row: current value, source value, last synced source value (or none), policy -> written?, conflict?

NOTHING = object()


@pytest.mark.parametrize(
	("here", "there", "before", "policy", "written", "conflict"),
	[
		# nobody changed anything
		("a", "a", "a", "source", False, False),
		# only Kipu changed
		("a", "b", "a", "source", True, False),
		("a", "b", "a", "local", True, False),
		("a", "b", "a", "review", True, False),
		("a", "b", "a", "set-once", False, False),
		("a", None, "a", "source", True, False),
		# only a person changed
		("c", "a", "a", "source", False, False),
		("c", "a", "a", "local", False, False),
		("c", "a", "a", "review", False, False),
		("c", "a", "a", "set-once", False, False),
		(None, "a", "a", "source", False, False),
		# both, to the same
		("b", "b", "a", "review", False, False),
		# both, differently
		("c", "b", "a", "source", True, True),
		("c", "b", "a", "local", False, True),
		("c", "b", "a", "review", False, True),
		("c", "b", "a", "set-once", False, True),
		(None, "b", "a", "set-once", True, True),
		# never synced before
		(None, "b", NOTHING, "source", True, False),
		(None, "b", NOTHING, "local", True, False),
		("", "b", NOTHING, "set-once", True, False),
		("c", "b", NOTHING, "source", True, True),
		("c", "b", NOTHING, "local", False, True),
		("c", "b", NOTHING, "set-once", False, True),
		("c", None, NOTHING, "local", False, True),
		("b", "b", NOTHING, "review", False, False),
	],
)
def test_who_wins(here, there, before, policy, written, conflict):
	last = {} if before is NOTHING else {"f": before}
	result = build_plan({"f": here}, {"f": there}, last, {"f": policy})
	assert result.changes == ((Change("f", here, there),) if written else ())
	assert result.conflicts == ((FieldConflict("f", policy, taken=written),) if conflict else ())
	assert dict(result.synced) == {"f": there}


@pytest.mark.parametrize("policy", ["source", "local", "set-once", "review"])
@pytest.mark.parametrize("here", ["a", "b", "c", None])
@pytest.mark.parametrize("before", ["a", "b", None, NOTHING])
def test_a_second_run_over_the_same_data_finds_nothing_to_do(policy, here, before):
	last = {} if before is NOTHING else {"f": before}
	first = build_plan({"f": here}, {"f": "b"}, last, {"f": policy})
	second = build_plan({"f": here, **first.values}, {"f": "b"}, first.synced, {"f": policy})
	assert (second.changes, second.conflicts, second.synced) == ((), (), first.synced)


def test_only_fields_that_were_sent_are_looked_at():
	result = build_plan({"a": "1", "b": "2"}, {"a": "1"}, {"a": "1", "b": "9"}, {})
	assert result.changes == ()
	assert dict(result.synced) == {"a": "1", "b": "9"}


def test_a_date_from_the_database_equals_the_same_date_as_text():
	day = date(2026, 1, 2)
	assert build_plan({"d": day}, {"d": day}, {"d": "2026-01-02"}, {}).changes == ()
	assert dict(build_plan({}, {"d": day}, {}, {}).synced) == {"d": "2026-01-02"}


def test_fields_under_review_are_listed():
	result = build_plan({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, {}, {"a": "review"}, "local")
	assert result.reviews == ("a",)
	assert [conflict.field for conflict in result.conflicts] == ["a", "b"]
