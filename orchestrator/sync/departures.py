"""Who is not in care any more though no list of Kipu's says so in so many words: discharges that come due, the deleted,
the absent, and those whose last stay has ended."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice

import frappe
from frappe.utils import now_datetime

from orchestrator.sync.decide import GONE, IN_CARE, Person, Record, settle
from orchestrator.sync.errors import AccessDeniedError, RecordNotFoundError, RouteDisabledError
from orchestrator.sync.identity import stay_name
from orchestrator.sync.incoming import local_time
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError, split_casefile, status_at
from orchestrator.sync.kipu.values import clean_instant
from orchestrator.sync.store import StayRow
from orchestrator.sync.tally import Outcomes, RecordFailure, Relisted
from orchestrator.sync.work import Mark, Work

AT_ONCE = 100
LOOKED_UP_AT_ONCE = 10  # a request each, within one transaction


def take_due(work: Work) -> Outcomes:
	"""Discharge the stays whose planned moment has come."""
	rows = frappe.db.sql(
		"select name, client, casefile_id from `tabClient Stay`"
		" where connection=%s and status='Active' and discharged_at <= %s",
		(work.source.name, now_datetime()),
	)
	return _change(work, rows, _discharge, departing=False)


def take_deleted(work: Work, records: Sequence[RawRecord]) -> Outcomes:
	"""Mark as deleted those of the vault's records that are here. Who was never here is not made for it."""
	stamps: dict[str, datetime] = {}
	for record in records:
		try:
			casefile, _chart, _person = split_casefile(record.get("casefile_id"))
		except RecordError:
			continue
		name = stay_name(work.source.name, casefile)
		stamps[name] = _deleted_at(record, work)
		work.relisted.pop(name, None)
	known = _stays_here(stamps, work)

	def delete(stay: Record) -> None:
		stay.set("status", "Deleted")
		stay.set("deleted_at", stamps[stay.name])

	return _change(work, known, delete, departing=True)


def sweep(work: Work, present: Collection[str]) -> None:
	"""Look up one by one who should be in care and is in no list. Only after a complete census."""
	absent = [row for row in work.store.in_care() if row[0] not in present and not _is_left_out(row[3], work)]
	if not absent:
		return
	if len(absent) > work.limit:
		work.check_departures(len(absent))
	mark = {**work.run.checkpoint, "phase": "census"}
	rows = iter(absent)
	while some := list(islice(rows, LOOKED_UP_AT_ONCE)):
		work.take(lambda some=some: _look_up(work, some), mark)  # type: ignore[misc]


def restore_relisted(work: Work, mark: Mark) -> None:
	"""Bring back the stays that are deleted here, that Kipu lists and that are not in its vault."""
	rows = iter(list(work.relisted.items()))
	while some := dict(islice(rows, AT_ONCE)):
		work.take(lambda some=some: _restore(work, some), mark)  # type: ignore[misc]
	work.relisted.clear()


def _restore(work: Work, relisted: dict[str, Relisted]) -> Outcomes:
	now = now_datetime()

	def restore(stay: Record) -> None:
		admitted, discharged = stay.row.get("admitted_at"), stay.row.get("discharged_at")
		stay.set("status", status_at(admitted, discharged, now))
		stay.set("deleted_at", None)
		if content := relisted[stay.name].content:
			stay.knows(content)

	rows = [(name, each.client, each.casefile_id) for name, each in relisted.items()]
	return _change(work, rows, restore, departing=False)


def settle_all(work: Work, mark: Mark) -> None:
	"""Those who are in care by their own record and by none of their stays leave it now."""
	clients = frappe.db.sql_list(
		"select name from `tabClient` client where connection=%s and status in %s and not exists ("
		" select 1 from `tabClient Stay` stay where stay.client=client.name and stay.status in %s)",
		(work.source.name, tuple(IN_CARE), tuple(IN_CARE)),
	)
	names = iter(clients)
	while some := list(islice(names, AT_ONCE)):
		work.take(lambda some=some: _settle_some(work, some), mark)  # type: ignore[misc]
	if not clients:
		work.take(Outcomes, mark)


def _settle_some(work: Work, clients: Sequence[str]) -> Outcomes:
	work.secure()
	persons = work.store.persons(clients)
	for person in persons.values():
		settle(person, work.source, final=True)
	outcomes = Outcomes()
	_report_failures(work, work.store.write(persons.values()), {}, outcomes)
	return outcomes


def _look_up(work: Work, rows: Iterable[StayRow]) -> Outcomes:
	"""What Kipu says of each: a discharge that was missed, or nothing any more."""
	outcomes = Outcomes()
	gone = []
	# All are asked before the first is written: a long wait for Kipu keeps the lease by a commit, and locks nobody out.
	answers = [(row, _fetch(work, row[2])) for row in rows]
	for (name, client, casefile, _location), records in answers:
		if records is None or casefile not in _casefiles_of(records):
			gone.append((name, client, casefile))
		if records:
			_add(outcomes, work.applier.apply(records))
	_add(outcomes, _change(work, gone, _lose, departing=True))
	return outcomes


def _casefiles_of(records: Iterable[RawRecord]) -> set[str]:
	"""The casefile ids of records. One asked for by its chart may come under another person."""
	casefiles = set()
	for record in records:
		with suppress(RecordError):
			casefiles.add(split_casefile(record.get("casefile_id"))[0])
	return casefiles


def _fetch(work: Work, casefile: str) -> list[RawRecord] | None:
	"""The record, or None if Kipu has it no more, or does not tell."""
	try:
		return next(work.client.patient(casefile)).records
	except RecordNotFoundError:
		return None
	except (RouteDisabledError, AccessDeniedError):
		work.run.note("patients/{id}: not available, so clients missing from the census could not be checked")
		return None


def _discharge(stay: Record) -> None:
	stay.set("status", "Discharged")


def _lose(stay: Record) -> None:
	stay.set("status", "Absent")
	stay.set("absent_since", now_datetime().replace(microsecond=0))


def _change(
	work: Work, rows: Iterable[tuple[str, str, str]], change: Callable[[Record], None], *, departing: bool
) -> Outcomes:
	"""Change stays by name, each with its client."""
	outcomes = Outcomes()
	wanted = {name: (client, casefile) for name, client, casefile in rows}
	if not wanted:
		return outcomes
	work.secure()
	persons = work.store.persons(list(dict.fromkeys(client for client, _casefile in wanted.values())))
	for name, (client, casefile) in wanted.items():
		stay = persons[client].stays[name]
		in_care = stay.row.get("status") in IN_CARE
		change(stay)
		if stay.changed:
			if stay.row.get("status") in GONE:
				stay.forget_content()
			outcomes.records.append((casefile, "updated"))
			outcomes.changed_fields.update(f"Client Stay.{field}" for field in stay.before)
			outcomes.deactivated += departing and in_care
	for person in persons.values():
		settle(person, work.source, final=False)
	_report_failures(work, work.store.write(persons.values()), wanted, outcomes)
	return outcomes


def _report_failures(
	work: Work,
	failures: Iterable[tuple[Person, Exception]],
	wanted: dict[str, tuple[str, str]],
	outcomes: Outcomes,
) -> None:
	for person, error in failures:
		for stay in person.stays.values():
			if stay.name in wanted or (not wanted and stay.row.get("casefile_id")):
				casefile = str(stay.row.get("casefile_id"))
				failure = RecordFailure(casefile, type(error).__name__, "status", True)
				outcomes.failures.append(failure)
				outcomes.records = [each for each in outcomes.records if each[0] != casefile]
				work.issues.fail(failure)


def _stays_here(names: Collection[str], work: Work) -> list[tuple[str, str, str]]:
	if not names:
		return []
	rows = frappe.db.sql(
		"select name, client, casefile_id, status from `tabClient Stay` where name in %s", (tuple(names),)
	)
	here = {row[0]: row for row in rows}
	here.update(work.store.written(names))
	return [row[:3] for row in here.values() if row[3] != "Deleted"]


def _deleted_at(record: RawRecord, work: Work) -> datetime:
	for field in ("deleted_at", "last_updated_at"):
		moment = clean_instant(record.get(field), work.source.zones.default)
		if isinstance(moment, datetime):
			local = local_time(moment, work.source)
			if local:
				return local
	return now_datetime().replace(microsecond=0)


def _is_left_out(location_id: str | None, work: Work) -> bool:
	place = work.source.places.get(location_id or "")
	return bool(place and not place.enabled)


def _add(outcomes: Outcomes, more: Outcomes) -> None:
	outcomes.records += more.records
	outcomes.failures += more.failures
	outcomes.changed_fields.update(more.changed_fields)
	outcomes.blanked_fields.update(more.blanked_fields)
	outcomes.deactivated += more.deactivated
	outcomes.relisted.update(more.relisted)
