"""Writes of a run to clients and stays. No other module writes them."""

import time
from collections.abc import Collection, Iterable

import frappe

from orchestrator.api.savepoints import WHOLE_CALL_ERRORS, isolate_in_savepoint
from orchestrator.sync.connection import Source
from orchestrator.sync.merge.three_way import Person, Record
from orchestrator.sync.storage import bulk_insert, save_side_effects, sync_state
from orchestrator.sync.storage.store import Hashes, StayRow, get_hashes, get_persons, list_in_care

SAVEPOINT = "orchestrator_sync_page"
SIDE_EFFECT_CHECK_SECONDS = 30.0  # seconds: hooks and rules may be added during a long run

Failures = list[tuple[Person, Exception]]


class DatabaseStore:
	"""The database, within the caller's transaction: nothing is committed here."""

	def __init__(self, source: Source, run: str) -> None:
		self._source = source
		self._run = run
		# Default values of new rows, while saving has no side effects.
		self._templates: bulk_insert.Templates | None = None
		self._asked_at = -SIDE_EFFECT_CHECK_SECONDS

	def get_hashes(self, stays: Collection[str]) -> Hashes:
		"""Return by name of a stay the imported content hashes, and the run that wrote it last."""
		return get_hashes(stays)

	def get_persons(self, clients: Collection[str]) -> dict[str, Person]:
		"""Return the persons by the client's name, a new one if there is none."""
		return get_persons(self._source, clients)

	def list_in_care(self) -> list[StayRow]:
		"""Return name, client, casefile ID and location ID of the stays in care."""
		return list_in_care(self._source.name)

	def list_unsaved_stays(self, _stays: Collection[str]) -> dict[str, StayRow]:
		"""Return nothing: everything written is in the database."""
		return {}

	def write(self, persons: Iterable[Person]) -> Failures:
		"""Save the changed records and their last synced source values. Each person is saved in a savepoint;
		return those that failed.
		"""
		pending = [person for person in persons if _has_changes(person)]
		stamps = self._bulk_write(
			[person for person in pending if bulk_insert.is_bulk_writable(person, self._run)]
		)
		failures: Failures = []
		for person in pending:
			if any(record.changed and record.name not in stamps for record in person.records):
				failures += self._save_person(person, stamps)
		failed = {person.client.name for person, _error in failures}
		self._upsert_states([person for person in pending if person.client.name not in failed], stamps)
		return failures

	def _bulk_write(self, persons: Collection[Person]) -> dict[str, str]:
		"""Return the `modified` of written records, None if saving has side effects or a row was refused."""
		if not any(record.changed for person in persons for record in person.records):
			return {}
		templates = self._bulk_templates_if_no_side_effects()
		if templates is None:
			return {}
		frappe.db.savepoint(SAVEPOINT)
		try:
			return bulk_insert.bulk_write(persons, templates)
		except WHOLE_CALL_ERRORS:
			raise
		except Exception:
			# Saving one by one finds the row and the error. A lost connection raises again here.
			frappe.db.rollback(save_point=SAVEPOINT)
			return {}

	def _bulk_templates_if_no_side_effects(self) -> bulk_insert.Templates | None:
		if time.monotonic() - self._asked_at >= SIDE_EFFECT_CHECK_SECONDS:
			self._asked_at = time.monotonic()
			rules = self._source.mapping.rules_by_doctype
			has_effects = any(
				save_side_effects.has_side_effects(doctype, [each.target for each in rules[doctype]])
				for doctype in rules
			)
			self._templates = None if has_effects else bulk_insert.build_templates()
		return self._templates

	def _save_person(self, person: Person, stamps: dict[str, str]) -> Failures:
		saved: dict[str, str] = {}
		try:
			with isolate_in_savepoint():
				for record in person.records:
					if record.changed:
						saved[record.name] = save_record(record)
		except WHOLE_CALL_ERRORS:
			raise
		except Exception as error:
			if not frappe.db._conn or not frappe.db._conn.open:
				raise
			return [(person, error)]
		stamps.update(saved)
		return []

	def _upsert_states(self, persons: Collection[Person], stamps: dict[str, str]) -> None:
		records = [record for person in persons for record in person.records]
		sync_state.log_changes(
			[
				record
				for record in records
				if not record.new and record.before and not self._is_created_by_run(record)
			],
			self._run,
		)
		touched = [record for record in records if record.changed or record.state_changed]
		sync_state.upsert_states(touched, self._source.name, self._run, stamps)

	def _is_created_by_run(self, record: Record) -> bool:
		"""Return True for a record that a rollback of this run deletes."""
		return record.created_by_run == self._run


def save_record(record: Record) -> str:
	"""Save a record as a document, with all hooks. Return its `modified`."""
	if record.new:
		doc = frappe.get_doc({"doctype": record.doctype, **record.row})
		# The sync writes without permissions: users who may run it need not be allowed to see clients.
		doc.insert(ignore_permissions=True)
	else:
		doc = frappe.get_doc(record.doctype, record.name)
		doc.update(record.values)
		doc.save(ignore_permissions=True, ignore_version=False)
	return str(doc.modified)


def _has_changes(person: Person) -> bool:
	return any(record.changed or record.state_changed for record in person.records)
