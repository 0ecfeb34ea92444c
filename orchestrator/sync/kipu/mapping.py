"""The mapping from Kipu's fields to fields of this site, as data, and the comparison that decides what a run
may write. Pure functions over plain values.

Targets are fields of Client and Client Stay. Computed values (status, facility, full name, the times of
admission and discharge) are not mapped: they are attributes of `Stay`.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from typing import Any, Literal

from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.fields import CONTACT_KEYS, FIELDS, INSURANCE_KEYS, PERSON
from orchestrator.sync.kipu.records import RecordError, Stay

Policy = Literal["source", "local", "set-once", "review"]
Target = Literal["Client", "Client Stay"]

# Increase it when values are computed differently from the same record: every stored hash is then computed again.
NORMALISATION = 1
DATA_LENGTH = 140
TEXT_LENGTH = 60_000
MAX_TEXT_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class Rule:
	"""A Kipu field and its target field. A text longer than `length` is skipped and reported, never
	truncated.
	"""

	source: str
	doctype: Target
	target: str
	length: int = DATA_LENGTH


@dataclass(frozen=True, slots=True)
class Override:
	"""A connection's own rule for one Kipu field; an empty target skips the field."""

	source: str
	doctype: Target
	target: str


@dataclass(frozen=True)
class FieldMapping:
	"""All rules. `version` identifies the mapping and is part of every content hash."""

	rules: tuple[Rule, ...]
	version: str

	@functools.cached_property
	def rules_by_doctype(self) -> Mapping[Target, tuple[Rule, ...]]:
		"""The rules by the DocType they fill."""
		targets: tuple[Target, ...] = (CLIENT, CLIENT_STAY)
		return {target: tuple(rule for rule in self.rules if rule.doctype == target) for target in targets}


class InvalidMappingError(ValueError):
	"""An invalid mapping. `code`: unknown_source, wrong_doctype, taken_target. `source`: the Kipu field."""

	def __init__(self, code: str, source: str) -> None:
		super().__init__(code, source)
		self.code = code
		self.source = source


@dataclass(frozen=True, slots=True)
class MappedRecord:
	"""A record in target fields. Only fields that Kipu sent have a key; a blank is None. `unreadable` has an
	error for each field that was sent and cannot be read: it has no key.
	"""

	person_id: str
	casefile_id: str
	client: PrivateDict = dataclasses.field(repr=False)
	stay: PrivateDict = dataclasses.field(repr=False)
	unreadable: tuple[RecordError, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
	"""A value to write."""

	field: str
	old: Any = dataclasses.field(repr=False)
	new: Any = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class FieldConflict:
	"""Both sides changed a field since the last sync. `taken` is True if Kipu's value is written."""

	field: str
	policy: Policy
	taken: bool


@dataclass(frozen=True, slots=True)
class MergePlan:
	"""The result of comparing one record. `synced` has the new last synced source values, in JSON types."""

	changes: tuple[Change, ...]
	conflicts: tuple[FieldConflict, ...]
	synced: PrivateDict = dataclasses.field(repr=False)

	@property
	def values(self) -> PrivateDict:
		"""The values to write, by field."""
		return PrivateDict((change.field, change.new) for change in self.changes)

	@property
	def reviews(self) -> tuple[str, ...]:
		"""Fields whose conflict waits for a person."""
		return tuple(conflict.field for conflict in self.conflicts if conflict.policy == "review")


# Target fields whose names differ from Kipu's.
RENAMED: Mapping[str, str] = {
	"dob": "date_of_birth",
	"state": "address_state",
	"patient_contacts": "contacts",
	"patient_tags": "tags",
}
# The names of insurers are in `insurances` too, so the single field is read only if it is mapped.
UNMAPPED = frozenset({"created_at", "last_updated_at", "insurance_company"})
LONG = frozenset({"patient_contacts", "insurances", "patient_tags", "diagnosis_codes"})


def build_default_rules() -> tuple[Rule, ...]:
	"""Return the default mapping: every known field, under its own name."""
	return tuple(
		Rule(
			source,
			CLIENT if source in PERSON else CLIENT_STAY,
			RENAMED.get(source, source),
			TEXT_LENGTH if source in LONG else DATA_LENGTH,
		)
		for source in FIELDS
		if source not in UNMAPPED
	)


def build_mapping(overrides: Iterable[Override] = ()) -> FieldMapping:
	"""Return the default mapping with a connection's overrides. Raises `InvalidMappingError`."""
	rules = {rule.source: rule for rule in build_default_rules()}
	for override in overrides:
		_apply_override(rules, override)
	_reject_duplicate_targets(rules.values())
	ordered = tuple(sorted(rules.values(), key=lambda rule: rule.source))
	text = json.dumps([NORMALISATION, [[rule.source, rule.doctype, rule.target] for rule in ordered]])
	return FieldMapping(ordered, hashlib.sha256(text.encode()).hexdigest()[:12])


def map_record(stay: Stay, mapping: FieldMapping) -> MappedRecord:
	"""Return the record in target fields: texts, dates, None.

	Lists become lines. A text that is too long is unreadable (too_long).
	"""
	client, its_stay = PrivateDict(), PrivateDict()
	too_long = [
		*_map_fields(mapping.rules_by_doctype[CLIENT], stay.person.fields, client),
		*_map_fields(mapping.rules_by_doctype[CLIENT_STAY], stay.fields, its_stay),
	]
	unreadable = stay.unreadable
	if too_long:
		unreadable += tuple(RecordError(stay.casefile_id, "too_long", name) for name in too_long)
	return MappedRecord(stay.person_id, stay.casefile_id, client, its_stay, unreadable)


def _map_fields(rules: Iterable[Rule], values: Mapping[str, Any], into: PrivateDict) -> list[str]:
	"""Fill `into`. Return the Kipu fields whose text is too long."""
	too_long = []
	for rule in rules:
		source = rule.source
		if source not in values:
			continue
		value = _render_list(source, values[source]) if source in LONG else values[source]
		if type(value) is str and (
			len(value) > rule.length or (source in LONG and len(value.encode()) > MAX_TEXT_BYTES)
		):
			too_long.append(source)
		else:
			into[rule.target] = value
	return too_long


def to_canonical(value: object) -> str | None:
	"""Return a value as text that is equal if the database and Kipu only write it differently.

	Blank is None.
	"""
	if value is None:
		return None
	if isinstance(value, str):
		return value.strip() or None
	if isinstance(value, datetime):
		return (value.astimezone(timezone.utc) if value.tzinfo else value).isoformat()
	if isinstance(value, date):
		return value.isoformat()
	if isinstance(value, bool):
		return str(int(value))
	return str(value)


def build_plan(
	current: Mapping[str, Any],
	incoming: Mapping[str, Any],
	last_synced: Mapping[str, Any],
	policies: Mapping[str, Policy],
	default_policy: Policy = "source",
) -> MergePlan:
	"""Compare current, source and last synced source values field by field.

	Only fields of `incoming` are compared. Kipu unchanged: the current value stays, including a user's edit.
	Only Kipu changed: its value is applied. Both changed, and differently: the policy decides. source: Kipu's
	value; local: this site's; set-once: this site's (with set-once, an existing value is never replaced,
	changed or not); review: this site's, until a person has reviewed it. A field never synced before counts
	as changed by both, unless it is blank here.
	"""
	changes: list[Change] = []
	conflicts: list[FieldConflict] = []
	for name in incoming:
		policy = policies.get(name, default_policy)
		change, conflict = _resolve_field(name, current.get(name), incoming[name], last_synced, policy)
		if change:
			changes.append(change)
		if conflict:
			conflicts.append(conflict)
	remembered = {name: to_canonical(value) for name, value in {**last_synced, **incoming}.items()}
	return MergePlan(tuple(changes), tuple(conflicts), PrivateDict(remembered))


def _resolve_field(
	name: str, current: object, incoming: object, last_synced: Mapping[str, Any], policy: Policy
) -> tuple[Change | None, FieldConflict | None]:
	current_text, incoming_text = to_canonical(current), to_canonical(incoming)
	known = name in last_synced
	before = to_canonical(last_synced.get(name))
	if current_text == incoming_text or (known and incoming_text == before):
		return None, None
	change = Change(name, current, incoming)
	if current_text is None and not known:
		return change, None
	if policy == "set-once" and current_text is not None:
		return None, None if known and current_text == before else FieldConflict(name, policy, taken=False)
	if known and current_text == before:
		return change, None
	taken = policy in ("source", "set-once")
	return change if taken else None, FieldConflict(name, policy, taken)


def _apply_override(rules: dict[str, Rule], override: Override) -> None:
	if override.source not in FIELDS:
		raise InvalidMappingError("unknown_source", override.source)
	if not override.target:
		rules.pop(override.source, None)
		return
	if (override.doctype == CLIENT) != (override.source in PERSON):
		raise InvalidMappingError("wrong_doctype", override.source)
	length = TEXT_LENGTH if override.source in LONG else DATA_LENGTH
	base = rules.get(override.source) or Rule(override.source, override.doctype, override.target, length)
	rules[override.source] = replace(base, doctype=override.doctype, target=override.target)


def _reject_duplicate_targets(rules: Collection[Rule]) -> None:
	taken: set[tuple[str, str]] = set()
	for rule in rules:
		if (rule.doctype, rule.target) in taken:
			raise InvalidMappingError("taken_target", rule.source)
		taken.add((rule.doctype, rule.target))


def _render_list(source: str, value: Any) -> str | None:
	"""Return a list as text: words separated by commas, contacts and policies one per line."""
	kind = FIELDS[source]
	if kind == "words":
		return ", ".join(value) or None
	if kind == "contacts":
		return _render_lines(value, CONTACT_KEYS)
	return _render_lines(value, INSURANCE_KEYS)


def _render_lines(rows: Iterable[Mapping[str, str]], keys: tuple[str, ...]) -> str | None:
	return "\n".join(", ".join(row[key] for key in keys if key in row) for row in rows) or None
