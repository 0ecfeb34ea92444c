"""A Sync Run in the process that executes it: its row is updated with each page and finished once.

The process holds the lease: each write includes the lease's token, and is refused once another process has
claimed the run.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import frappe

from orchestrator import clock, leases
from orchestrator.doctypes import SYNC_RUN
from orchestrator.sync.runs.counts import Tally

LIVE_STATUSES = ("Queued", "Running")


class LeaseLostError(Exception):
	"""Another process has claimed the run: this one must not write any more."""


class RunCancelledError(Exception):
	"""Somebody cancelled the run."""


@dataclass(frozen=True, slots=True)
class RunRequest:
	"""The parameters of a requested run."""

	connection: str
	sync_type: str
	dry_run: bool = False
	since_date: date | None = None
	trigger: str = "API"


@dataclass(slots=True)
class Run:
	"""A run claimed by this process."""

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
		"""Add a note to the run's history. No values, no names."""
		if text not in self.notes:
			self.notes.append(text)

	def commit(self, checkpoint: dict[str, Any]) -> None:
		"""Commit the page's work with its checkpoint.

		Raises LeaseLostError or RunCancelledError, and nothing is saved.
		"""
		self.write_row(self._build_progress(checkpoint))
		frappe.db.commit()
		self.checkpoint = checkpoint

	def send_heartbeat(self) -> None:
		"""Update the heartbeat without other work to commit. Raises LeaseLostError or RunCancelledError."""
		self.write_row({})
		frappe.db.commit()

	def write_row(self, values: Mapping[str, Any]) -> None:
		"""Write to the run's row, with a heartbeat, if this process still has the lease and the run is not cancelled."""
		heartbeat = f"`heartbeat_at`={leases.build_now_expression()}"
		columns = ", ".join([heartbeat, *(f"`{name}`=%({name})s" for name in values)])
		frappe.db.sql(
			f"update `tab{SYNC_RUN}` set {columns} where name=%(_name)s and lease_token=%(_token)s"  # noqa: S608
			" and status='Running' and cancel_requested=0",
			{**values, "_name": self.name, "_token": self.token},
		)
		if not frappe.db._cursor.rowcount:
			self._raise_lease_error()

	def finish_run(self, status: str, **values: Any) -> None:
		"""End the run and commit. The holder of the lease may end a cancelled run, too."""
		finished = clock.get_now()
		ending = {
			**self._build_progress(self.checkpoint),
			"heartbeat_at": leases.get_now(),
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
		"""Return True if no other process has claimed the run. Locks its row."""
		held = frappe.db.get_value(
			SYNC_RUN, self.name, ["lease_token", "status"], as_dict=True, for_update=True
		)
		return bool(held and held.lease_token == self.token and held.status == "Running")

	def _raise_lease_error(self) -> None:
		has_lease = self.holds_lease()
		frappe.db.rollback()
		raise RunCancelledError(self.name) if has_lease else LeaseLostError(self.name)

	def _build_progress(self, checkpoint: dict[str, Any]) -> dict[str, Any]:
		tally = self.tally
		return {
			"checkpoint": json.dumps(checkpoint),
			"phase": checkpoint.get("phase"),
			"window_start": checkpoint.get("start"),
			"window_end": checkpoint.get("end"),
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
