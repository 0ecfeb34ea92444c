"""When a record counts as the one that was taken over before."""

from typing import Any

import pytest

from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.merge.fingerprints import compute_fingerprint

CONTEXT = ("mapping", "America/New_York", "False", "Cedar House")
CONTACTS = [{"full_name": "A", "phone": "1"}, {"full_name": "B", "phone": None}]


def record(**fields: Any) -> RawRecord:
	return RawRecord(
		{"casefile_id": "12:x", "first_name": "Ada", "phone": None, "patient_tags": [], **fields}
	)


def objects(items: list[dict[str, Any]]) -> list[RawRecord]:
	return [RawRecord(item) for item in items]


@pytest.mark.parametrize(
	("one", "other"),
	[
		(record(phone=None), record(phone="")),
		(record(last_updated_at="2026-01-01"), record(last_updated_at="2026-01-02")),
		(record(patient_tags=["VIP", "Vegan"]), record(patient_tags=["Vegan", "VIP"])),
		(record(patient_contacts=objects(CONTACTS)), record(patient_contacts=objects(CONTACTS[::-1]))),
		(record(), RawRecord(reversed(record().items()))),
	],
)
def test_records_that_come_to_the_same_are_the_same(one: RawRecord, other: RawRecord):
	assert compute_fingerprint(one, CONTEXT) == compute_fingerprint(other, CONTEXT)


@pytest.mark.parametrize(
	"other",
	[
		record(first_name="Eve"),
		record(first_name=""),
		record(phone="5"),
		record(phone=5),
		record(patient_tags=["VIP"]),
		record(patient_contacts=objects(CONTACTS)),
		record(patient_contacts=objects(CONTACTS[:1])),
		record(brand_new=None),
	],
)
def test_records_that_differ_are_not(other: RawRecord):
	assert compute_fingerprint(record(), CONTEXT) != compute_fingerprint(other, CONTEXT)


def test_a_number_is_not_the_same_word():
	assert compute_fingerprint(record(phone=5), CONTEXT) != compute_fingerprint(record(phone="5"), CONTEXT)


@pytest.mark.parametrize("number", range(len(CONTEXT)))
def test_the_same_record_read_otherwise_is_another(number: int):
	other = tuple("else" if at == number else each for at, each in enumerate(CONTEXT))
	assert compute_fingerprint(record(), CONTEXT) != compute_fingerprint(record(), other)


def test_a_hash_begins_with_the_shape_of_the_record_whatever_is_in_it():
	assert (
		compute_fingerprint(record(), CONTEXT)[:9]
		== compute_fingerprint(record(first_name="Eve"), CONTEXT)[:9]
	)
	assert compute_fingerprint(record(), CONTEXT)[:9] != compute_fingerprint(record(dob=None), CONTEXT)[:9]
