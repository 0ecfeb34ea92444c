"""Merge the records of one person: a three-way comparison of current, source and last synced source values.

Writes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.sync.connection import Source
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.mapping import MergePlan, build_plan, to_canonical
from orchestrator.sync.kipu.records import build_sort_key
from orchestrator.sync.merge.fingerprints import ParsedRecord, to_site_time
from orchestrator.sync.merge.identity import build_full_name

Outcome = Literal["imported", "updated", "skipped"]

IN_CARE_STATUSES = frozenset({"Pre-Admission", "Active"})
REMOVED_STATUSES = frozenset({"Absent", "Deleted"})
# Maximum number of stored hashes, one for each shape of a record.
MAX_HASHES = 4


@dataclass(slots=True)
class Record:
	"""A Client or a Client Stay with its last synced source values. `new` until it is written."""

	doctype: str
	name: str
	row: PrivateDict = field(repr=False)
	new: bool = False
	synced: PrivateDict = field(default_factory=PrivateDict, repr=False)
	hashes: tuple[str, ...] = ()
	created_by_run: str | None = None
	written_by_run: str | None = None
	# Changes of this page: previous values by field, and previous last synced source values.
	before: PrivateDict = field(default_factory=PrivateDict, repr=False)
	synced_before: PrivateDict = field(default_factory=PrivateDict, repr=False)
	state_changed: bool = False

	@property
	def changed(self) -> bool:
		"""True if the record has to be written."""
		return self.new or bool(self.before)

	@property
	def values(self) -> PrivateDict:
		"""The values to write, by field."""
		return PrivateDict((name, self.row.get(name)) for name in self.before)

	def set_value(self, name: str, value: Any) -> None:
		"""Set a value, if it differs."""
		current = self.row.get(name)
		if current is value or to_canonical(current) == to_canonical(value):
			return
		self.row[name] = value
		if name not in self.before:
			self.before[name] = current
		elif to_canonical(self.before[name]) == to_canonical(value):
			del self.before[name]  # set back to the previous value

	def initialize(self, values: Mapping[str, Any], source_values: PrivateDict) -> None:
		"""Set a new record to Kipu's source values."""
		self.row.update(values)
		self.before.update(
			dict.fromkeys([name for name, value in source_values.items() if value is not None])
		)
		self.synced = PrivateDict(source_values)
		self.state_changed = True

	def apply_plan(self, planned: MergePlan) -> None:
		"""Apply the changes of a plan and remember the source values."""
		for change in planned.changes:
			self.set_value(change.field, change.new)
		if planned.synced != self.synced:
			for name in planned.synced:
				if name not in self.synced or self.synced[name] != planned.synced[name]:
					self.synced_before.setdefault(name, self.synced.get(name, MISSING))
			self.synced = planned.synced
			self.state_changed = True

	def remember_hash(self, content: str) -> None:
		"""Remember the hash of imported content.

		A hash begins with the shape of its content, the names of its fields: the census has fewer fields. One
		hash of each shape is stored; if one changed, the others are outdated.
		"""
		if content in self.hashes:
			return
		kept = () if self.changed or self._matches_shape(content) else self.hashes[-MAX_HASHES + 1 :]
		self.hashes = (*kept, content)
		self.state_changed = True

	def keep_only_older_hash(self, content: str, *, changed: bool) -> None:
		"""Store no hash of content with an unreadable field, and delete older ones."""
		if self.hashes and (changed or self._matches_shape(content)):
			self.hashes = ()
			self.state_changed = True

	def clear_hashes(self) -> None:
		"""Clear the hashes: a missing record that reappears unchanged must be imported again."""
		if self.hashes:
			self.hashes = ()
			self.state_changed = True

	def _matches_shape(self, content: str) -> bool:
		shape = content.partition(":")[0]
		return any(each.startswith(f"{shape}:") for each in self.hashes)


MISSING = "\0"  # in place of a value that Kipu never sent


@dataclass(slots=True)
class Person:
	"""A client with all stays on this site."""

	client: Record
	stays: dict[str, Record]

	@property
	def records(self) -> Iterable[Record]:
		"""The client and the stays."""
		yield self.client
		yield from self.stays.values()


@dataclass(slots=True)
class MergeResult:
	"""The result of merging one record.

	`blanked_fields`: the changed fields whose value is removed. `reviews`: fields that wait for a review,
	each with its record. `arrived`: the stay is new, or was missing and is back. `still_deleted`: the record
	was sent, though its stay is deleted.
	"""

	incoming: ParsedRecord
	outcome: Outcome
	departed: bool
	changed_fields: tuple[str, ...]
	blanked_fields: tuple[str, ...]
	reviews: tuple[tuple[str, str, str], ...]
	arrived: bool
	still_deleted: bool


def merge_records(
	person: Person, incomings: Iterable[ParsedRecord], source: Source, vault_follows: bool = False
) -> list[MergeResult]:
	"""Merge Kipu's records into the person's. Afterwards these have the new values; nothing is stored.

	With `vault_follows`, a deleted stay is restored only after the vault is read; otherwise its own timestamp
	decides.
	"""
	verdicts = [
		merge_record(person, incoming, source, vault_follows=vault_follows)
		for incoming in sorted(incomings, key=_build_age_key)
	]
	update_client_status(person, source, allow_discharge=False)
	return verdicts


def merge_record(
	person: Person, incoming: ParsedRecord, source: Source, *, vault_follows: bool = False
) -> MergeResult:
	"""Merge one record of Kipu's."""
	stay = person.stays.get(incoming.stay_name) or _create_stay(person, incoming, source)
	if person.client.new:
		person.client.row["person_id"] = incoming.stay.person_id
	status_before = None if stay.new else stay.row.get("status")
	count = len(person.client.before)
	of_stay = _merge_values(stay, incoming.mapped.stay, incoming.stay_source_values, source)
	_apply_derived(stay, incoming, source, vault_follows)
	of_client = _merge_values(person.client, incoming.mapped.client, incoming.client_source_values, source)
	_update_hashes(stay, incoming, changed=stay.changed or len(person.client.before) > count)
	if stay.new:
		outcome: Outcome = "imported"
	else:
		outcome = "updated" if stay.before or len(person.client.before) > count else "skipped"
	return MergeResult(
		incoming,
		outcome,
		status_before in IN_CARE_STATUSES and stay.row.get("status") not in IN_CARE_STATUSES,
		_list_changed_fields(stay, of_client),
		(*_list_blanked_fields(CLIENT_STAY, of_stay), *_list_blanked_fields(CLIENT, of_client)),
		(
			*((stay.doctype, stay.name, name) for name in (of_stay.reviews if of_stay else ())),
			*((CLIENT, person.client.name, name) for name in (of_client.reviews if of_client else ())),
		),
		stay.new or (status_before in REMOVED_STATUSES and stay.row.get("status") not in REMOVED_STATUSES),
		stay.row.get("status") == "Deleted",
	)


def update_client_status(person: Person, source: Source, *, allow_discharge: bool) -> None:
	"""Compute the client's status from all stays.

	Unless `allow_discharge`, nobody is discharged: the stay that continues may be on a later page, and hooks
	must not see a discharge that never happened.
	"""
	lead = _get_current_stay(person.stays.values(), source)
	client = person.client
	if lead is None:
		return
	status = lead.row.get("status")
	if (
		not allow_discharge
		and not client.new
		and client.row.get("status") in IN_CARE_STATUSES
		and status not in IN_CARE_STATUSES
	):
		return
	for name in ("status", "facility", "level_of_care", "admission_date", "discharge_date"):
		client.set_value(name, lead.row.get(name))
	client.set_value("full_name", build_full_name(client.row))


def _get_current_stay(stays: Iterable[Record], source: Source) -> Record | None:
	"""Return the stay with a person's present state: one that Kipu still lists, if there is any."""
	return max(stays, key=lambda stay: _build_sort_key(stay.row, source.site_zone), default=None)


def _build_sort_key(row: Mapping[str, Any], zone: ZoneInfo) -> tuple[bool, bool, datetime, int]:
	admitted, created = (_to_aware(row.get(name), zone) for name in ("admitted_at", "created_at"))
	key = build_sort_key(row["status"], admitted, created, int(row.get("chart_id") or 0))
	return (row["status"] not in REMOVED_STATUSES, *key)


def _to_aware(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
	return moment.replace(tzinfo=zone) if moment else None


def _create_stay(person: Person, incoming: ParsedRecord, source: Source) -> Record:
	row = PrivateDict(
		connection=source.name,
		client=incoming.client_name,
		casefile_id=incoming.casefile_id,
		chart_id=str(incoming.stay.chart_id),
	)
	person.stays[incoming.stay_name] = Record(CLIENT_STAY, incoming.stay_name, row, new=True)
	return person.stays[incoming.stay_name]


def _merge_values(
	record: Record, values: Mapping[str, Any], source_values: PrivateDict, source: Source
) -> MergePlan | None:
	"""Compare and apply the values. All values of a new record are applied, without a plan."""
	if record.new and not record.synced:
		record.initialize(values, source_values)
		return None
	policies = source.policies[CLIENT if record.doctype == CLIENT else CLIENT_STAY]
	planned = build_plan(record.row, values, record.synced, policies, source.default_policy)
	record.apply_plan(planned)
	return planned


def _list_changed_fields(stay: Record, of_client: MergePlan | None) -> tuple[str, ...]:
	"""Return the changed fields of existing records."""
	of_stay = () if stay.new else stay.before
	return (
		*(f"Client Stay.{name}" for name in of_stay),
		*(f"Client.{name}" for name in (of_client.values if of_client else ())),
	)


def _list_blanked_fields(doctype: str, planned: MergePlan | None) -> list[str]:
	"""Return fields that had a value and are empty now."""
	return [
		f"{doctype}.{change.field}"
		for change in (planned.changes if planned else ())
		if to_canonical(change.new) is None and to_canonical(change.old) is not None
	]


def _update_hashes(stay: Record, incoming: ParsedRecord, *, changed: bool) -> None:
	"""Update the hashes.

	A record with an unreadable field has none, so that it is compared each time and its issue stays current;
	nor has one whose stay is deleted, so that a new listing is detected.
	"""
	if stay.row.get("status") == "Deleted":
		stay.clear_hashes()
	elif incoming.unreadable:
		stay.keep_only_older_hash(incoming.hash, changed=changed)
	else:
		stay.remember_hash(incoming.hash)


def _apply_derived(stay: Record, incoming: ParsedRecord, source: Source, vault_follows: bool) -> None:
	"""Apply status, facility and timestamps.

	A missing stay is restored, unless it is deleted and the vault is still to be read, or the record is older
	than its deletion.
	"""
	updated = to_site_time(incoming.stay.updated_at, source)
	deleted = stay.row.get("deleted_at")
	is_older = deleted and not (updated and updated > deleted)
	still_deleted = stay.row.get("status") == "Deleted" and (vault_follows or is_older)
	for name, value in incoming.derived.items():
		if name in incoming.uncertain and not stay.new:
			continue
		if not (name == "status" and still_deleted):
			stay.set_value(name, value)
	if not still_deleted:
		stay.set_value("absent_since", None)
		stay.set_value("deleted_at", None)


def _build_age_key(incoming: ParsedRecord) -> tuple[float, int]:
	"""Return a sort key, by which the last updated record of a stay comes last."""
	updated = incoming.stay.updated_at
	return (updated.timestamp() if updated else 0.0, incoming.stay.chart_id)
