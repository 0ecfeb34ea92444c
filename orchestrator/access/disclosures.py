"""Records that a request or job gives to somebody, until they are written to the access log.

A site that keeps the access log has a recorder on `frappe.local` in each request and job: see orchestrator/privacy.
Without a recorder, everything here does nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import frappe

LOCAL_NAME = "orchestrator_disclosures"


class Receiver(NamedTuple):
	"""Who got a record: a user, or an address or a webhook outside the site."""

	user: str
	recipient: str = ""


# The names of records by receiver and DocType, each once and in their order
Disclosed = dict[tuple[Receiver, str], dict[str, None]]
Position = dict[tuple[Receiver, str], int]


class DisclosureRecorder:
	"""The records disclosed so far, each once, in their order.

	Args:
		doctypes: The DocTypes whose records are logged.
		write: Writes records and the purpose of use to the log, in the present transaction.
		is_job: True in a job, which writes them with what it commits.
	"""

	def __init__(
		self,
		doctypes: frozenset[str],
		write: Callable[[Disclosed, str], None],
		*,
		is_job: bool = False,
	) -> None:
		self.doctypes = doctypes
		self.write = write
		self.is_job = is_job
		self.purpose = ""
		self.records: Disclosed = {}
		self.written: Disclosed = {}
		self.is_suspended = False
		# Lists that ignore permissions are given to the caller as well, as in the search of some link fields
		self.ignores_permissions = False
		# Whoever passes a permission check on a record gets it
		self.follows_checks = not is_job

	def add(self, doctype: str, names: Iterable[str | int | None], user: str | None = None) -> None:
		"""Record that a user, by default the session's, gets records of a DocType."""
		if self.is_suspended or doctype not in self.doctypes:
			return
		found = dict.fromkeys([str(name) for name in names if name])
		if not found:
			return
		self.records.setdefault((Receiver(user or frappe.session.user), doctype), {}).update(found)
		if self.is_job:
			self._write_before_commit()

	def add_sent(self, doctype: str, name: str, receivers: Iterable[Receiver]) -> None:
		"""Write that a record is sent out of the site by mail or webhook, in the transaction that stores what is sent."""
		if doctype in self.doctypes:
			self.write({(receiver, doctype): {name: None} for receiver in receivers}, self.purpose)

	def flush(self) -> bool:
		"""Write what is not written yet, in the present transaction. Return True if there was anything."""
		records = {key: self._leave_out_written(key, names) for key, names in self.records.items()}
		records = {key: names for key, names in records.items() if names}
		self.records = {}
		if records:
			self.write(records, self.purpose)
		for key, names in records.items():
			self.written.setdefault(key, {}).update(names)
		return bool(records)

	def _leave_out_written(self, key: tuple[Receiver, str], names: dict[str, None]) -> dict[str, None]:
		written = self.written.get(key)
		return {name: None for name in names if name not in written} if written else names

	def _write_before_commit(self) -> None:
		"""Have the records of a job written with what it commits. A rollback forgets the callbacks of its transaction."""
		frappe.db.before_commit.add(self.flush)
		frappe.db.after_rollback.add(self.written.clear)


def get_recorder() -> DisclosureRecorder | None:
	"""Return the recorder of this request or job, None where no log is kept."""
	return getattr(frappe.local, LOCAL_NAME, None)


def set_recorder(recorder: DisclosureRecorder | None) -> None:
	"""Record the disclosures of the present request or job by `recorder`."""
	setattr(frappe.local, LOCAL_NAME, recorder)


def is_recording() -> bool:
	"""Return True in a request or job whose disclosures are recorded."""
	recorder = get_recorder()
	return recorder is not None and not recorder.is_suspended


def record_disclosure(doctype: str, name: str, user: str | None = None) -> None:
	"""Record that a user, by default the session's, gets a record."""
	if recorder := get_recorder():
		recorder.add(doctype, [name], user)


def record_sent(doctype: str, name: str, receivers: Iterable[Receiver]) -> None:
	"""Write that a record is sent out of the site, in the present transaction."""
	if recorder := get_recorder():
		recorder.add_sent(doctype, name, receivers)


@contextmanager
def suspend_recording() -> Iterator[None]:
	"""Record nothing of what is read within: for reads whose result nobody gets."""
	recorder = get_recorder()
	if recorder is None:
		yield
		return
	before, recorder.is_suspended = recorder.is_suspended, True
	try:
		yield
	finally:
		recorder.is_suspended = before


def get_position() -> Position:
	"""Return how many records are waiting to be written, for `discard_after`."""
	recorder = get_recorder()
	return {key: len(names) for key, names in recorder.records.items()} if recorder else {}


def discard_after(position: Position) -> None:
	"""Forget the records that were recorded after `get_position` was called: nobody gets them."""
	recorder = get_recorder()
	for key, names in recorder.records.items() if recorder else ():
		while len(names) > position.get(key, 0):
			names.popitem()
