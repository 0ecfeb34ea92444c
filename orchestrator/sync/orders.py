"""What a caller may ask of the sync, read strictly, and how it is carried out: here and now, or in a job."""

import time
from collections.abc import Collection
from datetime import date, datetime, timedelta, timezone

import frappe
from frappe import _

from orchestrator.api.call import current
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.period import read_date
from orchestrator.sync import connection, engine, history, runs
from orchestrator.sync.connection import InvalidSettingsError, Source
from orchestrator.sync.errors import SyncError, TransientError
from orchestrator.sync.runs import Order, RunConflictError
from orchestrator.sync.shapes import RunStanding, SyncResult
from orchestrator.sync.work import Watch, day_after

SYNC_TYPES = ("incremental", "full")
QUEUE = "long"
TIMEOUT = 6 * 60 * 60
# More records than that are not waited for; nor is a remote that asks for more patience than so many seconds.
WAITED_FOR = 1000
WAITED_SECONDS = 10.0


class _RemoteBusyError(Exception):
	"""The remote asks to be left alone for a while."""


def read_order(sync_type: str, dry_run: bool, since_date: str | None) -> Order:
	"""The order without its connection. Raises InvalidRequestError (400) naming what is wrong."""
	if sync_type not in SYNC_TYPES:
		refuse(
			_("sync_type must be one of {0}, not {1}.").format(", ".join(SYNC_TYPES), sync_type[:40]),
			InvalidRequestError,
		)
	since = read_date("since_date", since_date) if since_date else None
	if since and not date(2000, 1, 1) <= since <= datetime.now(timezone.utc).date() + timedelta(days=1):
		refuse(_("since_date must be a day between 2000-01-01 and today."), InvalidRequestError)
	kind = "backfill" if since else sync_type
	return Order("", kind, dry_run, since, _asked_by())


def _asked_by() -> str:
	"""Desk, or another client of the API."""
	call = current()
	return "Desk" if call and call.from_browser else "API"


def connections_for(name: str | None) -> list[str]:
	"""The connection asked for, or all that are enabled. Raises 404 for an unknown one, 422 where there is none."""
	if name:
		if not frappe.db.exists(connection.DOCTYPE, name):
			refuse(_("Kipu Connection {0} not found.").format(name), frappe.DoesNotExistError)
		if not frappe.db.get_value(connection.DOCTYPE, name, "enabled"):
			refuse(
				_("Kipu Connection {0} is switched off. Enable it first.").format(name), InvalidSettingsError
			)
		return [name]
	# get_all: whoever may start a sync may start all of it.
	names = frappe.get_all(connection.DOCTYPE, filters={"enabled": 1}, pluck="name", order_by="name")
	if not names:
		refuse(_("No Kipu Connection is enabled. Create or enable one first."), InvalidSettingsError)
	return names


def carry_out(order: Order, names: Collection[str], background: bool | None) -> SyncResult:
	"""Run each connection. With several, what stops one does not stop the others."""
	for name in names:
		connection.read(name)
		connection.check_keys(name)
	several = len(names) > 1
	standings = [carry_out_one(_for(order, name), background, several) for name in names]
	return result_of(order, standings)


def carry_out_one(order: Order, background: bool | None, several: bool) -> RunStanding:
	"""Run one connection, here or in a job. One of several that is busy is told by the run that is at work."""
	try:
		if background is None:
			background = is_large(order)
		return start_job(order) if background else run_here(order)
	except RunConflictError:
		live = runs.live_run(order.connection)
		if several and live:
			frappe.clear_last_message()
			return history.standing(live)
		raise


def run_here(order: Order, watch: Watch | None = None) -> RunStanding:
	"""Run in this process and wait for the end."""
	run = runs.begin(order)
	engine.execute(run, watch)
	return history.standing(run.name)


def start_job(order: Order) -> RunStanding:
	"""Leave the run to a job."""
	name = runs.queue(order)
	enqueue(name)
	return history.standing(name)


def enqueue(name: str) -> None:
	"""The job of a queued run. Its arguments hold the run's name and nothing else."""
	frappe.enqueue(
		"orchestrator.sync.jobs.run_queued", queue=QUEUE, timeout=TIMEOUT, job_id=runs.job_id(name), run=name
	)


def is_large(order: Order) -> bool:
	"""True if there is more to read than a caller should wait for, by what the remote says of the first page; also if the
	remote is busy. If it says nothing, the run will say why."""
	source = connection.read(order.connection)
	start = first_day(order, source)
	client, session = connection.open_client(source.name, _wait_a_little)
	try:
		page = next(client.latest(start, day_after(datetime.now(timezone.utc).date())))
	except _RemoteBusyError:
		return True
	except SyncError as error:
		return isinstance(error, TransientError) and bool(error.retry_after)
	finally:
		session.close()
	return (page.total_records or 0) > WAITED_FOR


def _wait_a_little(seconds: float) -> None:
	if seconds > WAITED_SECONDS:
		raise _RemoteBusyError
	time.sleep(seconds)


def first_day(order: Order, source: Source) -> date:
	"""From when on an order reads."""
	if order.since_date or order.sync_type == "full" or not source.cursor:
		return order.since_date or source.history_start
	return source.cursor - timedelta(days=source.overlap_days)


def result_of(order: Order, standings: list[RunStanding]) -> SyncResult:
	"""The counts of all runs, as the API reference has them."""
	only = standings[0] if len(standings) == 1 else None
	return {
		"imported": sum(run["imported"] for run in standings),
		"updated": sum(run["updated"] for run in standings),
		"skipped": sum(run["skipped"] for run in standings),
		"errors": [error for run in standings for error in run["errors"]],
		"sync_duration_seconds": round(sum(run["sync_duration_seconds"] for run in standings), 3),
		"run": only["run"] if only else None,
		"status": history.gravest(standings),
		"background": any(run["status"] in runs.LIVE for run in standings),
		"dry_run": order.dry_run,
		"sync_type": order.sync_type,
		"cursor_before": only["cursor_before"] if only else None,
		"cursor_after": only["cursor_after"] if only else None,
		"runs": standings,
	}


def _for(order: Order, name: str) -> Order:
	return Order(name, order.sync_type, order.dry_run, order.since_date, order.trigger)
