"""Find sprints with the caller's permissions, and start them."""

from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator import clock
from orchestrator.api.records import get_writable, raise_not_found
from orchestrator.doctypes import SPRINT
from orchestrator.exceptions import refuse
from orchestrator.gameplan import burndown
from orchestrator.gameplan.shapes import SprintStart
from orchestrator.gameplan.sprint_rules import ACTIVE, PLANNED, SprintStateConflictError
from orchestrator.gameplan.task_rows import list_sprint_rows
from orchestrator.period import to_iso

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.sprint.sprint import Sprint

FIELDS = [
	"name", "title", "state", "project", "team_type", "team", "start_date", "end_date", "started_at", "closed_at",
]  # fmt: skip


def get_sprint(name: str) -> frappe._dict:
	"""Return the sprint as a row, in one query. 403 if the caller may read no sprints, 404 for one that is
	missing or hidden.
	"""
	frappe.has_permission(SPRINT, "read", throw=True)
	rows = frappe.get_list(SPRINT, filters={"name": name}, fields=FIELDS, limit=1)
	if not rows:
		raise_not_found(SPRINT, name)
	return rows[0]


def lock_sprint(name: str) -> "Sprint":
	"""Return the sprint, for a caller who may write it, locked until the request ends: of two concurrent
	calls, the second sees the result of the first.
	"""
	doc = get_writable(frappe.get_meta(SPRINT), name)
	return frappe.get_doc(SPRINT, doc.name, for_update=True)


def start_sprint(name: str) -> SprintStart:
	"""Start a planned sprint. Its remaining hours become its commitment."""
	doc = lock_sprint(name)
	if doc.state != PLANNED:
		refuse(
			_("{0} is {1}; only a planned sprint can be started.").format(doc.name, _(doc.state)),
			SprintStateConflictError,
		)
	rows = list_sprint_rows(doc.name, lock=True)
	now = clock.get_now()
	committed = burndown.round_hours(sum(row.state.remaining for row in rows))
	doc.update({"state": ACTIVE, "started_at": now, "committed_hours": committed})
	save_state_change(doc)
	return SprintStart(
		sprint=doc.name,
		state=doc.state,
		started_at=to_iso(now),
		committed_hours=committed,
		tasks=len(rows),
	)


def save_state_change(doc: "Sprint") -> None:
	"""Save a sprint that starts or closes. Otherwise, its state must not change."""
	doc.flags.moved = True
	try:
		doc.save()
	finally:
		doc.flags.moved = False
