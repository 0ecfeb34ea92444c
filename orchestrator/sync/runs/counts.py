"""Counts of a run, and names of fields. No values."""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orchestrator.sync.merge.three_way import Outcome

MAX_ERRORS = 100
BUCKET_COUNT = 8192
# Most important outcome first.
OUTCOMES: tuple[Outcome, ...] = ("imported", "updated", "skipped")


class CompactIntSet:
	"""A set of 64-bit numbers in little more than 8 bytes each, because a run may read very many records."""

	__slots__ = ("_buckets",)

	def __init__(self) -> None:
		self._buckets = [array("q") for _ in range(BUCKET_COUNT)]

	def __contains__(self, number: int) -> bool:
		return number in self._buckets[number % BUCKET_COUNT]

	def add(self, number: int) -> None:
		"""Add a number that is not in the set."""
		self._buckets[number % BUCKET_COUNT].append(number)


@dataclass(frozen=True, slots=True)
class RecordFailure:
	"""A record, or one field of a record, that could not be imported."""

	casefile_id: str
	code: str
	field: str
	retryable: bool

	def to_dict(self) -> dict[str, Any]:
		"""Serialize the failure for replies and history."""
		return {
			"casefile_id": self.casefile_id,
			"code": self.code,
			"field": self.field,
			"retryable": self.retryable,
		}


class Relisted(NamedTuple):
	"""A stay that is deleted on this site and was listed by Kipu again. `content` is the hash to store, ""
	for none.
	"""

	client: str
	casefile_id: str
	content: str


@dataclass(slots=True)
class PageOutcomes:
	"""The results of the records of one page. Added to the tally when the page is committed."""

	records: list[tuple[str, Outcome]] = field(default_factory=list)
	failures: list[RecordFailure] = field(default_factory=list)
	changed_fields: Counter[str] = field(default_factory=Counter)
	blanked_fields: Counter[str] = field(default_factory=Counter)
	deactivated: int = 0
	# Deleted stays that Kipu lists, each with its client, its casefile and the hash of its content.
	relisted: dict[str, Relisted] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
	"""The counts of a run. A record counts once, by its most important result, however often it is read."""

	imported: int = 0
	updated: int = 0
	skipped: int = 0
	failed: int = 0
	pages: int = 0
	records_read: int = 0
	deactivated: int = 0
	changed_fields: Counter[str] = field(default_factory=Counter)
	blanked_fields: Counter[str] = field(default_factory=Counter)
	failures: list[RecordFailure] = field(default_factory=list)
	_outcome_by_record: Mapping[Outcome, CompactIntSet] = field(
		default_factory=lambda: {outcome: CompactIntSet() for outcome in OUTCOMES}, repr=False
	)
	_failed_records: set[int] = field(default_factory=set, repr=False)

	def add_outcomes(self, outcomes: PageOutcomes) -> None:
		"""Count the records of a page."""
		for key, outcome in outcomes.records:
			self.count_record(key, outcome)
		for failure in outcomes.failures:
			self.add_failure(failure)
		self.changed_fields.update(outcomes.changed_fields)
		self.blanked_fields.update(outcomes.blanked_fields)
		self.deactivated += outcomes.deactivated

	def to_snapshot(self) -> dict[str, Any]:
		"""Return the counts, to restore them if the next page is rolled back.

		Only for the end of a run: the set of records is not included.
		"""
		counts = {
			name: getattr(self, name) for name in ("imported", "updated", "skipped", "failed", "deactivated")
		}
		return {**counts, **{name: getattr(self, name).copy() for name in ("changed_fields", "failures")}}

	def restore(self, snapshot: Mapping[str, Any]) -> None:
		"""Restore the counts of a snapshot."""
		for name, value in snapshot.items():
			setattr(self, name, value)

	def count_record(self, key: str, outcome: Outcome) -> None:
		number = hash(key)
		before = next((each for each in OUTCOMES if number in self._outcome_by_record[each]), None)
		if before is None:
			self._change_count(outcome, 1)
		elif OUTCOMES.index(outcome) < OUTCOMES.index(before):
			self._change_count(outcome, 1)
			self._change_count(before, -1)
		else:
			return
		self._outcome_by_record[outcome].add(number)

	def is_counted(self, key: str) -> bool:
		"""Return True if this record was in a page that was imported."""
		return any(hash(key) in numbers for numbers in self._outcome_by_record.values())

	def add_failure(self, failure: RecordFailure) -> None:
		"""Count a record or field that could not be imported. The first hundred are listed."""
		number = hash(failure)
		if number in self._failed_records:
			return
		self._failed_records.add(number)
		self.failed += 1
		if len(self.failures) < MAX_ERRORS:
			self.failures.append(failure)

	def _change_count(self, outcome: Outcome, step: int) -> None:
		setattr(self, outcome, getattr(self, outcome) + step)
