"""Sync Runs before and after their work: created, queued, claimed, resumed, and interrupted when their process is gone.

Each connection has one active run. A process claims a run by its lease; a run whose process is gone, or
without a heartbeat for the length of a lease, is interrupted.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError

import frappe
from frappe import _
from frappe.utils import get_datetime, getdate
from frappe.utils.background_jobs import create_job_id, get_queue, is_job_enqueued

from orchestrator import clock, leases
from orchestrator.doctypes import KIPU_CONNECTION, SYNC_RUN
from orchestrator.exceptions import ConflictError, refuse
from orchestrator.sync.runs import process
from orchestrator.sync.runs.counts import Tally
from orchestrator.sync.runs.run_records import LIVE_STATUSES, Run, RunRequest

RESUMABLE_STATUSES = ("Interrupted", "Failed", "Cancelled")
# Until then, the job of a committed run may not be in the queue yet.
QUEUE_GRACE_SECONDS = 2 * 60
MAX_RESUME_AGE = timedelta(days=1)
QUEUE_NAME = "long"
JOB_PREFIX = "orchestrator-sync-"


class RunConflictError(ConflictError):
	"""Another run of the connection is active. 409."""


def begin_run(order: RunRequest, checkpoint: dict[str, Any] | None = None) -> Run:
	"""Create a run for this process and commit it.

	An interrupted or failed run of the same kind is continued from its last page.

	Raises:
		RunConflictError: Another run of the connection is live (409).
	"""
	name = _insert_run(order, checkpoint)
	token = _claim_lease(name)
	frappe.db.commit()
	return _load_run(name, token)


def queue_run(order: RunRequest, checkpoint: dict[str, Any] | None = None) -> str:
	"""Create a run for a job, which claims it later. Commits. Return its name."""
	name = _insert_run(order, checkpoint)
	frappe.db.commit()
	return name


def claim_queued_run(name: str) -> Run | None:
	"""Claim a queued run. Return None if it is not queued any more. Commits."""
	frappe.db.commit()
	status = frappe.db.get_value(SYNC_RUN, name, "status", for_update=True)
	token = _claim_lease(name) if status == "Queued" else None
	frappe.db.commit()
	return _load_run(name, token) if token else None


def requeue_approved(name: str) -> None:
	"""Queue a held run again, approved whatever it changes.

	It reads from the beginning, because much may have changed meanwhile: records that it has written are
	recognized as its own, the rest is counted again.
	"""
	of_issues = frappe.db.get_value(SYNC_RUN, name, "sync_type") == "retry"  # its checkpoint names the run
	values = {
		**({} if of_issues else {"checkpoint": None}),
		"skipped": 0,
		"failed": 0,
		"status": "Queued",
		"approved_by": frappe.session.user,
		"finished_at": None,
		"heartbeat_at": leases.get_now(),
	}
	frappe.db.set_value(SYNC_RUN, name, values, update_modified=False)


def get_live_run(connection: str) -> str | None:
	"""Return the name of the connection's queued or running run."""
	return frappe.db.get_value(SYNC_RUN, {"connection": connection, "status": ("in", LIVE_STATUSES)})


def interrupt_dead_runs(connection: str) -> None:
	"""Mark runs of the connection whose process or job is gone as Interrupted."""
	rows = frappe.get_all(  # a cleanup job acts for all users
		SYNC_RUN,
		filters={"connection": connection, "status": ("in", LIVE_STATUSES)},
		fields=["name", "status", "heartbeat_at", "process_id"],
	)
	for row in rows:
		if _is_dead_run(row):
			ending = {"status": "Interrupted", "finished_at": clock.get_now(), "lease_token": None}
			frappe.db.set_value(SYNC_RUN, row.name, ending, update_modified=False)


def _is_dead_run(row: Mapping[str, Any]) -> bool:
	"""Return True for a run whose process is gone, or without a heartbeat for too long; for a queued one,
	whose job is gone.
	"""
	silent = (leases.get_now() - get_datetime(row["heartbeat_at"])).total_seconds()
	if row["status"] == "Running":
		return process.is_process_gone(row["process_id"]) or silent > leases.get_lease_seconds()
	return silent > QUEUE_GRACE_SECONDS and not is_job_enqueued(build_job_id(row["name"]))


def build_job_id(name: str) -> str:
	"""Return the id of a run's job."""
	return f"{JOB_PREFIX}{name}"


def count_jobs_ahead(name: str) -> int | None:
	"""Return how many jobs wait before that of a queued run, None if it is not in the queue or Redis is away."""
	with suppress(RedisError):
		return get_queue(QUEUE_NAME).get_job_position(create_job_id(build_job_id(name)))
	return None


def _insert_run(order: RunRequest, checkpoint: dict[str, Any] | None) -> str:
	# Only one process may begin a run at a time. Earlier reads may be outdated: start a new snapshot.
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
	stored = json.dumps(checkpoint) if checkpoint else None
	doc = frappe.get_doc(
		{
			"doctype": SYNC_RUN,
			**_build_request_values(order),
			"status": "Queued",
			"requested_by": frappe.session.user,
			"cursor_before": frappe.db.get_value(KIPU_CONNECTION, order.connection, "cursor"),
			"checkpoint": previous.checkpoint if previous else stored,
			"resumed_from": previous.name if previous else None,
			"requested_at": clock.get_now(),
			"heartbeat_at": leases.get_now(),
		}
	).insert(ignore_permissions=True)  # users have no permission to write runs
	return str(doc.name)


def _claim_lease(name: str) -> str:
	"""Acquire the lease of a queued run for this process. Return the token."""
	token = frappe.generate_hash(length=20)
	values = {
		"status": "Running",
		"lease_token": token,
		"host": process.get_host(),
		"process_id": process.get_process_id(),
		"heartbeat_at": leases.get_now(),
		"cancel_requested": 0,
	}
	# An approved run continues: records that it created before the approval are its own.
	if not frappe.db.get_value(SYNC_RUN, name, "started_at"):
		values["started_at"] = clock.get_now()
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
	"""Return the latest run of the same kind, if it did not finish and has a checkpoint of today."""
	last = frappe.db.get_value(
		SYNC_RUN,
		{"connection": order.connection, "sync_type": order.sync_type, "dry_run": 0},
		["name", "status", "checkpoint", "since_date", "heartbeat_at"],
		order_by="creation desc",
		as_dict=True,
	)
	if not last or last.status not in RESUMABLE_STATUSES or not last.checkpoint:
		return None
	fresh = leases.get_now() - get_datetime(last.heartbeat_at) < MAX_RESUME_AGE
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
