"""The velocity: hours completed in the last closed sprints, from the figures saved when they were closed."""

from collections.abc import Sequence
from statistics import mean

import frappe
from frappe import _

from orchestrator.api.records import get_readable
from orchestrator.doctypes import SPRINT
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.gameplan.burndown import round_hours
from orchestrator.gameplan.shapes import ClosedSprintFigures, Velocity
from orchestrator.gameplan.sprint_rules import CLOSED

MAX_SPRINTS = 50
FIELDS = [
	"name", "title", "start_date", "end_date", "committed_hours", "completed_hours", "completed_tasks", "unfinished_tasks",
]  # fmt: skip


def check_request(project: str | None, team: str | None, count: int) -> None:
	"""Refuse (400) a request without project and team or without sprints, and (404) a project that the caller
	may not read.
	"""
	if not (project or team):
		refuse(_("Send a project or a team."), InvalidRequestError)
	if not 1 <= count <= MAX_SPRINTS:
		refuse(_("sprints must be between 1 and {0}.").format(MAX_SPRINTS), InvalidRequestError)
	if project:
		get_readable(frappe.get_meta("Project"), project)


def compute_velocity(project: str | None, team: str | None, count: int) -> Velocity:
	"""Return the velocity over the last closed sprints that the caller may read."""
	filters = {"state": CLOSED}
	filters |= {"project": project} if project else {}
	filters |= {"team": team} if team else {}
	rows = frappe.get_list(
		SPRINT, filters=filters, fields=FIELDS, order_by="end_date desc, closed_at desc", limit=count
	)
	sprints = [_build_sprint_figures(row) for row in reversed(rows)]
	return Velocity(
		sprints=sprints,
		average_completed_hours=_compute_average([sprint["completed_hours"] for sprint in sprints]),
		average_completed_tasks=_compute_average([sprint["completed_tasks"] for sprint in sprints]),
	)


def _build_sprint_figures(row: frappe._dict) -> ClosedSprintFigures:
	return ClosedSprintFigures(
		sprint=row.name,
		title=row.title,
		start_date=str(row.start_date),
		end_date=str(row.end_date),
		committed_hours=round_hours(row.committed_hours),
		completed_hours=round_hours(row.completed_hours),
		completed_tasks=row.completed_tasks,
		unfinished_tasks=row.unfinished_tasks,
	)


def _compute_average(values: Sequence[float]) -> float | None:
	return round_hours(mean(values)) if values else None
