"""Types of the replies of the gameplan endpoints. Hours are rounded to hundredths; dates are ISO 8601, in the
site's time zone.
"""

from typing import Annotated

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf
from orchestrator.gameplan.phases import PHASES

SprintState = Annotated[str, OneOf("Planned", "Active", "Closed")]
TaskType = Annotated[str, OneOf("Task", "GP Task")]
Phase = Annotated[str, OneOf(*PHASES)]


class SprintForecast(TypedDict):
	"""Forecast at the pace so far: hours burned per working day, the day at whose end nothing remains (null:
	never), the hours that remain at the sprint's end, and whether that is zero.
	"""

	hours_per_day: float
	finish_date: str | None
	remaining_at_end: float
	on_track: bool


class SprintBurndown(TypedDict):
	"""The lists have one element per calendar day of the sprint. `actual_hours` is what remained at the end
	of the day, for today what remains now; null for future days, as in the lists of scope changes.
	`unestimated_tasks` count as zero hours; if nothing is estimated, there is no forecast.
	"""

	sprint: str
	title: str
	state: SprintState
	days: list[str]
	dates: list[str]
	working_days: list[bool]
	ideal_hours: list[float]
	actual_hours: list[float | None]
	scope_added_by_day: list[float | None]
	scope_removed_by_day: list[float | None]
	committed_hours: float
	remaining_hours: float
	burned_hours: float
	scope_added_hours: float
	scope_removed_hours: float
	unestimated_tasks: int
	forecast: SprintForecast | None


class SprintBurnup(TypedDict):
	"""The estimates of all tasks in the sprint, and of the work done, at the end of each day."""

	sprint: str
	title: str
	state: SprintState
	days: list[str]
	dates: list[str]
	scope_hours: list[float | None]
	done_hours: list[float | None]
	total_scope_hours: float
	total_done_hours: float


class SprintStart(TypedDict):
	"""A started sprint and its commitment."""

	sprint: str
	state: SprintState
	started_at: str
	committed_hours: float
	tasks: int


class TaskDestination(TypedDict):
	"""Where an unfinished task goes when its sprint is closed: a sprint, "backlog" or "stays"."""

	doctype: TaskType
	task: str
	moved_to: str


class MovedTask(TypedDict):
	"""An unfinished task of a closed sprint. `moved_to` is a sprint, "backlog" or "stays"."""

	doctype: TaskType
	task: str
	title: str
	status: str
	remaining_hours: float
	moved_to: str


class SprintClosing(TypedDict):
	"""The result of a sprint, and the destination of each unfinished task that the caller may read;
	`hidden_tasks` counts the others, which go where no destination was given.
	"""

	sprint: str
	state: SprintState
	closed_at: str
	committed_hours: float
	completed_hours: float
	unfinished_hours: float
	completed_tasks: int
	unfinished: list[MovedTask]
	hidden_tasks: int


class ClosedSprintFigures(TypedDict):
	"""The figures of one closed sprint."""

	sprint: str
	title: str
	start_date: str
	end_date: str
	committed_hours: float
	completed_hours: float
	completed_tasks: int
	unfinished_tasks: int


class Velocity(TypedDict):
	"""The last closed sprints, earliest first, and the average of what they completed, null if there are
	none.
	"""

	sprints: list[ClosedSprintFigures]
	average_completed_hours: float | None
	average_completed_tasks: float | None


class MemberLoad(TypedDict):
	"""Remaining work of a member in a sprint, compared with the capacity. `user` and `user_name`, the full
	name, are null for unassigned tasks.
	"""

	user: str | None
	user_name: str | None
	capacity_hours: float
	estimated_hours: float
	remaining_hours: float
	free_hours: float
	open_tasks: int
	is_overloaded: bool


class SprintCapacity(TypedDict):
	"""The members of a sprint, then other users with tasks in it, then unassigned tasks; and the totals."""

	sprint: str
	members: list[MemberLoad]
	capacity_hours: float
	remaining_hours: float
	free_hours: float


class BoardTask(TypedDict):
	"""A task on the board. `assigned_to_name` is the full name of the assignee."""

	doctype: TaskType
	name: str
	title: str
	status: str
	priority: str | None
	assigned_to: str | None
	assigned_to_name: str | None
	due_date: str | None
	estimate_hours: float
	progress: float
	remaining_hours: float


class BoardColumn(TypedDict):
	"""Tasks in one phase of work."""

	column: str
	title: str
	tasks: list[BoardTask]
	estimate_hours: float
	remaining_hours: float


class SprintBoard(TypedDict):
	"""The tasks of a sprint that the caller may read, by phase. `hidden_tasks` counts the others. `can_write`
	tells whether the caller may start and close the sprint.
	"""

	sprint: str
	title: str
	state: SprintState
	project: str | None
	team_type: str | None
	team: str | None
	start_date: str
	end_date: str
	can_write: bool
	columns: list[BoardColumn]
	hidden_tasks: int


class SprintBacklog(TypedDict):
	"""The most urgent tasks without a sprint of the sprint's project or team, and whether there are more."""

	sprint: str
	tasks: list[BoardTask]
	has_more: bool


class TaskMove(TypedDict):
	"""A task after a move. `sprint` is null in the backlog."""

	doctype: TaskType
	task: str
	sprint: str | None
	column: Phase
	status: str
	progress: float
	remaining_hours: float


class FlowCounts(TypedDict):
	"""The number of tasks in each phase at the end of each day, today now; null for future days."""

	to_do: list[int | None]
	in_progress: list[int | None]
	in_review: list[int | None]
	done: list[int | None]
	cancelled: list[int | None]


class CycleTimes(TypedDict):
	"""Days from the beginning of the work on a task to its completion, which 50, 85 and 95 percent of the
	tasks did not exceed; null if there are none. `tasks_without_start` went from To Do to Done directly.
	"""

	tasks: int
	p50_days: float | None
	p85_days: float | None
	p95_days: float | None
	tasks_without_start: int


class TaskCycle(TypedDict):
	"""The cycle time of one completed task."""

	doctype: TaskType
	name: str
	title: str
	started_at: str | None
	completed_at: str
	cycle_days: float | None


class SprintFlow(TypedDict):
	"""Cumulative flow and cycle times of all tasks of a sprint. `completed` has those that the caller may
	read.
	"""

	sprint: str
	title: str
	state: SprintState
	dates: list[str]
	tasks_by_phase: FlowCounts
	cycle_times: CycleTimes
	completed: list[TaskCycle]
