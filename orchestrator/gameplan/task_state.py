"""The state of a task in a sprint, and the events between two states. Plain values only."""

from datetime import datetime
from typing import NamedTuple

DONE = 100.0

JOINED = "Joined"
LEFT = "Left"
ESTIMATED = "Estimated"
PROGRESSED = "Progressed"
COMPLETED = "Completed"
REOPENED = "Reopened"
CANCELLED = "Cancelled"
RESTORED = "Restored"
DELETED = "Deleted"
# To another phase of work, with the same hours.
MOVED = "Moved"
# After these the task is no longer in the sprint.
GOING = frozenset({LEFT, DELETED})


class TaskState(NamedTuple):
	"""Estimate in hours, progress in percent, and the phase of work, None if it was not recorded. A cancelled
	task is in its sprint, with zero hours.
	"""

	estimate: float
	progress: float
	counts: bool = True
	phase: str | None = None

	@property
	def remaining(self) -> float:
		"""Remaining hours: the estimate less the work done."""
		return self.estimate * (1 - self.progress / DONE) if self.counts else 0.0


OUT = TaskState(0.0, 0.0, counts=False)


class Event(NamedTuple):
	"""A change of a task in one sprint, and the task's state after it."""

	at: datetime
	doctype: str
	task: str
	kind: str
	estimate: float
	progress: float
	counts: bool | int
	phase: str | None = None

	@property
	def state(self) -> TaskState:
		return TaskState(self.estimate, self.progress, bool(self.counts), self.phase)

	@property
	def is_in(self) -> bool:
		"""True if the task was in the sprint from then on."""
		return self.kind not in GOING


def has_changed(before: TaskState, after: TaskState) -> bool:
	"""Return False if both states are the same. A phase that was not recorded may be any."""
	return before[:3] != after[:3] or before.phase not in (None, after.phase)


def get_event_kind(before: TaskState, after: TaskState) -> str:
	"""Return the kind of change of a task that stayed in its sprint."""
	if before.counts != after.counts:
		return RESTORED if after.counts else CANCELLED
	if before.progress < DONE <= after.progress:
		return COMPLETED
	if after.progress < DONE <= before.progress:
		return REOPENED
	if before.estimate != after.estimate:
		return ESTIMATED
	return PROGRESSED if before.progress != after.progress else MOVED


class TaskChange(NamedTuple):
	"""A change to record: the sprint, the kind of event, and the task's state after it."""

	sprint: str
	kind: str
	state: TaskState


def list_steps(
	before: tuple[str, TaskState] | None, after: tuple[str, TaskState] | None, exists: bool = True
) -> list[TaskChange]:
	"""Return the changes of a task that was in one sprint and is in another, the same or none.

	A move is two steps: one sprint loses the task, the other gets it. `exists` is False for a deleted task.
	"""
	if before and after and before[0] == after[0]:
		if not has_changed(before[1], after[1]):
			return []
		return [TaskChange(after[0], get_event_kind(before[1], after[1]), after[1])]
	left = [TaskChange(before[0], LEFT if exists else DELETED, OUT)] if before else []
	joined = [TaskChange(after[0], JOINED, after[1])] if after else []
	return left + joined
