"""Records of Kipu to try the mapping with: their casefile IDs, as the caller may see them."""

from collections.abc import Iterable
from datetime import datetime, timezone

import frappe

from orchestrator.doctypes import CLIENT
from orchestrator.sync import connection as connections
from orchestrator.sync.connection import Source
from orchestrator.sync.kipu.client import KipuClient
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError
from orchestrator.sync.merge.fingerprints import ParsedRecord, fingerprint_record, parse_fingerprinted
from orchestrator.sync.storage.store import get_persons
from orchestrator.sync.tools.single_calls import fetch_records
from orchestrator.sync.tools.visibility import can_access_facility

MAX_SAMPLES = 10


def list_visible_samples(connection: str) -> list[ParsedRecord]:
	"""Return up to ten records on the first page of the census that the caller may see, of as many facilities and
	statuses as possible.

	Raises ValidationError (422) if Kipu gives no usable answer.
	"""
	source = connections.get_source(connection)
	parsed = [
		record
		for record in _parse_records(fetch_records(connection, _read_census), source)
		if can_access_facility(record.derived["facility"])
	]
	persons = get_persons(source, [record.client_name for record in parsed])
	samples: list[ParsedRecord] = []
	for record in _alternate_kinds(parsed):
		client = persons[record.client_name].client
		if client.new or frappe.has_permission(CLIENT, doc=client.name):
			samples.append(record)
		if len(samples) == MAX_SAMPLES:
			break
	return samples


def _read_census(client: KipuClient) -> list[RawRecord]:
	return next(client.list_census()).records


def _parse_records(records: Iterable[RawRecord], source: Source) -> list[ParsedRecord]:
	"""Return the records that a run would import."""
	at = datetime.now(timezone.utc)
	parsed: list[ParsedRecord] = []
	for raw in records:
		try:
			record = parse_fingerprinted(fingerprint_record(raw, source), source, at)
		except RecordError:
			continue
		if record:
			parsed.append(record)
	return parsed


def _alternate_kinds(records: Iterable[ParsedRecord]) -> list[ParsedRecord]:
	"""Return the records with the first of each facility and status in front, then the second, and so on."""
	seen: dict[tuple[str | None, str], int] = {}
	ranked: list[tuple[int, ParsedRecord]] = []
	for record in records:
		kind = (record.derived["facility"], record.stay.status)
		ranked.append((seen.get(kind, 0), record))
		seen[kind] = seen.get(kind, 0) + 1
	return [record for _rank, record in sorted(ranked, key=lambda pair: pair[0])]
