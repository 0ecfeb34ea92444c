"""What a run has done so far, in numbers and in names of fields. No values."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.sync.decide import Outcome

ERRORS_TOLD = 100
RANK: Mapping[Outcome, int] = {"skipped": 1, "updated": 2, "imported": 3}


@dataclass(frozen=True, slots=True)
class RecordFailure:
	"""One record that could not be taken."""

	casefile_id: str
	code: str
	field: str
	retryable: bool

	def told(self) -> dict[str, Any]:
		"""As replies and history have it."""
		return {
			"casefile_id": self.casefile_id,
			"code": self.code,
			"field": self.field,
			"retryable": self.retryable,
		}


@dataclass(slots=True)
class Outcomes:
	"""What became of the records of one page. Taken into the tally only when the page is committed."""

	records: list[tuple[str, Outcome]] = field(default_factory=list)
	failures: list[RecordFailure] = field(default_factory=list)
	changed_fields: Counter[str] = field(default_factory=Counter)
	departures: int = 0


@dataclass(slots=True)
class Tally:
	"""Counts of a run. A record counts once, by the most that became of it, however often it is read."""

	imported: int = 0
	updated: int = 0
	skipped: int = 0
	failed: int = 0
	pages: int = 0
	records_read: int = 0
	departures: int = 0
	changed_fields: Counter[str] = field(default_factory=Counter)
	failures: list[RecordFailure] = field(default_factory=list)
	_ranks: dict[int, int] = field(default_factory=dict, repr=False)
	_failed: set[int] = field(default_factory=set, repr=False)

	def take(self, outcomes: Outcomes) -> None:
		"""Count a page."""
		for key, outcome in outcomes.records:
			self.count(key, outcome)
		for failure in outcomes.failures:
			self.fail(failure)
		self.changed_fields.update(outcomes.changed_fields)
		self.departures += outcomes.departures

	def count(self, key: str, outcome: Outcome) -> None:
		"""Count one record."""
		number, rank = hash(key), RANK[outcome]
		before = self._ranks.get(number, 0)
		if rank <= before:
			return
		if before:
			self._add(before, -1)
		self._add(rank, 1)
		self._ranks[number] = rank

	def knows(self, key: str) -> bool:
		"""True if the record has been counted."""
		return hash(key) in self._ranks

	def fail(self, failure: RecordFailure) -> None:
		"""Count one record that could not be taken. The first hundred are told one by one."""
		number = hash(failure)
		if number in self._failed:
			return
		self._failed.add(number)
		self.failed += 1
		if len(self.failures) < ERRORS_TOLD:
			self.failures.append(failure)

	def _add(self, rank: int, step: int) -> None:
		name = next(outcome for outcome, each in RANK.items() if each == rank)
		setattr(self, name, getattr(self, name) + step)
