"""Parse, map and fingerprint received records for comparison with the imported state. Uses neither network
nor database.
"""

import functools
import hashlib
import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.sync.connection import FacilityMapping, Source
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.mapping import MappedRecord, map_record, to_canonical
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError, Stay, is_valid_location, parse_record, split_casefile
from orchestrator.sync.kipu.values import clean_id
from orchestrator.sync.merge.identity import build_client_name, build_stay_name

VOLATILE_FIELDS = frozenset({"last_updated_at"})
# Field -> values computed from it.
CONTEXT_FIELDS = {"location_id": "facility", "created_at": "created_at"}
_as_text = json.JSONEncoder(sort_keys=True).encode  # made once: json.dumps would make one for every record


@dataclass(frozen=True, slots=True)
class ParsedRecord:
	"""A parsed record. `derived` has computed values; `uncertain` names those of them that depend on an
	unreadable field: they are used for a new stay only. `client_source_values` and `stay_source_values` are
	the mapped values as text, stored as the last synced source values. `unreadable` has an error for each
	skipped field.
	"""

	raw: RawRecord = field(repr=False)
	casefile_id: str
	client_name: str
	stay_name: str
	stay: Stay = field(repr=False)
	mapped: MappedRecord = field(repr=False)
	client_source_values: PrivateDict = field(repr=False)
	stay_source_values: PrivateDict = field(repr=False)
	derived: PrivateDict = field(repr=False)
	hash: str
	uncertain: frozenset[str] = frozenset()
	unreadable: tuple[RecordError, ...] = ()


@dataclass(slots=True)
class FingerprintedRecord:
	"""A received record that can be compared with the imported state without parsing."""

	raw: RawRecord = field(repr=False)
	casefile_id: str
	stay_name: str
	hash: str
	_parsed: ParsedRecord | None = field(default=None, repr=False)

	def parse(self, source: Source, at: datetime) -> ParsedRecord | None:
		"""Parse the record once, as `parse_fingerprinted` does."""
		if self._parsed is None:
			self._parsed = parse_fingerprinted(self, source, at)
		return self._parsed


@dataclass(frozen=True, slots=True)
class FingerprintedPage:
	"""A page's records and its unreadable ones, with the connection's locations at that moment."""

	records: list[FingerprintedRecord]
	failures: list[RecordError]
	facilities_by_location: dict[str, FacilityMapping]
	default_facility: str | None

	def is_current(self, source: Source) -> bool:
		"""Return False if a facility was added since that affects the parsing."""
		return (self.facilities_by_location, self.default_facility) == (
			source.facilities_by_location,
			source.default_facility,
		)


def fingerprint_page(raws: Iterable[RawRecord], source: Source) -> FingerprintedPage:
	"""Return all records of a page."""
	seeing = FingerprintedPage([], [], dict(source.facilities_by_location), source.default_facility)
	for raw in raws:
		try:
			seeing.records.append(fingerprint_record(raw, source))
		except RecordError as error:
			seeing.failures.append(error)
	return seeing


def fingerprint_record(raw: RawRecord, source: Source) -> FingerprintedRecord:
	"""Return the identity and the fingerprint of a record. Raises RecordError for an invalid casefile ID."""
	casefile, _chart, _person = split_casefile(raw.get("casefile_id"))
	return FingerprintedRecord(
		raw,
		casefile,
		build_stay_name(source.name, casefile),
		compute_fingerprint(raw, _build_context(raw, source)),
	)


def parse_fingerprinted(
	seen: FingerprintedRecord, source: Source, at: datetime, known_location: str | None = None
) -> ParsedRecord | None:
	"""Return the record as of the aware instant `at`, None if the connection skips it.

	Raises RecordError.

	`known_location` is the stay's stored location: it is used if the record's own location is unreadable.
	"""
	stay = parse_record(seen.raw, source.zones, at, known_location)
	location = stay.location_id
	if known_location and not is_valid_location(clean_id(seen.raw.get("location_id"))):
		location = known_location
	if _is_left_out(stay, location, source):
		return None
	mapped = map_record(stay, source.mapping)
	return ParsedRecord(
		raw=seen.raw,
		casefile_id=stay.casefile_id,
		client_name=build_client_name(source.name, stay.person_id),
		stay_name=seen.stay_name,
		stay=stay,
		mapped=mapped,
		client_source_values=_serialize_values(mapped.client),
		stay_source_values=_serialize_values(mapped.stay),
		derived=_derive_values(stay, location, source),
		hash=seen.hash,
		uncertain=frozenset(
			CONTEXT_FIELDS[error.field] for error in mapped.unreadable if error.field in CONTEXT_FIELDS
		),
		unreadable=mapped.unreadable,
	)


def remove_fields(incoming: ParsedRecord, targets: Collection[tuple[str, str]]) -> ParsedRecord:
	"""Return the record without these target fields, each with its DocType."""

	def rest(doctype: str, values: PrivateDict) -> PrivateDict:
		return PrivateDict((name, value) for name, value in values.items() if (doctype, name) not in targets)

	mapped = replace(
		incoming.mapped,
		client=rest(CLIENT, incoming.mapped.client),
		stay=rest(CLIENT_STAY, incoming.mapped.stay),
	)
	return replace(
		incoming,
		mapped=mapped,
		client_source_values=rest(CLIENT, incoming.client_source_values),
		stay_source_values=rest(CLIENT_STAY, incoming.stay_source_values),
	)


def _is_left_out(stay: Stay, location_id: str | None, source: Source) -> bool:
	"""Return True for a record at a disabled location, and for a test client."""
	mapped_facility = source.facilities_by_location.get(location_id or "")
	if mapped_facility and not mapped_facility.enabled:
		return True
	if not source.excluded_names:
		return False
	names = (stay.person.fields.get("first_name"), stay.person.fields.get("last_name"))
	return any(name and name.casefold() in source.excluded_names for name in names)


def _derive_values(stay: Stay, location_id: str | None, source: Source) -> PrivateDict:
	"""Return computed values that are no field in Kipu: status, facility, and timestamps in the site's own
	time zone.
	"""
	mapped_facility = source.facilities_by_location.get(location_id or "")
	return PrivateDict(
		status=stay.status,
		facility=(mapped_facility.facility if mapped_facility else None) or source.default_facility,
		admitted_at=to_site_time(stay.admitted_at, source),
		discharged_at=to_site_time(stay.discharged_at, source),
		created_at=to_site_time(stay.created_at, source),
	)


def to_site_time(moment: datetime | None, source: Source) -> datetime | None:
	"""Return an instant as Frappe stores it: in the site's time zone, without a zone."""
	if moment is None:
		return None
	try:
		return moment.astimezone(source.site_zone).replace(tzinfo=None)
	except (
		OverflowError
	):  # the first and the last possible date, the latter meaning "never": they are equal in every zone
		return moment.replace(tzinfo=None)


def _serialize_values(values: Mapping[str, Any]) -> PrivateDict:
	"""Return mapped values as text. They are clean already: a text stays as it is."""
	return PrivateDict(
		[(name, value if type(value) is str else to_canonical(value)) for name, value in values.items()]
	)


def _build_context(raw: RawRecord, source: Source) -> tuple[str, ...]:
	"""Return what else affects the parsing of a record: the mapping, the zone, the facility."""
	location = clean_id(raw.get("location_id"))
	known = location if isinstance(location, str) else ""
	mapped_facility = source.facilities_by_location.get(known)
	facility = (mapped_facility.facility if mapped_facility else None) or source.default_facility or ""
	return (
		source.mapping.version,
		str(source.zones.get_zone(known)),
		str(source.zones.utc_midnight_is_date),
		facility,
	)


def compute_fingerprint(raw: RawRecord, context: tuple[str, ...]) -> str:
	"""Return a hash of a record, after a hash of its shape (the names of its fields).

	Equal for records with equal content: the order of lists, the kind of blank and the time of the last
	update do not count. The status is not included, because it changes with time alone.
	"""
	content = {
		name: _sort_lists(value) if isinstance(value, list) else value
		for name, value in raw.items()
		if value is not None and value != "" and name not in VOLATILE_FIELDS
	}
	text = _as_text([context, PrivateDict(content)])
	return f"{_compute_shape(tuple(raw)):08x}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _sort_lists(values: list[Any]) -> list[Any]:
	if len(values) < 2:
		return values
	try:
		return sorted(values)
	except TypeError:  # objects have no order of their own
		return sorted(map(_as_text, values))


@functools.lru_cache(maxsize=64)
def _compute_shape(names: tuple[str, ...]) -> int:
	return zlib.crc32(",".join(sorted(names)).encode(errors="surrogatepass"))
