"""What somebody may do with a run that is there: stop it, let it go on, take it back. And with records that failed."""

import json
from collections.abc import Collection
from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from orchestrator.api.parameters import parse_json
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.sync import alerts, engine, history, issues, orders, runs
from orchestrator.sync.runs import DOCTYPE, Order
from orchestrator.sync.shapes import RunStanding
from orchestrator.sync.work import Watch

MOST_ISSUES = 500
# More records than that are taken back by a job.
TAKEN_BACK_NOW = 200
OVER = ("Completed", "Held", "Failed", "Cancelled", "Interrupted")


def cancel(name: str) -> RunStanding:
	"""Stop a run: at once if nobody works on it, else before its next page. 409 if it is over."""
	status = frappe.db.get_value(DOCTYPE, _existing(name), "status", for_update=True)
	if status in ("Queued", "Held"):
		values = {"status": "Cancelled", "finished_at": now_datetime(), "lease_token": None}
	elif status == "Running":
		values = {"cancel_requested": 1}
	else:
		refuse(
			_("Run {0} has ended ({1}), so there is nothing to cancel.").format(name, _(status)),
			ConflictError,
		)
	frappe.db.set_value(DOCTYPE, name, values, update_modified=False)
	return history.standing(name)


def approve(name: str) -> RunStanding:
	"""Let a held run go on in a job. 409 if it is not held, or another is at work."""
	row = frappe.db.get_value(
		DOCTYPE, _existing(name), ["status", "dry_run", "connection"], as_dict=True, for_update=True
	)
	if row.status != "Held" or row.dry_run:
		refuse(_("Run {0} is not waiting for approval.").format(name), ConflictError)
	if live := runs.live_run(row.connection):
		refuse(
			_("Run {0} of {1} is still running. Wait until it ends.").format(live, row.connection),
			runs.RunConflictError,
		)
	runs.approve(name)
	frappe.db.commit()
	orders.enqueue(name)
	return history.standing(name)


def roll_back(name: str, watch: Watch | None = None) -> RunStanding:
	"""Take a run back; a large one in a job, unless somebody watches. Returns the run that does it. 409 if it can't be, or
	another is at work."""
	row = frappe.db.get_value(
		DOCTYPE,
		_existing(name),
		["status", "dry_run", "connection", "sync_type", "imported", "updated"],
		as_dict=True,
	)
	if row.status not in OVER or row.dry_run or row.sync_type == "rollback":
		refuse(_("Run {0} cannot be rolled back: it is {1}.").format(name, _(row.status)), ConflictError)
	order = Order(row.connection, "rollback")
	checkpoint = _interrupted(order, name) or {"target": name}
	if watch is None and row.imported + row.updated > TAKEN_BACK_NOW:
		queued = runs.queue(order, checkpoint)
		orders.enqueue(queued)
		return history.standing(queued)
	run = runs.begin(order, checkpoint)
	engine.execute(run, watch)
	return history.standing(run.name)


def retry(connection: str, names: Collection[str] | None) -> RunStanding:
	"""Read records that failed once more, one by one, all of the connection's or those named."""
	chosen = _chosen(connection, names)
	run = runs.begin(Order(connection, "retry"), {"issues": chosen})
	engine.execute(run)
	return history.standing(run.name)


def discard(names: Collection[str]) -> int:
	"""Leave these alone from now on. Returns how many were open."""
	rows = _rows(names)
	opened = [row.name for row in rows if row.status == "Open"]
	for name in opened:
		issues.close(name, "Discarded")
	return len(opened)


def read_names(issues: str | list[str]) -> list[str]:
	"""The names, also where they come as JSON text, as Desk sends lists. InvalidRequestError (400) for anything else."""
	names = parse_json("issues", issues)
	if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
		refuse(_("issues must be a list of names."), InvalidRequestError)
	return names


def resume(connection: str) -> None:
	"""Let the schedule run a paused connection again."""
	if not frappe.db.exists(alerts.CONNECTION, connection):
		refuse(_("Kipu Connection {0} not found.").format(connection), frappe.DoesNotExistError)
	values = {"status": "Active", "paused_reason": None}
	frappe.db.set_value(alerts.CONNECTION, connection, values, update_modified=False)
	frappe.clear_document_cache(alerts.CONNECTION, connection)


def _interrupted(order: Order, target: str) -> dict[str, Any] | None:
	"""Where an earlier rollback of the same run stopped."""
	filters = {"connection": order.connection, "sync_type": "rollback", "status": ("in", runs.RESUMABLE)}
	last = frappe.db.get_value(DOCTYPE, filters, "checkpoint", order_by="creation desc")
	checkpoint = json.loads(last or "{}")
	return checkpoint if checkpoint.get("target") == target else None


def _chosen(connection: str, names: Collection[str] | None) -> list[str]:
	if names:
		rows = [row for row in _rows(names) if row.connection == connection]
	else:
		filters = {"connection": connection, "kind": "Record", "status": "Open"}
		# get_all: whoever may run the sync may run all of it.
		rows = frappe.get_all(
			issues.DOCTYPE, filters=filters, fields=["name", "status"], limit=MOST_ISSUES, order_by="creation"
		)
	opened = [row.name for row in rows if row.status == "Open"]
	if not opened:
		refuse(_("There is no open issue to retry."), ConflictError)
	return opened


def _rows(names: Collection[str]) -> list[frappe._dict]:
	if not 1 <= len(names) <= MOST_ISSUES:
		refuse(_("Send between 1 and {0} issues.").format(MOST_ISSUES), InvalidRequestError)
	rows = frappe.get_all(
		issues.DOCTYPE, filters={"name": ("in", list(names))}, fields=["name", "status", "kind", "connection"]
	)
	if missing := set(names) - {row.name for row in rows}:
		refuse(_("Sync Issue {0} not found.").format(", ".join(sorted(missing))), frappe.DoesNotExistError)
	return rows


def _existing(name: str) -> str:
	if not frappe.db.exists(DOCTYPE, name):
		refuse(_("Sync Run {0} not found.").format(name), frappe.DoesNotExistError)
	return name
