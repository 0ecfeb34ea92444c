"""A page of records brought into the store: read, compared, written. Commits nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone

import frappe

from orchestrator.sync import places
from orchestrator.sync.connection import Source
from orchestrator.sync.decide import Person, Verdict, decide
from orchestrator.sync.incoming import Incoming, Seeing, Seen, see_all
from orchestrator.sync.issues import Issues
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError, drift
from orchestrator.sync.runs import Run
from orchestrator.sync.store import Store
from orchestrator.sync.tally import Outcomes, RecordFailure


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
			elif writer != self._run.name:
				outcomes.records.append((each.casefile_id, "skipped"))
		return fresh

	def _read(self, seen: Sequence[Seen], outcomes: Outcomes) -> list[Incoming]:
		at = datetime.now(timezone.utc)
		incomings = []
		for each in seen:
			try:
				incoming = each.read(self._source, at)
			except RecordError as error:
				self._fail(failure_of(error), outcomes)
				continue
			if incoming is None:
				outcomes.records.append((each.casefile_id, "skipped"))
			else:
				incomings.append(incoming)
		return incomings

	def _take(self, incomings: Sequence[Incoming], outcomes: Outcomes) -> None:
		groups: dict[str, list[Incoming]] = {}
		for incoming in incomings:
			groups.setdefault(incoming.client_name, []).append(incoming)
		persons = self._store.persons(list(groups))
		verdicts = {name: decide(persons[name], group, self._source) for name, group in groups.items()}
		# Asked before they are written: the answer is shorter.
		charts = self._charts([each.incoming for all_ in verdicts.values() for each in all_ if _is_new(each)])
		failures = {person.client.name: error for person, error in self._store.write(persons.values())}
		for name, error in failures.items():
			if len(groups[name]) > 1:
				# One of a person's records may be at fault: each on its own.
				for incoming in groups[name]:
					self._take([incoming], outcomes)
			else:
				failure = RecordFailure(groups[name][0].casefile_id, type(error).__name__, "", True)
				self._fail(failure, outcomes)
		written = [each for name, all_ in verdicts.items() if name not in failures for each in all_]
		self._count(written, persons, outcomes)
		self._watch_charts([each.incoming for each in written if _is_new(each)], charts)

	def _count(self, verdicts: Iterable[Verdict], persons: Mapping[str, Person], outcomes: Outcomes) -> None:
		for verdict in verdicts:
			incoming = verdict.incoming
			outcomes.records.append((incoming.casefile_id, verdict.outcome))
			outcomes.departures += verdict.departed
			outcomes.changed_fields.update(set(verdict.changed_fields))
			if verdict.blanked_fields:
				outcomes.blanked_fields.update(self._lost(verdict, persons[incoming.client_name]))
			for doctype, name, field in verdict.reviews:
				self._issues.raise_("Conflict", "both_changed", field=field, reference=(doctype, name))
		self._issues.taken(casefile for casefile, _outcome in outcomes.records)

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

	def _charts(self, incomings: Sequence[Incoming]) -> list[tuple[str, str]]:
		"""Chart number and client of the stays here that have the chart numbers of these."""
		if not incomings:
			return []
		charts = tuple({str(incoming.stay.chart_id) for incoming in incomings})
		rows = frappe.db.sql(
			"select chart_id, client from `tabClient Stay` where connection=%(connection)s and chart_id in %(charts)s",
			{"connection": self._source.name, "charts": charts},
		)
		return [(chart, client) for chart, client in rows]

	def _watch_charts(self, incomings: Sequence[Incoming], charts: Iterable[tuple[str, str]]) -> None:
		"""One chart number with two people: somebody has to look. Nothing is merged."""
		people = {str(incoming.stay.chart_id): incoming for incoming in incomings}
		new = [(str(incoming.stay.chart_id), incoming.client_name) for incoming in incomings]
		for chart, client in (*charts, *new):
			incoming = people.get(chart)
			if incoming and client != incoming.client_name:
				self._issues.raise_(
					"Identity",
					"chart_of_two_people",
					casefile_id=incoming.casefile_id,
					reference=("Client Stay", incoming.stay_name),
				)

	def _watch_drift(self, raws: Sequence[RawRecord]) -> None:
		"""Fields that are new, gone or of another kind, by the first record of a page with changes. Names only."""
		found = drift(raws[0])
		for kind in ("unknown", "vanished", "retyped"):
			for field in sorted(getattr(found, kind)):
				known = self._run.drift.setdefault(kind, [])
				if field not in known:
					known.append(field)
					self._issues.raise_("Drift", kind, field=field)


def _is_new(verdict: Verdict) -> bool:
	return verdict.outcome == "imported"


def failure_of(error: RecordError) -> RecordFailure:
	"""A record that can't be read."""
	return RecordFailure(error.casefile_id, error.code, error.field, error.retryable)
