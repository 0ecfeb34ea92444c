"""Apply a page of records to the store: parse, compare, write. Commits nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone

from orchestrator.doctypes import CLIENT_STAY
from orchestrator.sync.connection import Source
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError, compute_drift
from orchestrator.sync.merge import location_facilities
from orchestrator.sync.merge.fingerprints import (
	FingerprintedPage,
	FingerprintedRecord,
	ParsedRecord,
	fingerprint_page,
	parse_fingerprinted,
)
from orchestrator.sync.merge.invalid_values import drop_invalid_values
from orchestrator.sync.merge.three_way import REMOVED_STATUSES, MergeResult, Person, merge_records
from orchestrator.sync.runs.counts import PageOutcomes, RecordFailure, Relisted
from orchestrator.sync.runs.issues import IssueTracker
from orchestrator.sync.runs.run_records import Run
from orchestrator.sync.runs.superseded import ChartHolder, find_chart_holders, mark_superseded
from orchestrator.sync.storage.store import Store

VAULT_SYNC_TYPES = ("incremental", "full", "census")


class Applier:
	"""Applies the pages of one run."""

	def __init__(
		self, run: Run, source: Source, store: Store, issues: IssueTracker, secure: Callable[[], None]
	) -> None:
		self._run = run
		self._source = source
		self._store = store
		self._issues = issues
		self._secure = secure
		# In such a run, a deleted record is restored only if it is not in the vault.
		self._vault_follows = run.request.sync_type in VAULT_SYNC_TYPES

	def apply(self, raws: Sequence[RawRecord], seeing: FingerprintedPage | None = None) -> PageOutcomes:
		"""Import the records, new or existing. All unchanged ones together cost one query."""
		outcomes = PageOutcomes()
		location_facilities.ensure_facilities(
			raws, self._source, self._secure, dry_run=self._run.request.dry_run
		)
		if seeing is None or not seeing.is_current(self._source):
			seeing = fingerprint_page(raws, self._source)
		fresh = self._filter_changed(seeing.records, outcomes)
		if fresh or seeing.failures:
			self._secure()
		for error in seeing.failures:
			self._record_failure(_build_failure(error), outcomes)
		if incomings := self._parse_records(fresh, outcomes):
			self._check_drift(raws)
			self._merge_and_write(incomings, outcomes)
		return outcomes

	def _filter_changed(
		self, seen: Sequence[FingerprintedRecord], outcomes: PageOutcomes
	) -> list[FingerprintedRecord]:
		"""Return the records whose content is not imported yet."""
		known = self._store.get_hashes([each.stay_name for each in seen])
		fresh = []
		for each in seen:
			hashes, writer = known.get(each.stay_name, ((), None))
			if each.hash not in hashes:
				fresh.append(each)
				continue
			self._issues.resolve_record(each.casefile_id, each.raw)
			if writer != self._run.name:
				outcomes.records.append((each.casefile_id, "skipped"))
		return fresh

	def _parse_records(
		self, seen: Sequence[FingerprintedRecord], outcomes: PageOutcomes
	) -> list[ParsedRecord]:
		at = datetime.now(timezone.utc)
		incomings = []
		for each in seen:
			try:
				incoming = self._parse_with_stored_location(each, each.parse(self._source, at), at)
			except RecordError as error:
				self._record_failure(_build_failure(error), outcomes)
				continue
			if incoming is None:
				outcomes.records.append((each.casefile_id, "skipped"))
			else:
				incomings.append(incoming)
		return incomings

	def _parse_with_stored_location(
		self, each: FingerprintedRecord, incoming: ParsedRecord | None, at: datetime
	) -> ParsedRecord | None:
		"""Parse a record with an unreadable location as one of its stay's stored location."""
		if incoming is None or "facility" not in incoming.uncertain:
			return incoming
		stay = self._store.get_persons([incoming.client_name])[incoming.client_name].stays.get(each.stay_name)
		location = stay.row.get("location_id") if stay else None
		return parse_fingerprinted(each, self._source, at, location) if location else incoming

	def _merge_and_write(self, incomings: Sequence[ParsedRecord], outcomes: PageOutcomes) -> None:
		groups: dict[str, list[ParsedRecord]] = {}
		for incoming in incomings:
			groups.setdefault(incoming.client_name, []).append(incoming)
		persons = self._store.get_persons(list(groups))
		verdicts = {
			name: merge_records(persons[name], group, self._source, self._vault_follows)
			for name, group in groups.items()
		}
		# Queried before writing, because there are fewer rows.
		arrived = [each.incoming for all_ in verdicts.values() for each in all_ if each.arrived]
		holders = find_chart_holders(self._source.name, {str(each.stay.chart_id) for each in arrived})
		failures = {person.client.name: error for person, error in self._store.write(persons.values())}
		for name, error in failures.items():
			if len(groups[name]) > 1:
				# One of a person's records may cause the error: try each separately.
				for incoming in groups[name]:
					self._merge_and_write([incoming], outcomes)
			elif reduced := drop_invalid_values(groups[name][0], self._source):
				self._merge_and_write([reduced], outcomes)
			else:
				failure = RecordFailure(groups[name][0].casefile_id, type(error).__name__, "", True)
				self._record_failure(failure, outcomes)
		written = [each for name, all_ in verdicts.items() if name not in failures for each in all_]
		self._count_outcomes(written, persons, outcomes)
		self._check_chart_conflicts([each.incoming for each in written if each.arrived], holders, outcomes)

	def _count_outcomes(
		self, verdicts: Iterable[MergeResult], persons: Mapping[str, Person], outcomes: PageOutcomes
	) -> None:
		for verdict in verdicts:
			incoming = verdict.incoming
			outcomes.records.append((incoming.casefile_id, verdict.outcome))
			outcomes.deactivated += verdict.departed
			outcomes.changed_fields.update(set(verdict.changed_fields))
			if verdict.still_deleted:
				content = "" if incoming.unreadable else incoming.hash
				outcomes.relisted[incoming.stay_name] = Relisted(
					incoming.client_name, incoming.casefile_id, content
				)
			if verdict.blanked_fields:
				outcomes.blanked_fields.update(self._list_lost_values(verdict, persons[incoming.client_name]))
			for doctype, name, field in verdict.reviews:
				self._issues.create_issue("Conflict", "both_changed", field=field, reference=(doctype, name))
			self._update_field_issues(incoming, outcomes)

	def _update_field_issues(self, incoming: ParsedRecord, outcomes: PageOutcomes) -> None:
		"""Create an issue for each unreadable field of the record, and resolve those that do not apply any
		more.
		"""
		failures = [_build_failure(error) for error in incoming.unreadable]
		for failure in failures:
			if not self._issues.is_discarded(failure):
				outcomes.failures.append(failure)
				self._issues.record_failure(failure)
		self._issues.resolve_record(incoming.casefile_id, incoming.raw, failures)

	def _list_lost_values(self, verdict: MergeResult, person: Person) -> list[str]:
		"""Return those of the emptied fields whose value is older than this run."""
		records = person.client, person.stays[verdict.incoming.stay_name]
		own = {each.doctype for each in records if each.new or each.created_by_run == self._run.name}
		return [field for field in verdict.blanked_fields if field.partition(".")[0] not in own]

	def _record_failure(self, failure: RecordFailure, outcomes: PageOutcomes) -> None:
		"""Record a failure, unless it was discarded."""
		if self._issues.is_discarded(failure):
			outcomes.records.append((failure.casefile_id, "skipped"))
			return
		outcomes.failures.append(failure)
		self._issues.record_failure(failure)

	def _check_chart_conflicts(
		self, incomings: Sequence[ParsedRecord], holders: Sequence[ChartHolder], outcomes: PageOutcomes
	) -> None:
		"""Create an issue for a chart number of two people, and supersede the stay that Kipu does not list
		any more.

		Nothing is merged.
		"""
		people = {str(incoming.stay.chart_id): incoming for incoming in incomings}
		new = [(str(incoming.stay.chart_id), incoming.client_name) for incoming in incomings]
		for chart, client in (*(holder[:2] for holder in holders), *new):
			incoming = people.get(chart)
			if incoming and client != incoming.client_name:
				self._issues.create_issue(
					"Identity",
					"chart_of_two_people",
					casefile_id=incoming.casefile_id,
					reference=(CLIENT_STAY, incoming.stay_name),
				)

		superseded = [
			holder
			for holder in holders
			if holder.chart_id in people and holder.client != people[holder.chart_id].client_name
		]
		self._mark_superseded(superseded, outcomes)

	def _mark_superseded(self, holders: Sequence[ChartHolder], outcomes: PageOutcomes) -> None:
		listed = {casefile for casefile, _outcome in outcomes.records}
		remaining = [
			holder
			for holder in holders
			if holder.status not in REMOVED_STATUSES
			and holder.casefile_id not in listed
			and not self._run.tally.is_counted(holder.casefile_id)
		]
		if not remaining:
			return
		deactivated, failures = mark_superseded(remaining, self._store, self._source)
		outcomes.deactivated += deactivated
		failed = {person.client.name: type(error).__name__ for person, error in failures}
		for holder in remaining:
			if holder.client in failed:
				self._record_failure(
					RecordFailure(holder.casefile_id, failed[holder.client], "status", True), outcomes
				)
			else:
				outcomes.records.append((holder.casefile_id, "updated"))

	def _check_drift(self, raws: Sequence[RawRecord]) -> None:
		"""Report fields that are new, missing or of another type, from the first changed record of a page.

		Names only.
		"""
		drift = compute_drift(raws[0])
		for kind in ("unknown", "vanished", "retyped"):
			for field in sorted(getattr(drift, kind)):
				known = self._run.drift.setdefault(kind, [])
				if field not in known:
					known.append(field)
					self._issues.create_issue("Drift", kind, field=field)


def _build_failure(error: RecordError) -> RecordFailure:
	"""Return the failure of an unreadable record or field."""
	return RecordFailure(error.casefile_id, error.code, error.field, error.retryable)
