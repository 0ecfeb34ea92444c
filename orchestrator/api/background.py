"""Records whose work is done by a background job: starting the job, its progress, and recovery after a lost
worker.

The record is committed before the work and holds the call; the job holds only the record's name. The work of
a killed worker is rolled back, so that nothing is lost when its record is marked as failed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import add_to_date
from frappe.utils.background_jobs import get_queues_timeout, is_job_enqueued

from orchestrator import clock

QUEUE = "long"
UNFINISHED_STATUSES = ("Queued", "Running")
# Until then, the job of a committed record may not be in the queue yet.
GRACE_MINUTES = 10
PROGRESS_TTL_SECONDS = 60 * 60


@dataclass(frozen=True)
class BackgroundRecords:
	"""The records of one DocType with the fields `status`, `started_at` and `requested_by`. `kind` names
	their jobs.
	"""

	doctype: str
	kind: str

	def build_job_id(self, name: str) -> str:
		"""Return the id of a record's job."""
		return f"orchestrator-{self.kind}-{name}"

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

		Returns:
			The record. None if it is queued no more: a second delivery of the job, or a record that was given up.
		"""
		record = frappe.get_doc(self.doctype, name, for_update=True)
		if record.status != "Queued":
			return None
		record.db_set({"status": "Running", "started_at": started_at}, commit=True)
		frappe.set_user(record.requested_by)
		return record

	def is_unfinished(self, name: str) -> bool:
		"""Return True while the record is queued or running. Locks it."""
		return frappe.db.get_value(self.doctype, name, "status", for_update=True) in UNFINISHED_STATUSES

	def is_running(self, name: str) -> bool:
		"""Return True while the record is running. Locks it."""
		return frappe.db.get_value(self.doctype, name, "status", for_update=True) == "Running"

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
		waiting = frappe.get_all(  # a cleanup job acts for all users
			self.doctype,
			filters={
				**(filters or {}),
				"status": ("in", UNFINISHED_STATUSES),
				"creation": ("<", add_to_date(clock.get_now(), minutes=-GRACE_MINUTES)),
			},
			fields=["name", "status", "started_at"],
		)
		return [row.name for row in waiting if self._is_dead(row, get_timeout)]

	def _is_dead(self, row: frappe._dict, get_timeout: Callable[[str], int | None]) -> bool:
		"""Return True if the job is gone, or started so long ago that its worker must have been killed."""
		if not is_job_enqueued(self.build_job_id(row.name)):
			return True
		return row.status == "Running" and row.started_at < _compute_latest_start(get_timeout(row.name))


def _compute_latest_start(timeout: int | None) -> datetime:
	"""Return the latest start of a job that cannot be running any more."""
	longest = timeout or get_queues_timeout()[QUEUE]
	return add_to_date(clock.get_now(), seconds=-longest, minutes=-GRACE_MINUTES)
