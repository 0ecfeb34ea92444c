"""The counts of a run. No site needed for the arithmetic, except for the package."""

import pytest

from orchestrator.sync.runs.counts import MAX_ERRORS, CompactIntSet, PageOutcomes, RecordFailure, Tally


def count_outcomes(*records: tuple[str, str]) -> tuple[int, int, int]:
	tally = Tally()
	tally.add_outcomes(PageOutcomes(records=list(records)))
	return tally.imported, tally.updated, tally.skipped


@pytest.mark.parametrize(
	("records", "counts"),
	[
		([("a", "imported"), ("b", "updated"), ("c", "skipped")], (1, 1, 1)),
		([("a", "imported"), ("a", "skipped"), ("a", "updated")], (1, 0, 0)),
		([("a", "skipped"), ("a", "updated"), ("a", "skipped")], (0, 1, 0)),
		([("a", "skipped"), ("a", "updated"), ("a", "imported")], (1, 0, 0)),
	],
)
def test_a_record_counts_once_by_the_most_that_became_of_it(records, counts):
	assert count_outcomes(*records) == counts


def test_failures_count_once_and_the_first_hundred_are_listed():
	tally = Tally()
	for number in range(MAX_ERRORS + 5):
		for _ in range(2):
			tally.add_failure(RecordFailure(str(number), "bad_date", "dob", False))
	assert (tally.failed, len(tally.failures)) == (MAX_ERRORS + 5, MAX_ERRORS)


def test_int_set_contains_only_added_numbers():
	numbers = CompactIntSet()
	added = [hash(str(number)) for number in range(1000)]
	for number in added:
		numbers.add(number)
	assert all(number in numbers for number in added)
	assert not any(hash(str(number)) in numbers for number in range(1000, 2000))
