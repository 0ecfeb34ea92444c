"""What a run writes to clients and stays, and the only place that does."""

import time
from collections.abc import Collection, Iterable

import frappe

from orchestrator.api.bulk.runs import WHOLE_CALL, isolated
from orchestrator.sync import bulk, listeners, states
from orchestrator.sync.connection import Source
from orchestrator.sync.decide import Person, Record
from orchestrator.sync.store import Hashes, StayRow, read_hashes, read_in_care, read_persons

SAVEPOINT = "orchestrator_sync_page"
ASKED_EVERY = 30.0  # seconds: a run may be long, and people begin to listen meanwhile

Failures = list[tuple[Person, Exception]]


class DatabaseStore:
	"""The database. Everything within the caller's transaction: nothing is committed here."""

	def __init__(self, source: Source, run: str) -> None:
		self._source = source
		self._run = run
		# What a new row begins with, while nobody listens.
		self._templates: bulk.Templates | None = None
		self._asked_at = -ASKED_EVERY

	def hashes(self, stays: Collection[str]) -> Hashes:
		"""By name of a stay: the contents taken over, and the run that wrote it last."""
		return read_hashes(stays)

	def persons(self, clients: Collection[str]) -> dict[str, Person]:
		"""The persons by the client's name; a new one where there is none."""
		return read_persons(self._source, clients)

	def in_care(self) -> list[StayRow]:
		"""Name, client, casefile id and location id of the stays in care."""
		return read_in_care(self._source.name)

	def written(self, _stays: Collection[str]) -> dict[str, StayRow]:
		"""Nothing: all that was written is in the database."""
		return {}

	def write(self, persons: Iterable[Person]) -> Failures:
		"""Save what changed and remember Kipu's word. Each person within a savepoint; returns those that failed."""
		pending = [person for person in persons if _is_pending(person)]
		stamps = self._write_at_once([person for person in pending if bulk.fits(person, self._run)])
		failures: Failures = []
		for person in pending:
			if any(record.changed and record.name not in stamps for record in person.records):
				failures += self._save(person, stamps)
		failed = {person.client.name for person, _error in failures}
		self._remember([person for person in pending if person.client.name not in failed], stamps)
		return failures

	def _write_at_once(self, persons: Collection[Person]) -> dict[str, str]:
		"""The `modified` of what was written; nothing where somebody listens, or where a row was refused."""
		if not any(record.changed for person in persons for record in person.records):
			return {}
		templates = self._while_quiet()
		if templates is None:
			return {}
		frappe.db.savepoint(SAVEPOINT)
		try:
			return bulk.write(persons, templates)
		except WHOLE_CALL:
			raise
		except Exception:
			# Which row it was, and why, comes out when they are saved one by one. A lost connection raises again here.
			frappe.db.rollback(save_point=SAVEPOINT)
			return {}

	def _while_quiet(self) -> bulk.Templates | None:
		if time.monotonic() - self._asked_at >= ASKED_EVERY:
			self._asked_at = time.monotonic()
			rules = self._source.mapping.of
			heard = any(
				listeners.listens(doctype, [each.target for each in rules[doctype]]) for doctype in rules
			)
			self._templates = None if heard else bulk.templates()
		return self._templates

	def _save(self, person: Person, stamps: dict[str, str]) -> Failures:
		saved: dict[str, str] = {}
		try:
			with isolated():
				for record in person.records:
					if record.changed:
						saved[record.name] = save(record)
		except WHOLE_CALL:
			raise
		except Exception as error:
			if not frappe.db._conn or not frappe.db._conn.open:
				raise
			return [(person, error)]
		stamps.update(saved)
		return []

	def _remember(self, persons: Collection[Person], stamps: dict[str, str]) -> None:
		records = [record for person in persons for record in person.records]
		states.log_changes(
			[record for record in records if not record.new and record.before and not self._is_own(record)],
			self._run,
		)
		touched = [record for record in records if record.changed or record.state_changed]
		states.keep(touched, self._source.name, self._run, stamps)

	def _is_own(self, record: Record) -> bool:
		"""What this run has made is taken back by deleting it."""
		return record.created_by_run == self._run


def save(record: Record) -> str:
	"""Save a record as anybody's would be, hooks and all. Returns its `modified`."""
	if record.new:
		doc = frappe.get_doc({"doctype": record.doctype, **record.row})
		# The sync's own right: who may run it need not be one who may see clients.
		doc.insert(ignore_permissions=True)
	else:
		doc = frappe.get_doc(record.doctype, record.name)
		doc.update(record.values)
		doc.save(ignore_permissions=True, ignore_version=False)
	return str(doc.modified)


def _is_pending(person: Person) -> bool:
	return any(record.changed or record.state_changed for record in person.records)
