"""Issues taken up once more: records that could not be taken are read anew, of conflicts Kipu's value is taken."""

from datetime import datetime, timezone

import frappe
from frappe.utils import now_datetime

from orchestrator.sync import issues
from orchestrator.sync.decide import Person, settle
from orchestrator.sync.errors import RecordNotFoundError
from orchestrator.sync.incoming import Incoming, read_record, see
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import UNKNOWN_CASEFILE, RecordError
from orchestrator.sync.tally import Outcomes
from orchestrator.sync.work import Work


def retry(work: Work) -> None:
	"""Take up each issue, record by record. One that Kipu has no more is resolved with that."""
	rows = frappe.get_all(  # chosen by whoever may
		issues.DOCTYPE,
		filters={
			"name": ("in", work.run.checkpoint["issues"]),
			"status": "Open",
			"kind": ("in", ("Record", "Conflict")),
		},
		fields=["name", "kind", "casefile_id", "reference_doctype", "reference_name", "field"],
	)
	of_casefile: dict[str, list[frappe._dict]] = {}
	for row in rows:
		of_casefile.setdefault(_casefile_of(row) or UNKNOWN_CASEFILE, []).append(row)
	of_casefile.pop(UNKNOWN_CASEFILE, None)  # of a record without an identity there is nothing to ask for
	for casefile, its_issues in of_casefile.items():
		work.take(lambda casefile=casefile, rows=its_issues: _once(work, casefile, rows), work.run.checkpoint)  # type: ignore[misc]


def _casefile_of(row: frappe._dict) -> str | None:
	if row.kind == "Record":
		return row.casefile_id
	key = "name" if row.reference_doctype == "Client Stay" else "client"
	# Of a person's stays, the latest tells most of the person.
	return frappe.db.get_value(
		"Client Stay", {key: row.reference_name}, "casefile_id", order_by="admitted_at desc"
	)


def _once(work: Work, casefile: str, rows: list[frappe._dict]) -> Outcomes:
	try:
		page = next(work.client.patient(casefile))
	except RecordNotFoundError:
		work.issues.resolve_record(casefile)
		return Outcomes()
	work.count(page)
	outcomes = work.applier.apply(page.records)
	if conflicts := [row for row in rows if row.kind == "Conflict"]:
		_take_kipus(work, page.records[0], conflicts, outcomes)
	_count_attempts(work, [row.name for row in rows if row.kind == "Record"])
	return outcomes


def _take_kipus(work: Work, raw: RawRecord, conflicts: list[frappe._dict], outcomes: Outcomes) -> None:
	"""Somebody has looked at a conflict and found for Kipu."""
	try:
		incoming = read_record(see(raw, work.source), work.source, datetime.now(timezone.utc))
	except RecordError:
		return  # told as what it is by the applier
	if incoming is None:
		return
	work.secure()
	(person,) = work.store.persons([incoming.client_name]).values()
	_overrule(person, incoming, {(row.reference_name, row.field) for row in conflicts})
	settle(person, work.source, final=False)
	if any(record.changed for record in person.records):
		outcomes.records.append((incoming.casefile_id, "updated"))
	if not work.store.write([person]):
		for row in conflicts:
			issues.close(row.name, "Resolved")


def _overrule(person: Person, incoming: Incoming, fields: set[tuple[str, str]]) -> None:
	"""Set these fields, each by its record's name, to what Kipu says."""
	values = {person.client.name: incoming.mapped.client, incoming.stay_name: incoming.mapped.stay}
	for record in person.records:
		for name, value in values.get(record.name, {}).items():
			if (record.name, name) in fields:
				record.set(name, value)


def _count_attempts(work: Work, names: list[str]) -> None:
	still = frappe.get_all(
		issues.DOCTYPE,
		filters={"name": ("in", names or [""]), "status": "Open"},
		fields=["name", "attempts"],
	)
	for row in still:
		values = {"attempts": (row.attempts or 0) + 1, "last_seen": now_datetime(), "sync_run": work.run.name}
		frappe.db.set_value(issues.DOCTYPE, row.name, values, update_modified=False)
