"""The gameplan endpoints: burndown and burn-up, board, workload, start and close of a sprint."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.api.parameters import parse_whole_number
from orchestrator.api.schema_types import Bounded
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
	"""Return the hours that remain in a sprint, day by day, beside the ideal line.

	Args:
		sprint: Name of the sprint.

	Returns:
		Lists with one element per calendar day of the sprint, the scope added and removed, and a forecast.

	Permissions:
		Whoever may read the sprint and its project.

	Raises:
		PermissionError: 403. The caller may read no sprints.
		DoesNotExistError: 404. The sprint is missing or hidden.
	"""
	return burndown.build_burndown(sprint_records.get_sprint(sprint))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Burn-up computed"), effect=READ)
def get_sprint_burnup(sprint: str) -> SprintBurnup:
	"""Return the hours in a sprint and those completed, day by day.

	Args:
		sprint: Name of the sprint.

	Returns:
		Lists with one element per calendar day of the sprint, and the totals.

	Permissions:
		Whoever may read the sprint and its project.

	Raises:
		PermissionError: 403. The caller may read no sprints.
		DoesNotExistError: 404. The sprint is missing or hidden.
	"""
	return burndown.build_burnup(sprint_records.get_sprint(sprint))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Board fetched"), effect=READ)
def get_sprint_board(sprint: str) -> SprintBoard:
	"""Return a sprint's tasks by phase of work.

	Args:
		sprint: Name of the sprint.

	Returns:
		A column per phase with the tasks that the caller may read, and the number of hidden tasks.

	Permissions:
		Whoever may read the sprint and its project.

	Raises:
		PermissionError: 403. The caller may read no sprints.
		DoesNotExistError: 404. The sprint is missing or hidden.
	"""
	return board.build_board(sprint_records.get_sprint(sprint))


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Capacity computed"), effect=READ)
def get_sprint_capacity(sprint: str) -> SprintCapacity:
	"""Return the workload of each member of a sprint, compared with the hours available.

	Args:
		sprint: Name of the sprint.

	Returns:
		The members, then other assignees, then unassigned tasks; and their sums.

	Permissions:
		Whoever may read the sprint and its project.

	Raises:
		PermissionError: 403. The caller may read no sprints.
		DoesNotExistError: 404. The sprint is missing or hidden.
	"""
	return capacity.build_capacity(sprint_records.get_sprint(sprint).name)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Velocity computed"), effect=READ)
def get_velocity(
	project: str | None = None,
	team: str | None = None,
	sprints: Annotated[str | int | None, Bounded(1, velocity.MAX_SPRINTS)] = None,
) -> Velocity:
	"""Return what the latest closed sprints of a project or a team completed.

	Args:
		project: Name of the project. Send a project, a team or both.
		team: Name of the team.
		sprints: Number of the latest closed sprints to look at. Default: 5.

	Returns:
		The sprints, earliest first, and the averages of completed hours and tasks.

	Permissions:
		Whoever may read sprints. Only the sprints that the caller may read count.

	Raises:
		PermissionError: 403. The caller may read no sprints.
		DoesNotExistError: 404. The project is missing or hidden.
		InvalidRequestError: 400. Neither project nor team is given, or the number is out of bounds.
	"""
	frappe.has_permission("Sprint", "read", throw=True)
	count = parse_whole_number("sprints", sprints, LAST_SPRINTS)
	velocity.check_request(project, team, count)
	return velocity.compute_velocity(project, team, count)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sprint started"), effect=WRITE)
def start_sprint(sprint: str) -> SprintStart:
	"""Start a planned sprint.

	The hours that remain in it now are its commitment; later changes count as changes of scope.

	Args:
		sprint: Name of the sprint.

	Returns:
		The sprint's state, when it started, the committed hours and the number of tasks.

	Permissions:
		Whoever may write the sprint.

	Raises:
		PermissionError: 403. The caller may not write the sprint.
		DoesNotExistError: 404. The sprint is missing or hidden.
		SprintStateConflictError: 409. The sprint is not planned.
		SprintOverlapConflictError: 409. The project or team has an active sprint on some of its days.
	"""
	return sprint_records.start_sprint(sprint)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Sprint closed"), effect=WRITE)
def close_sprint(sprint: str, next_sprint: str | None = None) -> SprintClosing:
	"""Close an active sprint and move its unfinished tasks.

	Args:
		sprint: Name of the sprint.
		next_sprint: Name of the open sprint, of the same project or team, to which unfinished tasks move. Default: they move to the backlog.

	Returns:
		The committed and completed hours, and where each unfinished task was moved.

	Permissions:
		Whoever may write both sprints.

	Raises:
		PermissionError: 403. The caller may not write one of the sprints.
		DoesNotExistError: 404. A sprint is missing or hidden.
		SprintStateConflictError: 409. The sprint is not active.
		InvalidNextSprintError: 422. The next sprint is closed, or of another project or team.
	"""
	return closing.close_sprint(sprint, next_sprint)
