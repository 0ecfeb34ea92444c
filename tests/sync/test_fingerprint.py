"""Fingerprints: the changes of a record that make it count as changed."""

from typing import Any

import pytest

from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.merge.fingerprints import compute_fingerprint

CONTEXT = ("mapping", "America/New_York", "False", "Cedar House")
CONTACTS = [{"full_name": "A", "phone": "1"}, {"full_name": "B", "phone": None}]


def build_record(**fields: Any) -> RawRecord:
	return RawRecord(
		{"casefile_id": "12:x", "first_name": "Ada", "phone": None, "patient_tags": [], **fields}
	)


def build_records(items: list[dict[str, Any]]) -> list[RawRecord]:
	return [RawRecord(item) for item in items]


@pytest.mark.parametrize(
	("one", "other"),
	[
		(build_record(phone=None), build_record(phone="")),
		(build_record(last_updated_at="2026-01-01"), build_record(last_updated_at="2026-01-02")),
		(build_record(patient_tags=["VIP", "Vegan"]), build_record(patient_tags=["Vegan", "VIP"])),
		(
			build_record(patient_contacts=build_records(CONTACTS)),
			build_record(patient_contacts=build_records(CONTACTS[::-1])),
		),
		(build_record(), RawRecord(reversed(build_record().items()))),
	],
)
def test_equal_content_has_equal_fingerprints(one: RawRecord, other: RawRecord):
	assert compute_fingerprint(one, CONTEXT) == compute_fingerprint(other, CONTEXT)


@pytest.mark.parametrize(
	"other",
	[
		build_record(first_name="Eve"),
		build_record(first_name=""),
		build_record(phone="5"),
		build_record(phone=5),
		build_record(patient_tags=["VIP"]),
		build_record(patient_contacts=build_records(CONTACTS)),
		build_record(patient_contacts=build_records(CONTACTS[:1])),
		build_record(brand_new=None),
	],
)
def test_records_that_differ_are_not(other: RawRecord):
	assert compute_fingerprint(build_record(), CONTEXT) != compute_fingerprint(other, CONTEXT)


def test_a_number_is_not_the_same_word():
	assert compute_fingerprint(build_record(phone=5), CONTEXT) != compute_fingerprint(
		build_record(phone="5"), CONTEXT
	)


@pytest.mark.parametrize("number", range(len(CONTEXT)))
def test_the_same_record_read_otherwise_is_another(number: int):
	other = tuple("else" if at == number else each for at, each in enumerate(CONTEXT))
	assert compute_fingerprint(build_record(), CONTEXT) != compute_fingerprint(build_record(), other)


def test_a_hash_begins_with_the_shape_of_the_record():
	assert (
		compute_fingerprint(build_record(), CONTEXT)[:9]
		== compute_fingerprint(build_record(first_name="Eve"), CONTEXT)[:9]
	)
	assert (
		compute_fingerprint(build_record(), CONTEXT)[:9]
		!= compute_fingerprint(build_record(dob=None), CONTEXT)[:9]
	)
