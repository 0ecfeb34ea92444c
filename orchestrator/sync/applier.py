"""A page of records brought into the store: read, compared, written. Commits nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone

from orchestrator.sync import places
from orchestrator.sync.connection import Source
from orchestrator.sync.decide import GONE, Person, Verdict, decide
from orchestrator.sync.incoming import Incoming, Seeing, Seen, read_record, see_all
from orchestrator.sync.invalid_values import drop_invalid_values
from orchestrator.sync.issues import Issues
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError, drift
from orchestrator.sync.runs import Run
from orchestrator.sync.store import Store
from orchestrator.sync.superseded import ChartHolder, find_holders, mark_superseded
from orchestrator.sync.tally import Outcomes, RecordFailure, Relisted

WITH_VAULT = ("incremental", "full", "census")


class Applier:
	"""Takes pages for one run."""

	def __init__(
		self, run: Run, source: Source, store: Store, issues: Issues, secure: Callable[[], None]
	) -> None:
		self._run = run
		self._source = source
		self._store = store
		self._issues = issues
		self._secure = secure
		# In such a run a record that is deleted here is back only if the vault does not have it.
		self._vault_follows = run.order.sync_type in WITH_VAULT

	def apply(self, raws: Sequence[RawRecord], seeing: Seeing | None = None) -> Outcomes:
		"""Take the records, seen already or not. Unchanged ones cost one query, all of them together."""
		outcomes = Outcomes()
		places.ensure(raws, self._source, self._secure, dry_run=self._run.order.dry_run)
		if seeing is None or not seeing.holds(self._source):
			seeing = see_all(raws, self._source)
		fresh = self._fresh(seeing.seen, outcomes)
		if fresh or seeing.failures:
			self._secure()
		for error in seeing.failures:
			self._fail(failure_of(error), outcomes)
		if incomings := self._read(fresh, outcomes):
			self._watch_drift(raws)
			self._take(incomings, outcomes)
		return outcomes

	def _fresh(self, seen: Sequence[Seen], outcomes: Outcomes) -> list[Seen]:
		"""Those whose content is not taken over yet."""
		known = self._store.hashes([each.stay_name for each in seen])
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

	def _read(self, seen: Sequence[Seen], outcomes: Outcomes) -> list[Incoming]:
		at = datetime.now(timezone.utc)
		incomings = []
		for each in seen:
			try:
				incoming = self._read_where_known(each, each.read(self._source, at), at)
			except RecordError as error:
				self._fail(failure_of(error), outcomes)
				continue
			if incoming is None:
				outcomes.records.append((each.casefile_id, "skipped"))
			else:
				incomings.append(incoming)
		return incomings

	def _read_where_known(self, each: Seen, incoming: Incoming | None, at: datetime) -> Incoming | None:
		"""Read a record whose location can't be made out as one of the location that its stay has here."""
		if incoming is None or "facility" not in incoming.uncertain:
			return incoming
		stay = self._store.persons([incoming.client_name])[incoming.client_name].stays.get(each.stay_name)
		location = stay.row.get("location_id") if stay else None
		return read_record(each, self._source, at, location) if location else incoming

	def _take(self, incomings: Sequence[Incoming], outcomes: Outcomes) -> None:
		groups: dict[str, list[Incoming]] = {}
		for incoming in incomings:
			groups.setdefault(incoming.client_name, []).append(incoming)
		persons = self._store.persons(list(groups))
		verdicts = {
			name: decide(persons[name], group, self._source, self._vault_follows)
			for name, group in groups.items()
		}
		# Asked before they are written: the answer is shorter.
		arrived = [each.incoming for all_ in verdicts.values() for each in all_ if each.arrived]
		holders = find_holders(self._source.name, {str(each.stay.chart_id) for each in arrived})
		failures = {person.client.name: error for person, error in self._store.write(persons.values())}
		for name, error in failures.items():
			if len(groups[name]) > 1:
				# One of a person's records may be at fault: each on its own.
				for incoming in groups[name]:
					self._take([incoming], outcomes)
			elif reduced := drop_invalid_values(groups[name][0], self._source):
				self._take([reduced], outcomes)
			else:
				failure = RecordFailure(groups[name][0].casefile_id, type(error).__name__, "", True)
				self._fail(failure, outcomes)
		written = [each for name, all_ in verdicts.items() if name not in failures for each in all_]
		self._count(written, persons, outcomes)
		self._watch_charts([each.incoming for each in written if each.arrived], holders, outcomes)

	def _count(self, verdicts: Iterable[Verdict], persons: Mapping[str, Person], outcomes: Outcomes) -> None:
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
				outcomes.blanked_fields.update(self._lost(verdict, persons[incoming.client_name]))
			for doctype, name, field in verdict.reviews:
				self._issues.raise_("Conflict", "both_changed", field=field, reference=(doctype, name))
			self._report_unreadable(incoming, outcomes)

	def _report_unreadable(self, incoming: Incoming, outcomes: Outcomes) -> None:
		"""Raise an issue for each field that the record was taken without, and resolve those that are true no more."""
		failures = [failure_of(error) for error in incoming.unreadable]
		for failure in failures:
			if not self._issues.is_discarded(failure):
				outcomes.failures.append(failure)
				self._issues.fail(failure)
		self._issues.resolve_record(incoming.casefile_id, incoming.raw, failures)

	def _lost(self, verdict: Verdict, person: Person) -> list[str]:
		"""Of the blanked fields, those whose value was here before this run."""
		records = person.client, person.stays[verdict.incoming.stay_name]
		own = {each.doctype for each in records if each.new or each.created_by_run == self._run.name}
		return [field for field in verdict.blanked_fields if field.partition(".")[0] not in own]

	def _fail(self, failure: RecordFailure, outcomes: Outcomes) -> None:
		"""A failure that somebody has discarded is no news: the record is left alone."""
		if self._issues.is_discarded(failure):
			outcomes.records.append((failure.casefile_id, "skipped"))
			return
		outcomes.failures.append(failure)
		self._issues.fail(failure)

	def _watch_charts(
		self, incomings: Sequence[Incoming], holders: Sequence[ChartHolder], outcomes: Outcomes
	) -> None:
		"""One chart number with two people: somebody has to look, and the stay that Kipu lists no more is superseded.
		Nothing is merged."""
		people = {str(incoming.stay.chart_id): incoming for incoming in incomings}
		new = [(str(incoming.stay.chart_id), incoming.client_name) for incoming in incomings]
		for chart, client in (*(holder[:2] for holder in holders), *new):
			incoming = people.get(chart)
			if incoming and client != incoming.client_name:
				self._issues.raise_(
					"Identity",
					"chart_of_two_people",
					casefile_id=incoming.casefile_id,
					reference=("Client Stay", incoming.stay_name),
				)

		superseded = [
			holder
			for holder in holders
			if holder.chart_id in people and holder.client != people[holder.chart_id].client_name
		]
		self._supersede(superseded, outcomes)

	def _supersede(self, holders: Sequence[ChartHolder], outcomes: Outcomes) -> None:
		listed = {casefile for casefile, _outcome in outcomes.records}
		left = [
			holder
			for holder in holders
			if holder.status not in GONE
			and holder.casefile_id not in listed
			and not self._run.tally.has_counted(holder.casefile_id)
		]
		if not left:
			return
		deactivated, failures = mark_superseded(left, self._store, self._source)
		outcomes.deactivated += deactivated
		failed = {person.client.name: type(error).__name__ for person, error in failures}
		for holder in left:
			if holder.client in failed:
				self._fail(RecordFailure(holder.casefile_id, failed[holder.client], "status", True), outcomes)
			else:
				outcomes.records.append((holder.casefile_id, "updated"))

	def _watch_drift(self, raws: Sequence[RawRecord]) -> None:
		"""Fields that are new, gone or of another kind, by the first record of a page with changes. Names only."""
		found = drift(raws[0])
		for kind in ("unknown", "vanished", "retyped"):
			for field in sorted(getattr(found, kind)):
				known = self._run.drift.setdefault(kind, [])
				if field not in known:
					known.append(field)
					self._issues.raise_("Drift", kind, field=field)


def failure_of(error: RecordError) -> RecordFailure:
	"""A record, or a field of it, that can't be read."""
	return RecordFailure(error.casefile_id, error.code, error.field, error.retryable)
