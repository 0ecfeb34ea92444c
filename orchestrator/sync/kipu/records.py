"""Parse a Kipu record: identity, status, dates and texts.

Pure functions: a raw record, zones and an instant in; an immutable `Stay` out. A record with an unreadable
identity, admission or discharge raises a `RecordError` that names the field, the casefile and the reason,
never the value. Any other unreadable field is left out of the `Stay` and named in `unreadable`: the status
depends on none of them.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone, tzinfo
from types import MappingProxyType
from typing import Any, Literal

from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.fields import EXPECTED, FIELDS, IGNORED_FIELDS, PERSON, STAY, Kind
from orchestrator.sync.kipu.values import CLEANERS, InvalidValue, Zones, clean_id, clean_instant

Status = Literal["Pre-Admission", "Active", "Discharged"]

UNKNOWN_CASEFILE = "?"
KNOWN_FIELDS = frozenset(FIELDS) | IGNORED_FIELDS
CASEFILE = re.compile(r"([0-9]{1,18}):([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})", re.IGNORECASE)
FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# Value of a blank; None for other types.
BLANK: Mapping[Kind, tuple[()]] = {"words": (), "contacts": (), "insurances": ()}
MOMENTS: frozenset[Kind] = frozenset({"moment", "stamp"})
MOMENT_FIELDS = frozenset(name for name, kind in STAY.items() if kind in MOMENTS)
# Fields that decide the status, beside the identity: a record in which one is unreadable cannot be imported.
ESSENTIAL_FIELDS = frozenset({"admission_date", "discharge_date"})
TEXT_KINDS: frozenset[Kind] = frozenset({"text", "code", "id"})
MISSING = object()
MAX_ID_LENGTH = 140
STRANGE_NAME = "(not a field name)"
EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


class RecordError(Exception):
	"""A record, or one field of it, that cannot be imported. It fails again until the record or the mapping
	is changed.

	`code`: bad_casefile_id, bad_date, bad_type, too_long. `field` is Kipu's name. No values.
	"""

	retryable = False

	def __init__(self, casefile_id: str, code: str, field: str) -> None:
		super().__init__(casefile_id, code, field)
		self.casefile_id = casefile_id
		self.code = code
		self.field = field

	def __str__(self) -> str:
		return f"{self.code} in {self.field} of casefile {self.casefile_id}"


@dataclass(frozen=True, slots=True)
class Person:
	"""The identity of a person. `person_id` is the patient master UUID, in lower case; `fields` holds Kipu's
	values by Kipu's names.
	"""

	person_id: str
	fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stay:
	"""One chart: a person's stay at a location.

	`fields` (here and in `person`) has a key for every known field that was sent, None (or an empty tuple) if
	it was blank; a field that was not sent has no key. Days are dates in the location's zone. The instants
	are aware, in the same zone. `status` is that of the instant for which the record was parsed: see
	`compute_status`. `unreadable` has an error for each field that was sent and cannot be read: such a field
	has no key either.
	"""

	casefile_id: str
	chart_id: int
	person: Person
	status: Status
	location_id: str | None = field(repr=False)
	admission_date: date | None = field(repr=False)
	discharge_date: date | None = field(repr=False)
	admitted_at: datetime | None = field(repr=False)
	discharged_at: datetime | None = field(repr=False)
	created_at: datetime | None = field(repr=False)
	updated_at: datetime | None = field(repr=False)
	fields: Mapping[str, Any] = field(repr=False)
	unreadable: tuple[RecordError, ...] = ()

	@property
	def person_id(self) -> str:
		"""The patient master uuid."""
		return self.person.person_id


@dataclass(frozen=True, slots=True)
class Drift:
	"""Differences between a record and the known fields of Kipu: names of fields only."""

	unknown: frozenset[str]
	vanished: frozenset[str]
	retyped: frozenset[str]

	def __bool__(self) -> bool:
		return bool(self.unknown or self.vanished or self.retyped)


def parse_record(
	raw: Mapping[str, Any], zones: Zones, at: datetime, known_location: str | None = None
) -> Stay:
	"""Return the stay of a raw record, with its status at the aware instant `at`.

	`known_location` is the stay's stored location: its zone is used if the record's own location is
	unreadable. Raises `RecordError` for an unreadable casefile ID, admission date or discharge date.
	"""
	casefile_id, chart_id, person_id = split_casefile(raw.get("casefile_id"))
	local = _get_zone(raw, zones, known_location)
	of_person, of_stay, moments = PrivateDict(), PrivateDict(), PrivateDict()
	errors: tuple[RecordError, ...] = ()
	for fields, values in ((PERSON, of_person), (STAY, of_stay)):
		for code, name in _clean_fields(raw, fields, local, zones.utc_midnight_is_date, values):
			if name in ESSENTIAL_FIELDS:
				raise RecordError(casefile_id, code, name)
			errors = (*errors, RecordError(casefile_id, code, name))
	_split_moments(of_stay, moments)
	person = Person(person_id, MappingProxyType(of_person))
	return _build_stay(casefile_id, chart_id, person, of_stay, moments, at, errors)


def split_casefile(casefile_id: object) -> tuple[str, int, str]:
	"""Return the normalized casefile ID, the chart's number and the person's UUID.

	Raises `RecordError`.
	"""
	match = CASEFILE.fullmatch(casefile_id.strip()) if isinstance(casefile_id, str) else None
	if match is None:
		# Its value may be personal data, so it is not repeated.
		raise RecordError(UNKNOWN_CASEFILE, "bad_casefile_id", "casefile_id")
	chart_id, person_id = int(match[1]), match[2].lower()
	return f"{chart_id}:{person_id}", chart_id, person_id


def compute_status(admitted_at: datetime | None, discharged_at: datetime | None, at: datetime) -> Status:
	"""Return the status of a stay at an instant. Kipu has no field for it; a removed discharge reverts it.

	It changes with time alone: a future discharge takes effect when its time comes.
	"""
	if admitted_at is None:
		return "Pre-Admission"
	if discharged_at is None or discharged_at > at:
		return "Active"
	return "Discharged"


def build_sort_key(
	status: str, admitted_at: datetime | None, created_at: datetime | None, chart_id: int
) -> tuple[bool, datetime, int]:
	"""Return a key for `max` over a person's stays, to select the one with their present state.

	A stay in care comes last, whatever happened to other charts (a readmission's old chart is discharged);
	then the one that began last. All instants are aware.
	"""
	return status == "Active", admitted_at or created_at or EARLIEST, chart_id


def compute_drift(raw: Mapping[str, Any], expected: Collection[str] = EXPECTED) -> Drift:
	"""Return names of fields that are unknown, missing although expected, or of an unexpected type."""
	unknown = raw.keys() - KNOWN_FIELDS
	retyped = {name for name in raw.keys() & FIELDS.keys() if not _has_known_type(FIELDS[name], raw[name])}
	return Drift(
		unknown=frozenset(name if FIELD_NAME.fullmatch(name) else STRANGE_NAME for name in unknown),
		vanished=frozenset(expected) - raw.keys(),
		retyped=frozenset(retyped),
	)


def _get_zone(raw: Mapping[str, Any], zones: Zones, known_location: str | None) -> tzinfo:
	location_id = clean_id(raw.get("location_id"))
	if known_location and not is_valid_location(location_id):
		return zones.get_zone(known_location)
	return zones.get_zone(location_id if isinstance(location_id, str) else None)


def is_valid_location(location_id: object) -> bool:
	"""Return False for a location id that can't be read; a blank can."""
	return type(location_id) is not InvalidValue and len(str(location_id)) <= MAX_ID_LENGTH


def _clean_fields(
	raw: Mapping[str, Any],
	fields: Mapping[str, Kind],
	local: tzinfo,
	utc_midnight_is_date: bool,
	values: PrivateDict,
) -> list[tuple[str, str]]:
	"""Clean the sent `fields`. Return the code and the name of each unreadable field."""
	wrong = []
	for name, kind in fields.items():
		value = raw.get(name, MISSING)
		if value is MISSING:
			continue
		cleaned: Any
		if kind in MOMENTS:
			cleaned = clean_instant(value, local, utc_midnight_is_date and kind == "moment")
		elif value is None or value == "":
			cleaned = BLANK.get(kind)  # most fields of a record are blank
		elif kind in TEXT_KINDS and type(value) is str and value.isalnum() and value.isascii():
			cleaned = value  # many others are a single word or a number: nothing to clean
		else:
			cleaned = CLEANERS[kind](value)
		if type(cleaned) is InvalidValue:
			wrong.append((cleaned.code, name))
		else:
			values[name] = cleaned
	return wrong


def _split_moments(values: PrivateDict, moments: PrivateDict) -> None:
	"""Move the timestamps of a stay to `moments`; its dates stay in `values`."""
	for name in MOMENT_FIELDS & values.keys():
		moment = moments[name] = values.pop(name)
		if STAY[name] != "stamp":
			values[name] = moment.date() if moment else None


def _build_stay(
	casefile_id: str,
	chart_id: int,
	person: Person,
	of_stay: PrivateDict,
	moments: PrivateDict,
	at: datetime,
	unreadable: tuple[RecordError, ...],
) -> Stay:
	admitted_at, discharged_at = moments.get("admission_date"), moments.get("discharge_date")
	if of_stay.get("insurance_company") and not any(error.field == "insurances" for error in unreadable):
		# Without insurance details, there is only the insurer's name.
		of_stay.setdefault("insurances", (PrivateDict(insurance_company=of_stay["insurance_company"]),))
	return Stay(
		casefile_id=casefile_id,
		chart_id=chart_id,
		person=person,
		status=compute_status(admitted_at, discharged_at, at),
		location_id=of_stay.get("location_id"),
		admission_date=of_stay.get("admission_date"),
		discharge_date=of_stay.get("discharge_date"),
		admitted_at=admitted_at,
		discharged_at=discharged_at,
		created_at=moments.get("created_at"),
		updated_at=moments.get("last_updated_at"),
		fields=MappingProxyType(of_stay),
		unreadable=unreadable,
	)


def _has_known_type(kind: Kind, value: object) -> bool:
	if value is None or isinstance(value, str):
		return value is None or kind not in ("contacts", "insurances") or not value.strip()
	if kind == "id":
		return isinstance(value, int) and not isinstance(value, bool)
	if kind in ("words", "contacts", "insurances"):
		return isinstance(value, list)
	return False
