"""What the gameplan endpoints return. Hours are rounded to hundredths; dates are ISO 8601, in the site's time zone."""

from typing import Annotated

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf

SprintState = Annotated[str, OneOf("Planned", "Active", "Closed")]
TaskType = Annotated[str, OneOf("Task", "GP Task")]


class SprintForecast(TypedDict):
	"""At the pace so far: hours burned per day worked, the day at whose end nothing remains (None: never), what remains
	at the sprint's end, and whether that is nothing.
	"""

	hours_per_day: float
	finish_date: str | None
	remaining_at_end: float
	on_track: bool


class SprintBurndown(TypedDict):
	"""The lists have one element per calendar day of the sprint. `actual_hours` is what remained as the day ended, for
	today what remains now; None for the days to come, as in the lists of scope changes.
	`unestimated_tasks` counts for no hours; where nothing is estimated, there is no forecast.
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
	"""The whole estimates of the tasks in the sprint, and what is done of them, as each day ended."""

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
	"""A sprint that has begun, and what it commits to."""

	sprint: str
	state: SprintState
	started_at: str
	committed_hours: float
	tasks: int


class MovedTask(TypedDict):
	"""A task that a closed sprint left unfinished. `moved_to` is a sprint or "backlog"."""

	doctype: TaskType
	task: str
	title: str
	status: str
	remaining_hours: float
	moved_to: str


class SprintClosing(TypedDict):
	"""The result of a sprint, and where each unfinished task went."""

	sprint: str
	state: SprintState
	closed_at: str
	committed_hours: float
	completed_hours: float
	unfinished_hours: float
	completed_tasks: int
	unfinished: list[MovedTask]


class ClosedSprintFigures(TypedDict):
	"""One sprint of a velocity."""

	sprint: str
	title: str
	start_date: str
	end_date: str
	committed_hours: float
	completed_hours: float
	completed_tasks: int
	unfinished_tasks: int


class Velocity(TypedDict):
	"""The last closed sprints, the earliest first, and what they completed on average. None without any."""

	sprints: list[ClosedSprintFigures]
	average_completed_hours: float | None
	average_completed_tasks: float | None


class MemberLoad(TypedDict):
	"""What someone has to do in a sprint beside the hours they have. `user` None: nobody's tasks."""

	user: str | None
	capacity_hours: float
	estimated_hours: float
	remaining_hours: float
	free_hours: float
	open_tasks: int
	is_overloaded: bool


class SprintCapacity(TypedDict):
	"""The members of a sprint, then others who have tasks in it, then what is nobody's; and their sums."""

	sprint: str
	members: list[MemberLoad]
	capacity_hours: float
	remaining_hours: float
	free_hours: float


class BoardTask(TypedDict):
	"""A task on the board."""

	doctype: TaskType
	name: str
	title: str
	status: str
	priority: str | None
	assigned_to: str | None
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
	"""The tasks of a sprint that the caller may read, by phase. `hidden_tasks` counts the others."""

	sprint: str
	title: str
	state: SprintState
	columns: list[BoardColumn]
	hidden_tasks: int
