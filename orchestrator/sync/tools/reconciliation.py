"""Clients in care in Kipu compared with those on this site: read now, compared, never stored.

Records that the caller may not see have no effect: stays that they may not read, and people at facilities
that they are not permitted, are left out.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

import frappe

from orchestrator.doctypes import CLIENT_STAY
from orchestrator.sync import connection as connections
from orchestrator.sync.kipu.pages import RawRecord, ReadCounts
from orchestrator.sync.kipu.records import RecordError
from orchestrator.sync.merge.fingerprints import ParsedRecord, fingerprint_record, parse_fingerprinted
from orchestrator.sync.tools.visibility import can_access_facility

Kind = Literal["missing here", "missing at Kipu", "differs", "unreadable"]

IN_CARE_STATUSES = ("Active", "Pre-Admission")
COMPARED_FIELDS = ("status", "facility", "admission_date", "discharge_date")
BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class Difference:
	"""One difference. `here` and `there` are the two values of `field`, if a single field differs."""

	kind: Kind
	casefile_id: str
	stay: str | None = None
	client: str | None = None
	facility: str | None = None
	field: str = ""
	here: Any = dataclasses.field(default=None, repr=False)
	there: Any = dataclasses.field(default=None, repr=False)


@dataclass(slots=True)
class Reconciliation:
	"""The result of a reconciliation.

	`complete` is False if Kipu's own count shows that records were missed: a client who seems to be missing
	in Kipu may not be. `seen` has the stays of all records, the unreadable and left out ones too.
	"""

	read: int = 0
	complete: bool = False
	seen: set[str] = dataclasses.field(default_factory=set, repr=False)
	differences: list[Difference] = dataclasses.field(default_factory=list, repr=False)


def build_reconciliation(connection: str) -> Reconciliation:
	"""Read the census and compare. Raises a SyncError if Kipu fails, InvalidSettingsError for invalid
	settings.
	"""
	result = Reconciliation()
	census = _read_census(connection, result)
	names = _list_stay_names(connection, census)
	stays = _filter_readable(names)
	hidden = set(names) - stays.keys()
	for name, incoming in census.items():
		if name in stays:
			result.differences += _compare_stay(stays[name], incoming)
		elif name not in hidden and can_access_facility(incoming.derived["facility"]):
			result.differences.append(_build_missing_here(incoming))
	result.differences += [
		_build_missing_in_kipu(stay)
		for name, stay in stays.items()
		if name not in result.seen and stay.status in IN_CARE_STATUSES
	]
	return result


def _read_census(connection: str, result: Reconciliation) -> Mapping[str, ParsedRecord]:
	"""Return the clients in care in Kipu, by the name of the stay on this site. Counts the records in
	`result`.
	"""
	source = connections.get_source(connection)
	client, session = connections.open_client(connection)
	at, tally = datetime.now(timezone.utc), ReadCounts()
	parsed: dict[str, ParsedRecord] = {}
	try:
		for page in client.list_census():
			tally.add_page(page)
			for raw in page.records:
				if incoming := _parse_record(raw, source, at, result):
					parsed[incoming.stay_name] = incoming
	finally:
		session.close()
	result.read, result.complete = tally.records, tally.is_complete
	return parsed


def _parse_record(
	raw: RawRecord, source: connections.Source, at: datetime, result: Reconciliation
) -> ParsedRecord | None:
	"""Return a record, unless the connection skips it or it is unreadable, which is a difference of its own."""
	try:
		seen = fingerprint_record(raw, source)
		result.seen.add(seen.stay_name)
		return parse_fingerprinted(seen, source, at)
	except RecordError as error:
		result.differences.append(Difference("unreadable", error.casefile_id, field=error.field))
	return None


def _list_stay_names(connection: str, census: Mapping[str, ParsedRecord]) -> list[str]:
	"""Return names of the stays to compare, regardless of permissions: those in care on this site and those
	in care in Kipu.
	"""
	in_care = frappe.get_all(
		CLIENT_STAY, {"connection": connection, "status": ("in", IN_CARE_STATUSES)}, pluck="name"
	)
	others = list(census.keys() - in_care)
	known = [
		name
		for chunk in _split_batches(others)
		for name in frappe.get_all(CLIENT_STAY, {"name": ("in", chunk)}, pluck="name")
	]
	return in_care + known


def _filter_readable(names: list[str]) -> dict[str, frappe._dict]:
	"""Return those of the stays that the caller may read."""
	fields = ["name", "client", "casefile_id", *COMPARED_FIELDS]
	return {
		row.name: row
		for chunk in _split_batches(names)
		for row in frappe.get_list(
			CLIENT_STAY, filters={"name": ("in", chunk)}, fields=fields, limit_page_length=0
		)
	}


def _compare_stay(stay: frappe._dict, incoming: ParsedRecord) -> Iterator[Difference]:
	there = {**incoming.mapped.stay, **incoming.derived}
	for name in COMPARED_FIELDS:
		if name in there and name not in incoming.uncertain and (stay[name] or None) != (there[name] or None):
			yield Difference(
				"differs",
				stay.casefile_id,
				stay.name,
				stay.client,
				stay.facility,
				name,
				stay[name],
				there[name],
			)


def _build_missing_here(incoming: ParsedRecord) -> Difference:
	return Difference("missing here", incoming.casefile_id, facility=incoming.derived["facility"])


def _build_missing_in_kipu(stay: frappe._dict) -> Difference:
	return Difference("missing at Kipu", stay.casefile_id, stay.name, stay.client, stay.facility)


def _split_batches(names: list[str]) -> Iterator[list[str]]:
	return (names[start : start + BATCH_SIZE] for start in range(0, len(names), BATCH_SIZE))
