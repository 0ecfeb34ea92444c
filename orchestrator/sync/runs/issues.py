"""Sync Issues: records that could not be imported, and findings for a person to review. Each subject has one
issue, by its name.
"""

import base64
import hashlib
from collections.abc import Collection, Container
from typing import Any, Literal

import frappe

from orchestrator import clock
from orchestrator.doctypes import SYNC_ISSUE
from orchestrator.sync.kipu.fields import FIELDS
from orchestrator.sync.runs.counts import RecordFailure

Kind = Literal["Record", "Conflict", "Identity", "Drift", "Route"]


class IssueTracker:
	"""The open issues of a connection during one run. A dry run passes `None` as run: it reads and writes
	nothing.
	"""

	def __init__(self, connection: str, run: str | None) -> None:
		self._connection = connection
		self._run = run
		# get_all: a run acts for all users
		rows = frappe.get_all(
			SYNC_ISSUE,
			filters={"connection": connection, "status": ("!=", "Resolved")},
			fields=["name", "status", "kind", "casefile_id", "field"],
		)
		self._status = {row.name: row.status for row in rows}
		# Casefile -> open issues of its record, each with its field.
		self._of_casefile: dict[str, dict[str, str]] = {}
		for row in rows:
			if row.kind == "Record" and row.status == "Open":
				self._of_casefile.setdefault(row.casefile_id or "", {})[row.name] = row.field or ""

	def is_discarded(self, failure: RecordFailure) -> bool:
		"""Return True if this failure was discarded."""
		name = _build_issue_name(self._connection, "Record", failure.casefile_id, failure.code, failure.field)
		return self._status.get(name) == "Discarded"

	def record_failure(self, failure: RecordFailure) -> None:
		"""Record a failed record or field, unless it is recorded already."""
		self.create_issue(
			"Record",
			failure.code,
			casefile_id=failure.casefile_id,
			field=failure.field,
			retryable=failure.retryable,
		)

	def create_issue(
		self,
		kind: Kind,
		code: str,
		*,
		casefile_id: str = "",
		field: str = "",
		retryable: bool = False,
		reference: tuple[str, str] | None = None,
	) -> bool:
		"""Create an issue for a person to review. Return True if it is new."""
		key = (kind, casefile_id, code, field) if not reference else (kind, reference[1], code, field)
		name = _build_issue_name(self._connection, *key)
		# A resolved issue was about an earlier conflict.
		if self._status.get(name) == "Open" or (name in self._status and kind != "Conflict"):
			return False
		self._status[name] = "Open"
		if kind == "Record":
			self._of_casefile.setdefault(casefile_id, {})[name] = field
		if self._run:
			_save_issue(
				name,
				connection=self._connection,
				kind=kind,
				status="Open",
				casefile_id=casefile_id or None,
				code=code,
				field=field or None,
				retryable=int(retryable),
				sync_run=self._run,
				last_seen=clock.get_now(),
				reference_doctype=reference[0] if reference else None,
				reference_name=reference[1] if reference else None,
				closed_by=None,
			)
		return True

	def resolve_route(self, route: str) -> None:
		"""Resolve the issue of a route that replies again."""
		for code in ("disabled", "refused"):
			name = _build_issue_name(self._connection, "Route", "", code, route)
			if self._status.pop(name, None) == "Open" and self._run:
				close_issue(name, "Resolved")

	def resolve_record(
		self, casefile: str, sent: Container[str] | None = None, failures: Collection[RecordFailure] = ()
	) -> None:
		"""Resolve the open issues of an imported record, except its present `failures`.

		Args:
			casefile: The record's casefile id.
			sent: Names of the fields that the record had: an issue of a field that was not sent stays. None for all.
			failures: What is still wrong with it.
		"""
		if casefile not in self._of_casefile:
			return
		wrong = {
			_build_issue_name(self._connection, "Record", casefile, each.code, each.field)
			for each in failures
		}
		for name, field in list(self._of_casefile[casefile].items()):
			if name in wrong or not (sent is None or field not in FIELDS or field in sent):
				continue
			del self._of_casefile[casefile][name]
			self._status.pop(name, None)
			if self._run:
				close_issue(name, "Resolved")


def _build_issue_name(connection: str, kind: str, subject: str, code: str, field: str) -> str:
	"""Return the name of an issue: the same problem gets the same name."""
	digest = hashlib.sha256("\n".join((connection, kind, subject, code, field)).encode()).digest()
	return f"SI-{base64.b32encode(digest).decode()[:16]}"


def close_issue(name: str, status: Literal["Resolved", "Discarded"]) -> None:
	"""Close an issue."""
	doc = frappe.get_doc(SYNC_ISSUE, name)
	doc.update({"status": status, "closed_by": frappe.session.user, "last_seen": clock.get_now()})
	doc.save(ignore_permissions=True)  # users have no permission to write issues


def _save_issue(name: str, **values: Any) -> None:
	if frappe.db.exists(SYNC_ISSUE, name):
		doc = frappe.get_doc(SYNC_ISSUE, name)
		doc.update(values)
		doc.save(ignore_permissions=True)
		return
	frappe.get_doc({"doctype": SYNC_ISSUE, **values}).insert(ignore_permissions=True, set_name=name)
