"""The stores that a run reads from and writes to: the database, or for a dry run memory on top of it."""

import json
import pickle
import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Protocol, cast

import frappe

from orchestrator.doctypes import SYNC_STATE
from orchestrator.sync.connection import Source
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.merge.three_way import IN_CARE_STATUSES, Person, Record

Hashes = dict[str, tuple[tuple[str, ...], str | None]]
StayRow = tuple[str, str, str, str | None]


class Store(Protocol):
	"""The interface of a store."""

	def get_hashes(self, stays: Collection[str]) -> Hashes:
		"""Return by name of a stay the imported content hashes, and the run that wrote it last."""

	def get_persons(self, clients: Collection[str]) -> dict[str, Person]:
		"""Return the persons by the client's name, a new one if there is none."""

	def write(self, persons: Iterable[Person]) -> list[tuple[Person, Exception]]:
		"""Write the changed records. Return the persons that could not be written, with their errors."""

	def list_in_care(self) -> list[StayRow]:
		"""Return name, client, casefile ID and location ID of the stays in care."""

	def list_unsaved_stays(self, stays: Collection[str]) -> dict[str, StayRow]:
		"""Return those of the stays that the run has not written to the database, with their status last."""


def get_hashes(stays: Collection[str]) -> Hashes:
	"""One query, by primary key."""
	if not stays:
		return {}
	rows = frappe.db.sql(
		f"select name, hashes, written_by_run from `tab{SYNC_STATE}` where name in %(names)s",  # noqa: S608
		{"names": tuple(stays)},
	)
	return {name: (tuple((hashes or "").split()), run) for name, hashes, run in rows}


def get_persons(source: Source, clients: Collection[str]) -> dict[str, Person]:
	"""Three queries, however many they are. A client that is not here is new."""
	clients_by_name = _get_rows("Client", "name", clients)
	stays = _get_rows("Client Stay", "client", list(clients_by_name))
	persons = {
		name: Person(Record("Client", name, row), {})
		for name, row in ((each, clients_by_name.get(each)) for each in clients)
		if row is not None
	}
	for name, row in stays.items():
		if row["client"] in persons:
			persons[row["client"]].stays[name] = Record("Client Stay", name, row)
	_load_states([record for person in persons.values() for record in person.records])
	for name in clients:
		if name not in persons:
			persons[name] = Person(Record("Client", name, PrivateDict(connection=source.name), new=True), {})
	return persons


def _get_rows(doctype: str, column: str, values: Collection[str]) -> dict[str, PrivateDict]:
	if not values:
		return {}
	rows = frappe.db.sql(
		f"select * from `tab{doctype}` where `{column}` in %(values)s",  # noqa: S608
		{"values": tuple(values)},
		as_dict=True,
	)
	return {row["name"]: PrivateDict(row) for row in rows}


def _load_states(records: list[Record]) -> None:
	if not records:
		return
	by_name = {record.name: record for record in records}
	rows = frappe.db.sql(
		f"select name, hashes, synced, created_by_run, written_by_run from `tab{SYNC_STATE}`"  # noqa: S608
		" where name in %(names)s",
		{"names": tuple(by_name)},
	)
	for name, hashes, synced, created_by, written_by in rows:
		record = by_name[name]
		record.hashes = tuple((hashes or "").split())
		record.synced = PrivateDict(json.loads(synced or "{}"))
		record.created_by_run, record.written_by_run = created_by, written_by


class DryRunStore:
	"""The database overlaid with the writes of a dry run, in memory. Compressed, because a run may change
	every record.
	"""

	def __init__(self, source: Source, run: str) -> None:
		self._source = source
		self._run = run
		self._hashes: Hashes = {}
		self._persons: dict[str, bytes] = {}

	def get_hashes(self, stays: Collection[str]) -> Hashes:
		"""As Store has it."""
		known = get_hashes(stays)
		known.update((name, self._hashes[name]) for name in stays if name in self._hashes)
		return known

	def get_persons(self, clients: Collection[str]) -> dict[str, Person]:
		"""As Store has it."""
		fresh = [name for name in clients if name not in self._persons]
		persons = get_persons(self._source, fresh)
		persons.update((name, _unpack(self._persons[name])) for name in clients if name in self._persons)
		return persons

	def write(self, persons: Iterable[Person]) -> list[tuple[Person, Exception]]:
		"""As Store has it; nothing fails."""
		for person in persons:
			for record in person.records:
				if record.doctype == "Client Stay" and record.state_changed:
					self._hashes[record.name] = (record.hashes, None)
				if record.new:
					record.created_by_run = self._run
				record.new, record.state_changed = False, False
				record.before, record.synced_before = PrivateDict(), PrivateDict()
			self._persons[person.client.name] = zlib.compress(pickle.dumps(person), 1)
		return []

	def list_in_care(self) -> list[StayRow]:
		"""As Store has it."""
		rows = {row[0]: row for row in list_in_care(self._source.name) if row[1] not in self._persons}
		for row in self._list_stays():
			if row["status"] in IN_CARE_STATUSES:
				rows[row["name"]] = (row["name"], row["client"], row["casefile_id"], row.get("location_id"))
		return list(rows.values())

	def list_unsaved_stays(self, stays: Collection[str]) -> dict[str, StayRow]:
		"""As Store has it."""
		return {
			row["name"]: (row["name"], row["client"], row["casefile_id"], row["status"])
			for row in self._list_stays()
			if row["name"] in stays
		}

	def _list_stays(self) -> Iterator[PrivateDict]:
		for packed in self._persons.values():
			for name, stay in _unpack(packed).stays.items():
				yield PrivateDict({**stay.row, "name": name})


def _unpack(packed: bytes) -> Person:
	return cast(Person, pickle.loads(zlib.decompress(packed)))  # noqa: S301 - packed by this very process


def count_in_care(connection: str) -> int:
	"""Return the number of stays in care."""
	return frappe.db.count(
		"Client Stay", {"connection": connection, "status": ("in", sorted(IN_CARE_STATUSES))}
	)


def count_existing(connection: str, doctype: str, before: datetime) -> int:
	"""Return the number of clients, or stays, created before that time."""
	return frappe.db.count(doctype, {"connection": connection, "creation": ("<", before)})


def list_in_care(connection: str) -> list[StayRow]:
	"""Name, client, casefile id and location id of the stays in care."""
	return list(
		frappe.db.sql(
			"select name, client, casefile_id, location_id from `tabClient Stay` where connection=%s and status in %s",
			(connection, tuple(IN_CARE_STATUSES)),
		)
	)
