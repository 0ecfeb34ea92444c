"""Cumulative flow and cycle times, computed from events. Plain values only; the cost is linear in events."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from orchestrator.gameplan import phases
from orchestrator.gameplan.task_state import JOINED, Event

Key = tuple[str, str]


class CycleTime(NamedTuple):
	"""A task completed in a sprint; `started_at` is None if no event shows it before it was done."""

	doctype: str
	task: str
	started_at: datetime | None
	completed_at: datetime

	@property
	def duration(self) -> timedelta | None:
		return self.completed_at - self.started_at if self.started_at else None


def get_phase(event: Event) -> str | None:
	"""Return the phase of the task after an event, None if it is no longer in the sprint."""
	if not event.is_in:
		return None
	return event.phase or phases.guess_phase(event.progress, bool(event.counts))


def count_daily_phases(events: Iterable[Event], days: Sequence[date], now: datetime) -> list[Counter[str]]:
	"""Return the number of tasks in each phase at the end of each day that has begun.

	Args:
		events: The events of one sprint.
		days: The days of the sprint.
		now: Later events and days are left out.
	"""
	current: dict[Key, str | None] = {}
	counts: list[Counter[str]] = []
	for event in sorted(events, key=lambda event: event.at):
		if event.at > now:
			break
		while len(counts) < len(days) and days[len(counts)] < event.at.date():
			counts.append(_count_phases(current))
		current[event.doctype, event.task] = get_phase(event)
	while len(counts) < len(days) and days[len(counts)] <= now.date():
		counts.append(_count_phases(current))
	return counts


def _count_phases(current: dict[Key, str | None]) -> Counter[str]:
	return Counter(phase for phase in current.values() if phase)


@dataclass
class _TaskHistory:
	"""What is known of a task after some of its events: when its work began, whether it is done, and the
	sprint and time of its completion.
	"""

	begun: datetime | None = None
	is_done: bool = False
	completed: tuple[str, datetime] | None = field(default=None)

	def apply_event(self, sprint: str, event: Event) -> None:
		"""Add an event in one of the task's sprints."""
		phase = get_phase(event)
		if phase is None:
			if self.completed and self.completed[0] == sprint:
				self.completed = None
			return
		if self.begun is None and _is_begun(phase, event.progress):
			self.begun = event.at
		if phase != phases.DONE:
			self.completed = None
		elif not self.is_done and event.kind != JOINED:
			self.completed = (sprint, event.at)
		self.is_done = phase == phases.DONE


def _is_begun(phase: str, progress: float) -> bool:
	return phase in (phases.IN_PROGRESS, phases.IN_REVIEW) or (phase == phases.TO_DO and progress > 0)


def compute_cycle_times(history: Iterable[tuple[str, Event]], sprint: str, now: datetime) -> list[CycleTime]:
	"""Return the tasks that were completed in a sprint and are in it, done, at `now`, by their completion.

	Args:
		history: The events of its tasks, each with its sprint: work may have begun in an earlier one.
		sprint: Name of the sprint.
		now: Later events are left out.
	"""
	tasks: dict[Key, _TaskHistory] = {}
	for name, event in sorted(history, key=lambda entry: entry[1].at):
		if event.at <= now:
			tasks.setdefault((event.doctype, event.task), _TaskHistory()).apply_event(name, event)
	found = [
		CycleTime(*key, task.begun, task.completed[1])
		for key, task in tasks.items()
		if task.completed and task.completed[0] == sprint
	]
	return sorted(found, key=lambda cycle: (cycle.completed_at, cycle.doctype, cycle.task))


def compute_percentile(values: Sequence[timedelta], percent: int) -> timedelta | None:
	"""Return the smallest of the values that at least `percent` of them do not exceed, None if there are
	none: the nearest-rank percentile.
	"""
	if not values:
		return None
	rank = math.ceil(len(values) * percent / 100)
	return sorted(values)[max(rank, 1) - 1]
