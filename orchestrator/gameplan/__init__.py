"""The gameplan endpoints: burndown, burn-up and flow, board and backlog, workload, start and close of a
sprint.
"""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api.endpoint import READ, WRITE, endpoint
from orchestrator.api.parameters import parse_whole_number
from orchestrator.api.schema_types import Bounded, ListOfObjects, OneOf
from orchestrator.doctypes import TASK
from orchestrator.gameplan import (
	backlog,
	board,
	burndown,
	capacity,
	closing,
	flow,
	moves,
	velocity,
)
from orchestrator.gameplan import (
	destinations as closing_destinations,
)
from orchestrator.gameplan import sprints as sprint_records
from orchestrator.gameplan.phases import PHASES
from orchestrator.gameplan.shapes import (
	SprintBacklog,
	SprintBoard,
	SprintBurndown,
	SprintBurnup,
	SprintCapacity,
	SprintClosing,
	SprintFlow,
	SprintStart,
	TaskDestination,
	TaskMove,
	TaskType,
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
@endpoint(_lt("Backlog fetched"), effect=READ)
def get_sprint_backlog(
	sprint: str,
	text: str | None = None,
	limit: Annotated[str | int | None, Bounded(1, backlog.MAX_TASKS)] = None,
) -> SprintBacklog:
	"""Return unfinished tasks without a sprint that a sprint may take: those of its project or team.

	Args:
		sprint: Name of the sprint.
		text: Text in the name or the title of the tasks. Default: all tasks.
		limit: Number of tasks, the most urgent ones. Default: 50.

	Returns:
		The tasks that the caller may read, and whether there are more.

	Permissions:
		Whoever may read the sprint and its project.

	Raises:
		PermissionError: 403. The caller may read no sprints.
		DoesNotExistError: 404. The sprint is missing or hidden.
		InvalidRequestError: 400. The number is out of bounds.
	"""
	found = sprint_records.get_sprint(sprint)
	count = parse_whole_number("limit", limit, backlog.DEFAULT_TASKS)
	backlog.check_limit(count)
	return backlog.build_backlog(found, text, count)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Task moved"), effect=WRITE)
def move_task(
	task: str,
	doctype: TaskType = TASK,
	sprint: str | None = None,
	column: Annotated[str | None, OneOf(*PHASES)] = None,
	from_sprint: str | None = None,
	from_column: Annotated[str | None, OneOf(*PHASES)] = None,
) -> TaskMove:
	"""Move a task to another column of the board, into a sprint, or to the backlog.

	Args:
		task: Name of the task.
		doctype: Task or GP Task.
		sprint: Name of the sprint to which the task moves, or backlog. Default: it stays where it is.
		column: Column to which the task moves; it gets the status of that phase. Default: the status stays.
		from_sprint: Sprint, or backlog, in which the caller saw the task: 409 if it is elsewhere. Default: any.
		from_column: Column in which the caller saw the task: 409 if it is elsewhere. Default: any.

	Returns:
		The task's sprint, column, status and remaining hours after the move.

	Permissions:
		Whoever may write the task, and read the sprint.

	Raises:
		PermissionError: 403. The caller may not write the task, or may read no sprints.
		DoesNotExistError: 404. The task or the sprint is missing or hidden.
		InvalidRequestError: 400. Neither sprint nor column is given, or a value is not one of its set.
		TaskMovedConflictError: 409. Someone else has moved or changed the task in the meantime.
		ClosedSprintConflictError: 409. The sprint is closed.
		InvalidTaskProjectError: 422. The task is of another project or team than the sprint.
		InvalidPhaseError: 422. A GP Task cannot be in review.
	"""
	moves.check_request(doctype, sprint, column, from_column)
	return moves.move_task(doctype, task, sprint, column, from_sprint, from_column)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Flow computed"), effect=READ)
def get_sprint_flow(sprint: str) -> SprintFlow:
	"""Return the cumulative flow of a sprint, and the cycle times of its completed tasks.

	Args:
		sprint: Name of the sprint.

	Returns:
		The number of tasks in each phase by day, percentiles of the cycle time, and the completed tasks.

	Permissions:
		Whoever may read the sprint and its project. The completed tasks are those that the caller may read.

	Raises:
		PermissionError: 403. The caller may read no sprints.
		DoesNotExistError: 404. The sprint is missing or hidden.
	"""
	return flow.build_flow(sprint_records.get_sprint(sprint))


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
def close_sprint(
	sprint: str,
	next_sprint: str | None = None,
	destinations: Annotated[
		str | list | None, ListOfObjects(TaskDestination, 0, closing_destinations.MAX_DESTINATIONS)
	] = None,
) -> SprintClosing:
	"""Close an active sprint and move its unfinished tasks.

	Args:
		sprint: Name of the sprint.
		next_sprint: Name of the open sprint, of the same project or team, to which unfinished tasks move; stays keeps them in the closed sprint. Default: they move to the backlog.
		destinations: Destinations of single tasks, each with doctype, task and moved_to: a sprint, backlog or stays. Default: none.

	Returns:
		The committed and completed hours, and where each unfinished task that the caller may read was moved.

	Permissions:
		Whoever may write the sprint and those to which tasks move.

	Raises:
		PermissionError: 403. The caller may not write one of the sprints.
		DoesNotExistError: 404. A sprint is missing or hidden.
		SprintStateConflictError: 409. The sprint is not active.
		InvalidNextSprintError: 422. A next sprint is closed, or of another project or team.
		InvalidDestinationError: 422. A destination names something else than an unfinished task of the sprint.
		InvalidRequestError: 400. The destinations are malformed.
	"""
	return closing.close_sprint(sprint, next_sprint, closing_destinations.parse_destinations(destinations))
