"""Records whose work is done by a background job: starting the job, its progress, and recovery after a lost
worker.

The record is committed before the work and holds the call; the job holds only the record's name. The work of
a killed worker is rolled back, so that nothing is lost when it is done again, or when its record is marked as failed.
Whether a worker on another host still lives is decided by RQ's heartbeats of its job. Times are those of the database's
clock, and a heartbeat is compared with the start of its job, which has the same host's clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rq.job import Job

import frappe
from frappe.model.document import Document
from frappe.utils import add_to_date
from frappe.utils.background_jobs import get_job, get_queues_timeout, is_job_enqueued

from orchestrator import leases

QUEUE = "long"
UNFINISHED_STATUSES = ("Queued", "Running")
# Until then, the job of a committed record may not be in the queue yet.
GRACE_MINUTES = 10
PROGRESS_TTL_SECONDS = 60 * 60


@dataclass(frozen=True)
class BackgroundRecords:
	"""The records of one DocType with the fields `status`, `started_at` and `requested_by`. `kind` names
	their jobs.

	With `max_attempts` above one, the work of a lost worker is done again, and the DocType has the field `attempts`.
	"""

	doctype: str
	kind: str
	max_attempts: int = 1

	def build_job_id(self, name: str, attempts: int = 0) -> str:
		"""Return the id of a record's job. One after a lost worker has another: RQ still gives the lost one up later."""
		return f"orchestrator-{self.kind}-{name}" + (f"-{attempts}" if attempts else "")

	def set_progress(self, name: str, done: int) -> None:
		"""Publish the progress of a running record.

		It is stored in Redis, because the job's transaction is not visible until it ends.
		"""
		frappe.cache().set_value(self._build_progress_key(name), done, expires_in_sec=PROGRESS_TTL_SECONDS)

	def get_progress(self, name: str) -> int:
		"""Return the progress of a running record."""
		return frappe.cache().get_value(self._build_progress_key(name)) or 0

	def _build_progress_key(self, name: str) -> str:
		return f"orchestrator:{self.kind}:{name}"

	def start(self, name: str, started_at: datetime) -> Document | None:
		"""Mark a queued record as running, and act as the user who asked for it.

		Args:
			name: The record.
			started_at: The time by the clock of the database.

		Returns:
			The record. None if it is queued no more: a second delivery of the job, or a record that was given up.
		"""
		record = frappe.get_doc(self.doctype, name, for_update=True)
		if record.status != "Queued":
			return None
		values: dict[str, object] = {"status": "Running", "started_at": started_at}
		if self._can_repeat:
			values["attempts"] = record.attempts + 1
		record.db_set(values, commit=True)
		frappe.set_user(record.requested_by)
		return record

	@property
	def _can_repeat(self) -> bool:
		return self.max_attempts > 1

	def is_unfinished(self, name: str) -> bool:
		"""Return True while the record is queued or running. Locks it."""
		return self._lock(name).status in UNFINISHED_STATUSES

	def is_running(self, name: str, attempt: int = 0) -> bool:
		"""Return True while the record is running, and by this attempt if one is named. Locks it."""
		row = self._lock(name)
		return row.status == "Running" and attempt in (0, row.get("attempts"))

	def requeue(self, name: str) -> int | None:
		"""Mark the record of a lost worker as queued. Return the number of its attempts so far, None where it may not be
		attempted again or has ended meanwhile. The caller queues the job and commits.
		"""
		row = self._lock(name)
		if row.status not in UNFINISHED_STATUSES or not self._can_repeat or row.attempts >= self.max_attempts:
			return None
		frappe.db.set_value(self.doctype, name, {"status": "Queued", "started_at": None})
		return row.attempts

	def _lock(self, name: str) -> frappe._dict:
		row = frappe.db.get_value(self.doctype, name, self._state_fields, as_dict=True, for_update=True)
		return row or frappe._dict()

	@property
	def _state_fields(self) -> list[str]:
		return ["name", "status", "started_at", "creation", *(["attempts"] if self._can_repeat else [])]

	def list_dead(
		self,
		get_timeout: Callable[[str], int | None] = lambda _name: None,
		filters: Mapping[str, Any] | None = None,
	) -> list[str]:
		"""Return the records whose worker is lost.

		Args:
			get_timeout: Returns the time limit in seconds of a record's job, None for that of its queue.
			filters: Further conditions of the records.
		"""
		rows = frappe.get_all(  # a cleanup job acts for all users
			self.doctype,
			filters={**(filters or {}), "status": ("in", UNFINISHED_STATUSES)},
			fields=self._state_fields,
		)
		return [row.name for row in rows if self._is_dead(row, get_timeout)]

	def _lock_dead(self, name: str, get_timeout: Callable[[str], int | None]) -> bool:
		"""Lock a record. Return True if its worker is still lost: another host may have recovered it meanwhile."""
		row = self._lock(name)
		return row.status in UNFINISHED_STATUSES and self._is_dead(row, get_timeout)

	def recover_dead(
		self,
		recover: Callable[[str], None],
		get_timeout: Callable[[str], int | None] = lambda _name: None,
		filters: Mapping[str, Any] | None = None,
	) -> None:
		"""Recover the records whose worker is lost, each in a transaction of its own, which releases its lock.

		Args:
			recover: Repeats or ends a record, which is locked.
			get_timeout: As of `list_dead`.
			filters: As of `list_dead`.
		"""
		for name in self.list_dead(get_timeout, filters):
			if self._lock_dead(name, get_timeout):
				recover(name)
			frappe.db.commit()

	def _is_dead(self, row: frappe._dict, get_timeout: Callable[[str], int | None]) -> bool:
		"""Return True if the job is gone or silent, or started so long ago that its worker must have been killed."""
		attempts = row.get("attempts") or 0
		now = leases.get_now()
		if row.status == "Queued":
			is_fresh = row.creation > add_to_date(now, minutes=-GRACE_MINUTES)
			return not is_fresh and not is_job_enqueued(self.build_job_id(row.name, attempts))
		running = now - row.started_at
		if running > _compute_longest_run(get_timeout(row.name)):
			return True
		return not _is_job_alive(get_job(self.build_job_id(row.name, max(attempts - 1, 0))), running)


def _is_job_alive(job: Job | None, running: timedelta) -> bool:
	"""Return True for a job in the queue, and for a running one with a heartbeat. RQ sends one every 30 seconds.

	Args:
		job: The job, None if there is none.
		running: For how long it has been running by the clock of the database.
	"""
	if not job or not (job.is_queued or job.is_started):
		return False
	if not (job.is_started and job.started_at and job.last_heartbeat):
		return True
	# Both have the clock of the worker's host, which may differ from ours.
	silent = running - (job.last_heartbeat - job.started_at)
	return silent < timedelta(seconds=leases.get_lease_seconds())


def _compute_longest_run(timeout: int | None) -> timedelta:
	"""Return after how long a job cannot be running any more."""
	return timedelta(seconds=timeout or get_queues_timeout()[QUEUE], minutes=GRACE_MINUTES)
