"""Deactivate stays and clients that no list of Kipu reports: discharges that come due, deleted and absent stays,
and clients whose last stay has ended.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import islice

import frappe

from orchestrator import clock
from orchestrator.sync.errors import AccessDeniedError, RecordNotFoundError, RouteDisabledError
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError, compute_status, split_casefile
from orchestrator.sync.kipu.values import clean_instant
from orchestrator.sync.merge.fingerprints import to_site_time
from orchestrator.sync.merge.identity import build_stay_name
from orchestrator.sync.merge.three_way import (
	IN_CARE_STATUSES,
	REMOVED_STATUSES,
	Person,
	Record,
	update_client_status,
)
from orchestrator.sync.runs.context import Checkpoint, RunContext
from orchestrator.sync.runs.counts import PageOutcomes, RecordFailure, Relisted
from orchestrator.sync.storage.store import StayRow

BATCH_SIZE = 100
LOOKUP_BATCH_SIZE = 10  # requests within one transaction


def apply_planned_discharges(work: RunContext) -> PageOutcomes:
	"""Discharge the stays whose planned time has come."""
	rows = frappe.db.sql(
		"select name, client, casefile_id from `tabClient Stay`"
		" where connection=%s and status='Active' and discharged_at <= %s",
		(work.source.name, clock.get_now()),
	)
	return _update_stays(work, rows, _mark_discharged, departing=False)


def mark_deleted(work: RunContext, records: Sequence[RawRecord]) -> PageOutcomes:
	"""Mark existing records that are in the vault as deleted. New ones are not created for it."""
	stamps: dict[str, datetime] = {}
	for record in records:
		try:
			casefile, _chart, _person = split_casefile(record.get("casefile_id"))
		except RecordError:
			continue
		name = build_stay_name(work.source.name, casefile)
		stamps[name] = _parse_deleted_at(record, work)
		work.relisted.pop(name, None)
	known = _find_stays(stamps, work)

	def delete(stay: Record) -> None:
		stay.set_value("status", "Deleted")
		stay.set_value("deleted_at", stamps[stay.name])

	return _update_stays(work, known, delete, departing=True)


def verify_missing(work: RunContext, present: Collection[str]) -> None:
	"""Look up the clients in care who are in no list, one by one. Only after a complete census."""
	absent = [
		row for row in work.store.list_in_care() if row[0] not in present and not _is_left_out(row[3], work)
	]
	if not absent:
		return
	if len(absent) > work.limit:
		work.check_deactivations(len(absent))
	checkpoint = {**work.run.checkpoint, "phase": "census"}
	rows = iter(absent)
	while some := list(islice(rows, LOOKUP_BATCH_SIZE)):
		work.run_in_transaction(partial(_fetch_missing, work, some), checkpoint)


def restore_relisted_stays(work: RunContext, checkpoint: Checkpoint) -> None:
	"""Restore deleted stays that Kipu lists and that are not in its vault."""
	rows = iter(list(work.relisted.items()))
	while some := dict(islice(rows, BATCH_SIZE)):
		work.run_in_transaction(partial(_restore_batch, work, some), checkpoint)
	work.relisted.clear()


def _restore_batch(work: RunContext, relisted: dict[str, Relisted]) -> PageOutcomes:
	now = clock.get_now()

	def restore(stay: Record) -> None:
		admitted, discharged = stay.row.get("admitted_at"), stay.row.get("discharged_at")
		stay.set_value("status", compute_status(admitted, discharged, now))
		stay.set_value("deleted_at", None)
		if content := relisted[stay.name].content:
			stay.remember_hash(content)

	rows = [(name, each.client, each.casefile_id) for name, each in relisted.items()]
	return _update_stays(work, rows, restore, departing=False)


def finalize_discharges(work: RunContext, checkpoint: Checkpoint) -> None:
	"""Discharge clients who are in care but without a stay in care."""
	clients = frappe.db.sql_list(
		"select name from `tabClient` client where connection=%s and status in %s and not exists ("
		" select 1 from `tabClient Stay` stay where stay.client=client.name and stay.status in %s)",
		(work.source.name, tuple(IN_CARE_STATUSES), tuple(IN_CARE_STATUSES)),
	)
	names = iter(clients)
	while some := list(islice(names, BATCH_SIZE)):
		work.run_in_transaction(partial(_finalize_batch, work, some), checkpoint)
	if not clients:
		work.run_in_transaction(PageOutcomes, checkpoint)


def _finalize_batch(work: RunContext, clients: Sequence[str]) -> PageOutcomes:
	work.open_savepoint()
	persons = work.store.get_persons(clients)
	for person in persons.values():
		update_client_status(person, work.source, allow_discharge=True)
	outcomes = PageOutcomes()
	_add_failures(work, work.store.write(persons.values()), {}, outcomes)
	return outcomes


def _fetch_missing(work: RunContext, rows: Iterable[StayRow]) -> PageOutcomes:
	"""Return Kipu's record of each: a missed discharge, or None."""
	outcomes = PageOutcomes()
	absent = []
	# All requests come before the first write: a long wait renews the lease by a commit, and must hold no locks.
	replies = [(row, _fetch_record(work, row[2])) for row in rows]
	for (name, client, casefile, _location), records in replies:
		if records is None or casefile not in _list_casefiles(records):
			absent.append((name, client, casefile))
		if records:
			_merge_outcomes(outcomes, work.applier.apply(records))
	_merge_outcomes(outcomes, _update_stays(work, absent, _mark_absent, departing=True))
	return outcomes


def _list_casefiles(records: Iterable[RawRecord]) -> set[str]:
	"""Return the casefile IDs of records. One requested by its chart may belong to another person."""
	casefiles = set()
	for record in records:
		with suppress(RecordError):
			casefiles.add(split_casefile(record.get("casefile_id"))[0])
	return casefiles


def _fetch_record(work: RunContext, casefile: str) -> list[RawRecord] | None:
	"""Return the record, or None if Kipu has no such record or does not return it."""
	try:
		return next(work.client.get_patient(casefile)).records
	except RecordNotFoundError:
		return None
	except (RouteDisabledError, AccessDeniedError):
		work.run.add_note(
			"patients/{id}: not available, so clients missing from the census could not be checked"
		)
		return None


def _mark_discharged(stay: Record) -> None:
	stay.set_value("status", "Discharged")


def _mark_absent(stay: Record) -> None:
	stay.set_value("status", "Absent")
	stay.set_value("absent_since", clock.get_now_to_second())


def _update_stays(
	work: RunContext,
	rows: Iterable[tuple[str, str, str]],
	change: Callable[[Record], None],
	*,
	departing: bool,
) -> PageOutcomes:
	"""Update stays by name, each with its client."""
	outcomes = PageOutcomes()
	casefiles = {name: (client, casefile) for name, client, casefile in rows}
	if not casefiles:
		return outcomes
	work.open_savepoint()
	persons = work.store.get_persons(list(dict.fromkeys(client for client, _casefile in casefiles.values())))
	for name, (client, casefile) in casefiles.items():
		stay = persons[client].stays[name]
		in_care = stay.row.get("status") in IN_CARE_STATUSES
		change(stay)
		if stay.changed:
			if stay.row.get("status") in REMOVED_STATUSES:
				stay.clear_hashes()
			outcomes.records.append((casefile, "updated"))
			outcomes.changed_fields.update(f"Client Stay.{field}" for field in stay.before)
			outcomes.deactivated += departing and in_care
	for person in persons.values():
		update_client_status(person, work.source, allow_discharge=False)
	_add_failures(work, work.store.write(persons.values()), casefiles, outcomes)
	return outcomes


def _add_failures(
	work: RunContext,
	failures: Iterable[tuple[Person, Exception]],
	casefiles: dict[str, tuple[str, str]],
	outcomes: PageOutcomes,
) -> None:
	for person, error in failures:
		for stay in person.stays.values():
			if stay.name in casefiles or (not casefiles and stay.row.get("casefile_id")):
				casefile = str(stay.row.get("casefile_id"))
				failure = RecordFailure(casefile, type(error).__name__, "status", True)
				outcomes.failures.append(failure)
				outcomes.records = [each for each in outcomes.records if each[0] != casefile]
				work.issues.record_failure(failure)


def _find_stays(names: Collection[str], work: RunContext) -> list[tuple[str, str, str]]:
	if not names:
		return []
	rows = frappe.db.sql(
		"select name, client, casefile_id, status from `tabClient Stay` where name in %s", (tuple(names),)
	)
	existing = {row[0]: row for row in rows}
	existing.update(work.store.list_unsaved_stays(names))
	return [row[:3] for row in existing.values() if row[3] != "Deleted"]


def _parse_deleted_at(record: RawRecord, work: RunContext) -> datetime:
	for field in ("deleted_at", "last_updated_at"):
		moment = clean_instant(record.get(field), work.source.zones.default)
		if isinstance(moment, datetime):
			local = to_site_time(moment, work.source)
			if local:
				return local
	return clock.get_now_to_second()


def _is_left_out(location_id: str | None, work: RunContext) -> bool:
	mapped_facility = work.source.facilities_by_location.get(location_id or "")
	return bool(mapped_facility and not mapped_facility.enabled)


def _merge_outcomes(outcomes: PageOutcomes, more: PageOutcomes) -> None:
	outcomes.records += more.records
	outcomes.failures += more.failures
	outcomes.changed_fields.update(more.changed_fields)
	outcomes.blanked_fields.update(more.blanked_fields)
	outcomes.deactivated += more.deactivated
	outcomes.relisted.update(more.relisted)
