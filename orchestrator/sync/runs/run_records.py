"""A Sync Run as the record of work: begun before it, kept up with each page, ended once. One at a time per connection.

The lease: whoever holds a run has its token, and every write of theirs names it. A run whose process is gone, or that has
not been heard of for `LEASE_SECONDS`, is taken from it; what its holder then still wants to write is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_datetime, getdate
from frappe.utils.background_jobs import is_job_enqueued

from orchestrator import clock
from orchestrator.doctypes import KIPU_CONNECTION, SYNC_RUN
from orchestrator.exceptions import ConflictError, refuse
from orchestrator.sync.runs import process
from orchestrator.sync.runs.counts import Tally

LIVE_STATUSES = ("Queued", "Running")
RESUMABLE_STATUSES = ("Interrupted", "Failed", "Cancelled")
LEASE_SECONDS = 10 * 60
# Until then a queued run may be on its way from the database to the queue.
QUEUE_GRACE_SECONDS = 2 * 60
MAX_RESUME_AGE = timedelta(days=1)
JOB_PREFIX = "orchestrator-sync-"


class RunConflictError(ConflictError):
	"""Another run of the connection is at work. 409."""


class LeaseLostError(Exception):
	"""The run was taken from this process: it must write nothing more."""


class RunCancelledError(Exception):
	"""Somebody asked the run to stop."""


@dataclass(frozen=True, slots=True)
class RunRequest:
	"""What is asked for."""

	connection: str
	sync_type: str
	dry_run: bool = False
	since_date: date | None = None
	trigger: str = "API"


@dataclass(slots=True)
class Run:
	"""A run in the hands of this process."""

	name: str
	request: RunRequest
	token: str
	started_at: datetime
	cursor_before: date | None
	checkpoint: dict[str, Any]
	approved: bool = False
	resumed_from: str | None = None
	tally: Tally = field(default_factory=Tally)
	notes: list[str] = field(default_factory=list)
	drift: dict[str, list[str]] = field(default_factory=dict)
	in_care_before: int = 0

	def add_note(self, text: str) -> None:
		"""Something that whoever reads the history should know. No values, no names."""
		if text not in self.notes:
			self.notes.append(text)

	def commit(self, checkpoint: dict[str, Any]) -> None:
		"""Commit the page's work together with where to go on. Raises LeaseLostError or RunCancelledError, and nothing is kept."""
		self.write_row(self._build_progress(checkpoint))
		frappe.db.commit()
		self.checkpoint = checkpoint

	def send_heartbeat(self) -> None:
		"""Say that this run is alive, when there is nothing to commit. Raises LeaseLostError or RunCancelledError."""
		self.write_row({"heartbeat_at": clock.get_now()})
		frappe.db.commit()

	def write_row(self, values: Mapping[str, Any]) -> None:
		"""Write to the run's row, if it is still ours and nobody wants it to stop."""
		names = ", ".join(f"`{name}`=%({name})s" for name in values)
		frappe.db.sql(
			f"update `tab{SYNC_RUN}` set {names} where name=%(_name)s and lease_token=%(_token)s"  # noqa: S608
			" and status='Running' and cancel_requested=0",
			{**values, "_name": self.name, "_token": self.token},
		)
		if not frappe.db._cursor.rowcount:
			self._raise_lease_error()

	def finish_run(self, status: str, **values: Any) -> None:
		"""End the run and commit. A cancelled one may still be ended by its holder."""
		finished = clock.get_now()
		ending = {
			**self._build_progress(self.checkpoint),
			**values,
			"status": status,
			"finished_at": finished,
			"duration_seconds": round((finished - self.started_at).total_seconds(), 3),
			"cancel_requested": 0,
		}
		if not self.holds_lease():
			frappe.db.rollback()
			raise LeaseLostError(self.name)
		frappe.db.set_value(SYNC_RUN, self.name, ending, update_modified=False)
		frappe.db.commit()

	def holds_lease(self) -> bool:
		"""True while nobody has taken the run from this process. Locks its row."""
		held = frappe.db.get_value(
			SYNC_RUN, self.name, ["lease_token", "status"], as_dict=True, for_update=True
		)
		return bool(held and held.lease_token == self.token and held.status == "Running")

	def _raise_lease_error(self) -> None:
		mine = self.holds_lease()
		frappe.db.rollback()
		raise RunCancelledError(self.name) if mine else LeaseLostError(self.name)

	def _build_progress(self, checkpoint: dict[str, Any]) -> dict[str, Any]:
		tally = self.tally
		return {
			"heartbeat_at": clock.get_now(),
			"checkpoint": json.dumps(checkpoint),
			"phase": checkpoint.get("phase"),
			"imported": tally.imported,
			"updated": tally.updated,
			"skipped": tally.skipped,
			"failed": tally.failed,
			"pages": tally.pages,
			"records_read": tally.records_read,
			"deactivated": tally.deactivated,
			"in_care_before": self.in_care_before,
			"changed_fields": json.dumps(dict(sorted(tally.changed_fields.items())), indent=1),
			"errors": json.dumps([failure.to_dict() for failure in tally.failures], indent=1),
			"drift": json.dumps(self.drift, indent=1) if self.drift else None,
			"notes": "\n".join(self.notes) or None,
		}


def begin_run(order: RunRequest, checkpoint: dict[str, Any] | None = None) -> Run:
	"""A new run in the hands of this process, its row committed. Raises RunConflictError (409) naming the run that is at work.

	A run of the same kind that was interrupted, or failed, is gone on with from its last page."""
	name = _insert_run(order, checkpoint)
	token = _claim_lease(name)
	frappe.db.commit()
	return _load_run(name, token)


def queue_run(order: RunRequest, checkpoint: dict[str, Any] | None = None) -> str:
	"""The same for a job that is yet to start: the run waits in the queue. Commits."""
	name = _insert_run(order, checkpoint)
	frappe.db.commit()
	return name


def claim_queued_run(name: str) -> Run | None:
	"""The run, if it waits and nobody else took it; None otherwise. Commits."""
	frappe.db.commit()
	status = frappe.db.get_value(SYNC_RUN, name, "status", for_update=True)
	token = _claim_lease(name) if status == "Queued" else None
	frappe.db.commit()
	return _load_run(name, token) if token else None


def requeue_approved(name: str) -> None:
	"""Let a held run go on, whatever it changes. It reads from the beginning, as much may have happened meanwhile: what it
	has written already is recognised as its own, the rest is counted anew."""
	of_issues = frappe.db.get_value(SYNC_RUN, name, "sync_type") == "retry"  # its checkpoint says which
	values = {
		**({} if of_issues else {"checkpoint": None}),
		"skipped": 0,
		"failed": 0,
		"status": "Queued",
		"approved_by": frappe.session.user,
		"finished_at": None,
		"heartbeat_at": clock.get_now(),
	}
	frappe.db.set_value(SYNC_RUN, name, values, update_modified=False)


def get_live_run(connection: str) -> str | None:
	"""The run that is queued or at work."""
	return frappe.db.get_value(SYNC_RUN, {"connection": connection, "status": ("in", LIVE_STATUSES)})


def interrupt_dead_runs(connection: str) -> None:
	"""Mark as Interrupted the runs of the connection that nobody will ever end."""
	rows = frappe.get_all(  # a janitor sees everybody's
		SYNC_RUN,
		filters={"connection": connection, "status": ("in", LIVE_STATUSES)},
		fields=["name", "status", "heartbeat_at", "host", "process_id"],
	)
	for row in rows:
		if _is_dead_run(row):
			ending = {"status": "Interrupted", "finished_at": clock.get_now(), "lease_token": None}
			frappe.db.set_value(SYNC_RUN, row.name, ending, update_modified=False)


def _is_dead_run(row: Mapping[str, Any]) -> bool:
	"""True of a run whose process is gone, or that was not heard of for too long; of a queued one, whose job is gone."""
	silent = (clock.get_now() - get_datetime(row["heartbeat_at"])).total_seconds()
	if row["status"] == "Running":
		return process.is_process_gone(row["host"], row["process_id"]) or silent > LEASE_SECONDS
	return silent > QUEUE_GRACE_SECONDS and not is_job_enqueued(build_job_id(row["name"]))


def build_job_id(name: str) -> str:
	"""The id of a run's job."""
	return f"{JOB_PREFIX}{name}"


def _insert_run(order: RunRequest, checkpoint: dict[str, Any] | None) -> str:
	# One beginner at a time. What was read before may be old: begin anew.
	frappe.db.commit()
	frappe.db.get_value(KIPU_CONNECTION, order.connection, "name", for_update=True)
	interrupt_dead_runs(order.connection)
	if live := get_live_run(order.connection):
		frappe.db.commit()
		refuse(
			_("Run {0} of {1} is still running. Wait until it ends, or cancel it.").format(
				live, order.connection
			),
			RunConflictError,
		)
	previous = None if order.dry_run or checkpoint else _find_resumable_run(order)
	kept = json.dumps(checkpoint) if checkpoint else None
	doc = frappe.get_doc(
		{
			"doctype": SYNC_RUN,
			**_build_request_values(order),
			"status": "Queued",
			"requested_by": frappe.session.user,
			"cursor_before": frappe.db.get_value(KIPU_CONNECTION, order.connection, "cursor"),
			"checkpoint": previous.checkpoint if previous else kept,
			"resumed_from": previous.name if previous else None,
			"started_at": clock.get_now(),
			"heartbeat_at": clock.get_now(),
		}
	).insert(ignore_permissions=True)  # nobody may write runs by hand
	return str(doc.name)


def _claim_lease(name: str) -> str:
	"""Make a queued run this process's. Returns the token."""
	token = frappe.generate_hash(length=20)
	values = {
		"status": "Running",
		"lease_token": token,
		"host": process.get_host(),
		"process_id": process.get_process_id(),
		"heartbeat_at": clock.get_now(),
		"cancel_requested": 0,
	}
	frappe.db.set_value(SYNC_RUN, name, values, update_modified=False)
	return token


def _build_request_values(order: RunRequest) -> dict[str, Any]:
	return {
		"connection": order.connection,
		"sync_type": order.sync_type,
		"dry_run": int(order.dry_run),
		"since_date": order.since_date,
		"trigger": order.trigger,
	}


def _find_resumable_run(order: RunRequest) -> frappe._dict | None:
	"""The last run of the same kind, if it did not come to its end and left a checkpoint of today."""
	last = frappe.db.get_value(
		SYNC_RUN,
		{"connection": order.connection, "sync_type": order.sync_type, "dry_run": 0},
		["name", "status", "checkpoint", "since_date", "heartbeat_at"],
		order_by="creation desc",
		as_dict=True,
	)
	if not last or last.status not in RESUMABLE_STATUSES or not last.checkpoint:
		return None
	fresh = clock.get_now() - get_datetime(last.heartbeat_at) < MAX_RESUME_AGE
	return last if fresh and last.since_date == order.since_date else None


def _load_run(name: str, token: str) -> Run:
	row = frappe.db.get_value(SYNC_RUN, name, "*", as_dict=True)
	since = getdate(row.since_date) if row.since_date else None
	return Run(
		name=name,
		request=RunRequest(row.connection, row.sync_type, bool(row.dry_run), since, row.trigger),
		token=token,
		started_at=get_datetime(row.started_at),
		cursor_before=getdate(row.cursor_before) if row.cursor_before else None,
		checkpoint=json.loads(row.checkpoint or "{}"),
		approved=bool(row.approved_by),
		resumed_from=row.resumed_from,
		tally=Tally(
			row.imported, row.updated, row.skipped, row.failed, row.pages, row.records_read, row.deactivated
		),
	)
