"""The gameplan endpoints: a sprint's burndown and burn-up, its board and its members' load, its start and its end."""

import frappe
from frappe import _lt

from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.api.parameters import parse_whole_number
from orchestrator.gameplan import board, burndown, capacity, closing, velocity
from orchestrator.gameplan import sprints as sprint_records
from orchestrator.gameplan.shapes import (
	SprintBoard,
	SprintBurndown,
	SprintBurnup,
	SprintCapacity,
	SprintClosing,
	SprintStart,
	Velocity,
)

LAST_SPRINTS = 5


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Burndown computed"), effect=READ)
def get_sprint_burndown(sprint: str) -> SprintBurndown:
	"""Hours that remain in a sprint, day by day, beside the ideal line; scope added and removed; a forecast.

	For who may read the sprint and its project. Raises PermissionError (403) where the caller may read no sprints,
	DoesNotExistError (404) for one that is missing or hidden."""
	return burndown.build_burndown(sprint_records.get_sprint(sprint))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Burn-up computed"), effect=READ)
def get_sprint_burnup(sprint: str) -> SprintBurnup:
	"""The hours in a sprint and those done of them, day by day. For whom, and what it raises: as get_sprint_burndown."""
	return burndown.build_burnup(sprint_records.get_sprint(sprint))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Board fetched"), effect=READ)
def get_sprint_board(sprint: str) -> SprintBoard:
	"""A sprint's tasks by phase of work: those that the caller may read. Raises as get_sprint_burndown does."""
	return board.build_board(sprint_records.get_sprint(sprint))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Capacity computed"), effect=READ)
def get_sprint_capacity(sprint: str) -> SprintCapacity:
	"""What each member of a sprint has to do beside the hours they have. Raises as get_sprint_burndown does."""
	return capacity.build_capacity(sprint_records.get_sprint(sprint).name)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Velocity computed"), effect=READ)
def get_velocity(
	project: str | None = None, team: str | None = None, sprints: str | int | None = None
) -> Velocity:
	"""What the last closed sprints (5, or as many as `sprints` says) of a project or a team completed, and on average.

	For who may read sprints; of those, the ones they may read. Raises PermissionError (403), DoesNotExistError (404)
	for a project that is missing or hidden, InvalidRequestError (400) without project and team, or for a number out of bounds."""
	frappe.has_permission("Sprint", "read", throw=True)
	count = parse_whole_number("sprints", sprints, LAST_SPRINTS)
	velocity.check_request(project, team, count)
	return velocity.compute_velocity(project, team, count)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sprint started"), effect=WRITE)
def start_sprint(sprint: str) -> SprintStart:
	"""Start a planned sprint. What remains in it now is its commitment; later changes of its scope are told as such.

	For who may write the sprint. Raises DoesNotExistError (404), PermissionError (403), SprintStateConflictError (409) for a
	sprint that is not planned, SprintOverlapConflictError (409) where the project or team has an active one on some of its days."""
	return sprint_records.start_sprint(sprint)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sprint closed"), effect=WRITE)
def close_sprint(sprint: str, next_sprint: str | None = None) -> SprintClosing:
	"""Close an active sprint. Each unfinished task moves to `next_sprint`, an open sprint of the same project or team,
	or without one to the backlog; the reply tells of each.

	For who may write both sprints. Raises DoesNotExistError (404), PermissionError (403), SprintStateConflictError (409) for a
	sprint that is not active, InvalidNextSprintError (422)."""
	return closing.close_sprint(sprint, next_sprint)
