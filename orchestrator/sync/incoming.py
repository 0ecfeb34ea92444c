"""A record off the wire, read, mapped and ready to be compared with what is here. Touches neither network nor database."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.sync.connection import Source
from orchestrator.sync.identity import client_name, stay_name
from orchestrator.sync.kipu.mapping import Mapped, content_hash, map_record
from orchestrator.sync.kipu.records import Stay, parse_record
from orchestrator.sync.redaction import PrivateDict


@dataclass(frozen=True, slots=True)
class Incoming:
	"""One record. `derived` holds what is worked out of it rather than mapped; `hash` covers both."""

	casefile_id: str
	client_name: str
	stay_name: str
	stay: Stay = field(repr=False)
	mapped: Mapped = field(repr=False)
	derived: PrivateDict = field(repr=False)
	hash: str


def read_record(raw: Mapping[str, Any], source: Source, at: datetime) -> Incoming | None:
	"""The record as of the aware instant `at`; None if the connection leaves it out. Raises RecordError."""
	stay = parse_record(raw, source.zones, at)
	if is_left_out(stay, source):
		return None
	mapped = map_record(stay, source.mapping)
	derived = derived_of(stay, source)
	return Incoming(
		casefile_id=stay.casefile_id,
		client_name=client_name(source.name, stay.person_id),
		stay_name=stay_name(source.name, stay.casefile_id),
		stay=stay,
		mapped=mapped,
		derived=derived,
		hash=hash_of(mapped, derived, source.mapping.version),
	)


def is_left_out(stay: Stay, source: Source) -> bool:
	"""True of a record at a location that is switched off, and of a test client."""
	place = source.places.get(stay.location_id or "")
	if place and not place.enabled:
		return True
	if not source.left_out_names:
		return False
	names = (stay.person.fields.get("first_name"), stay.person.fields.get("last_name"))
	return any(name and name.casefold() in source.left_out_names for name in names)


def derived_of(stay: Stay, source: Source) -> PrivateDict:
	"""What Kipu doesn't say in a field: the status, the facility, the instants in the site's own time."""
	place = source.places.get(stay.location_id or "")
	return PrivateDict(
		status=stay.status,
		facility=(place.facility if place else None) or source.default_facility,
		admitted_at=local_time(stay.admitted_at, source),
		discharged_at=local_time(stay.discharged_at, source),
		created_at=local_time(stay.created_at, source),
	)


def local_time(moment: datetime | None, source: Source) -> datetime | None:
	"""An instant as Frappe keeps it: in the site's time zone, without one."""
	return moment.astimezone(source.site_zone).replace(tzinfo=None) if moment else None


def hash_of(mapped: Mapped, derived: PrivateDict, version: str) -> str:
	"""A hash of all that may be written, behind the shape of it. The status is not in it: that changes with time alone."""
	content = PrivateDict((f"client.{name}", value) for name, value in mapped.client.items())
	content.update((f"stay.{name}", value) for name, value in mapped.stay.items())
	content.update((name, derived[name]) for name in ("facility", "admitted_at", "discharged_at"))
	shape = zlib.crc32(",".join(sorted(content)).encode())
	return f"{shape:08x}:{content_hash(content, version)[:32]}"
