"""Retry Sync Issues: failed records are fetched again, reviewed conflicts get Kipu's value."""

from datetime import datetime, timezone
from functools import partial

import frappe

from orchestrator import clock
from orchestrator.doctypes import CLIENT_STAY, SYNC_ISSUE
from orchestrator.sync.errors import RecordNotFoundError
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import UNKNOWN_CASEFILE, RecordError
from orchestrator.sync.merge.fingerprints import ParsedRecord, fingerprint_record, parse_fingerprinted
from orchestrator.sync.merge.three_way import Person, update_client_status
from orchestrator.sync.runs import issues
from orchestrator.sync.runs.context import RunContext
from orchestrator.sync.runs.counts import PageOutcomes


def retry(work: RunContext) -> None:
	"""Retry the issues, record by record. Issues of records that Kipu does not have any more are resolved."""
	rows = frappe.get_all(  # permissions were checked by the caller
		SYNC_ISSUE,
		filters={
			"name": ("in", work.run.checkpoint["issues"]),
			"status": "Open",
			"kind": ("in", ("Record", "Conflict")),
		},
		fields=["name", "kind", "casefile_id", "reference_doctype", "reference_name", "field"],
	)
	of_casefile: dict[str, list[frappe._dict]] = {}
	for row in rows:
		of_casefile.setdefault(_get_casefile(row) or UNKNOWN_CASEFILE, []).append(row)
	of_casefile.pop(UNKNOWN_CASEFILE, None)  # a record without an identity cannot be requested
	for casefile, its_issues in of_casefile.items():
		work.run_in_transaction(partial(_retry_record, work, casefile, its_issues), work.run.checkpoint)


def _get_casefile(row: frappe._dict) -> str | None:
	if row.kind == "Record":
		return row.casefile_id
	key = "name" if row.reference_doctype == CLIENT_STAY else "client"
	# The latest stay of a person has the most complete data.
	return frappe.db.get_value(
		CLIENT_STAY, {key: row.reference_name}, "casefile_id", order_by="admitted_at desc"
	)


def _retry_record(work: RunContext, casefile: str, rows: list[frappe._dict]) -> PageOutcomes:
	try:
		page = next(work.client.get_patient(casefile))
	except RecordNotFoundError:
		work.issues.resolve_record(casefile)
		return PageOutcomes()
	work.count_page(page)
	outcomes = work.applier.apply(page.records)
	if conflicts := [row for row in rows if row.kind == "Conflict"]:
		_resolve_with_source_value(work, page.records[0], conflicts, outcomes)
	_increment_attempts(work, [row.name for row in rows if row.kind == "Record"])
	return outcomes


def _resolve_with_source_value(
	work: RunContext, raw: RawRecord, conflicts: list[frappe._dict], outcomes: PageOutcomes
) -> None:
	"""Resolve reviewed conflicts with Kipu's value."""
	try:
		incoming = parse_fingerprinted(
			fingerprint_record(raw, work.source), work.source, datetime.now(timezone.utc)
		)
	except RecordError:
		return  # the applier reports it
	if incoming is None:
		return
	work.open_savepoint()
	(person,) = work.store.get_persons([incoming.client_name]).values()
	_apply_source_values(person, incoming, {(row.reference_name, row.field) for row in conflicts})
	update_client_status(person, work.source, allow_discharge=False)
	if any(record.changed for record in person.records):
		outcomes.records.append((incoming.casefile_id, "updated"))
	if not work.store.write([person]):
		for row in conflicts:
			issues.close_issue(row.name, "Resolved")


def _apply_source_values(person: Person, incoming: ParsedRecord, fields: set[tuple[str, str]]) -> None:
	"""Set these fields, each by its record's name, to Kipu's values."""
	values = {person.client.name: incoming.mapped.client, incoming.stay_name: incoming.mapped.stay}
	for record in person.records:
		for name, value in values.get(record.name, {}).items():
			if (record.name, name) in fields:
				record.set_value(name, value)


def _increment_attempts(work: RunContext, names: list[str]) -> None:
	still = frappe.get_all(
		SYNC_ISSUE,
		filters={"name": ("in", names or [""]), "status": "Open"},
		fields=["name", "attempts"],
	)
	for row in still:
		values = {
			"attempts": (row.attempts or 0) + 1,
			"last_seen": clock.get_now(),
			"sync_run": work.run.name,
		}
		frappe.db.set_value(SYNC_ISSUE, row.name, values, update_modified=False)
