"""Facts about an instance from a page of records: its dates, its fields. Counts and names of fields, never a
value.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timezone

from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError, compute_drift, parse_record
from orchestrator.sync.kipu.values import Zones

# Smaller samples, or smaller majorities, may be chance.
MIN_SAMPLE = 5
MAJORITY = 3


@dataclass(slots=True)
class Sample:
	"""Counts of a page. A timestamp that is midnight in both zones counts in both."""

	records: int = 0
	unreadable: int = 0
	utc_midnights: int = 0
	local_midnights: int = 0
	unknown: set[str] = field(default_factory=set)
	vanished: set[str] = field(default_factory=set)
	retyped: set[str] = field(default_factory=set)

	@property
	def are_bare_dates_utc(self) -> bool:
		"""Return True if dates without a time of day are probably written as midnight in UTC."""
		return _is_majority(self.utc_midnights, self.local_midnights)

	@property
	def are_bare_dates_local(self) -> bool:
		"""Return True if dates without a time of day are probably written as midnight at the facility."""
		return _is_majority(self.local_midnights, self.utc_midnights)


def count_sample(records: Iterable[RawRecord], zones: Zones, now: float) -> Sample:
	at = datetime.fromtimestamp(now, timezone.utc)
	as_instants = Zones(zones.default, zones.by_location)
	sample = Sample()
	for raw in records:
		sample.records += 1
		_count_fields(sample, raw)
		try:
			stay = parse_record(raw, as_instants, at)
		except RecordError:
			sample.unreadable += 1
			continue
		sample.unreadable += bool(stay.unreadable)
		for moment in (stay.admitted_at, stay.discharged_at):
			if moment:
				sample.utc_midnights += moment.astimezone(timezone.utc).time() == time(0)
				sample.local_midnights += moment.time() == time(0)
	return sample


def _count_fields(sample: Sample, raw: RawRecord) -> None:
	drift = compute_drift(raw)
	sample.unknown |= drift.unknown
	sample.vanished |= drift.vanished
	sample.retyped |= drift.retyped


def _is_majority(many: int, few: int) -> bool:
	return many >= MIN_SAMPLE and many > MAJORITY * few
