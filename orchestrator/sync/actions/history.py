"""The history of runs: one run, or the latest ones."""

import json
from collections.abc import Mapping
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, get_datetime

from orchestrator import clock
from orchestrator.doctypes import SYNC_RUN
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.period import to_iso
from orchestrator.sync.runs import run_queue
from orchestrator.sync.runs.run_records import LIVE_STATUSES
from orchestrator.sync.shapes import RunStanding

MAX_LIMIT = 500
INTERNAL_FIELDS = frozenset({"checkpoint", "lease_token"})
# Worst first: the status of a call with several runs is the worst of them.
STATUS_SEVERITY = (
	"Failed",
	"Interrupted",
	"Cancelled",
	"Held",
	"Running",
	"Queued",
	"Rolled Back",
	"Completed",
)


def list_runs(limit: int, start: int, connection: str | None) -> list[RunStanding]:
	"""Return the latest runs as the caller may see them, newest first."""
	if not 1 <= limit <= MAX_LIMIT or start < 0:
		refuse(
			_("limit must be between 1 and {0}, limit_start 0 or more.").format(MAX_LIMIT),
			InvalidRequestError,
		)
	rows = frappe.get_list(
		SYNC_RUN,
		filters={"connection": connection} if connection else {},
		fields=[
			name for name in frappe.get_meta(SYNC_RUN).get_valid_columns() if name not in INTERNAL_FIELDS
		],
		order_by="creation desc, name desc",
		limit_page_length=limit,
		limit_start=start,
	)
	return [_serialize_run(row) for row in rows]


def get_run(name: str) -> RunStanding:
	"""Return one run. DoesNotExistError (404) if there is none."""
	row = frappe.db.get_value(SYNC_RUN, name, "*", as_dict=True)
	if not row:
		refuse(_("Sync Run {0} not found.").format(name), frappe.DoesNotExistError)
	standing = _serialize_run(row)
	if row.status == "Queued":
		standing["jobs_ahead"] = run_queue.count_jobs_ahead(name)
	return standing


def _serialize_run(row: Mapping[str, Any]) -> RunStanding:
	"""Return a run's row for the reply."""
	duration = row["duration_seconds"]
	if row["status"] in LIVE_STATUSES and row["started_at"]:
		duration = (clock.get_now() - get_datetime(row["started_at"])).total_seconds()
	return {
		"run": row["name"],
		"connection": row["connection"],
		"sync_type": row["sync_type"],
		"status": row["status"],
		"dry_run": bool(row["dry_run"]),
		"since_date": _decode_text(row["since_date"]),
		"trigger": row["trigger"],
		"requested_by": row["requested_by"],
		"requested_at": to_iso(row["requested_at"] or row["creation"]) or "",
		"started_at": to_iso(row["started_at"]),
		"finished_at": to_iso(row["finished_at"]),
		"jobs_ahead": None,
		"sync_duration_seconds": round(duration or 0, 3),
		"imported": cint(row["imported"]),
		"updated": cint(row["updated"]),
		"skipped": cint(row["skipped"]),
		"failed": cint(row["failed"]),
		"pages": cint(row["pages"]),
		"records_read": cint(row["records_read"]),
		"deactivated": cint(row["deactivated"]),
		"phase": row["phase"],
		"cursor_before": _decode_text(row["cursor_before"]),
		"cursor_after": _decode_text(row["cursor_after"]),
		"resumed_from": row["resumed_from"],
		"errors": json.loads(row["errors"] or "[]"),
		"changed_fields": json.loads(row["changed_fields"] or "{}"),
		"drift": json.loads(row["drift"] or "{}"),
		"notes": (row["notes"] or "").splitlines(),
		"held_reason": row["held_reason"],
		"error": {"class": row["error_class"], "text": row["error_text"] or ""}
		if row["error_class"]
		else None,
		"rollback": json.loads(row["rollback_report"]) if row["rollback_report"] else None,
	}


def get_worst_status(standings: list[RunStanding]) -> str:
	"""Return the worst status of several runs."""
	return min((run["status"] for run in standings), key=STATUS_SEVERITY.index)


def _decode_text(value: object) -> str | None:
	return str(value) if value else None
