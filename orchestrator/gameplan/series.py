"""The series of a sprint by day, computed from its events. Plain values only; the cost is linear in events.

A change of a task's estimate, membership or cancellation changes the scope; a change of its progress is work
done or undone. Both are in remaining hours, so that at any time

		remaining = committed + added - removed - burned
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from orchestrator.gameplan.task_state import DONE, OUT, Event, TaskState


class DailyPoint(NamedTuple):
	"""State of a sprint at one moment, in hours. `scope` and `done` are whole estimates; added, removed and
	burned count from the start of the sprint.
	"""

	remaining: float = 0.0
	scope: float = 0.0
	done: float = 0.0
	added: float = 0.0
	removed: float = 0.0
	burned: float = 0.0


@dataclass
class BurndownSeries:
	"""`points` has the state at the end of each day that has begun; `now` is the state after the last event."""

	committed: float
	points: list[DailyPoint]
	now: DailyPoint
	latest: dict[tuple[str, str], Event]

	def find_finish_day(self, days: Sequence[date]) -> date | None:
		"""Return the first day from whose end on nothing remained, None if something remains."""
		if round(self.now.remaining, 6) > 0 or not self.points:
			return None
		for day, point in reversed(list(zip(days, self.points, strict=False))):
			if round(point.remaining, 6) > 0:
				return min((later for later in days if later > day), default=None)
		return days[0]


@dataclass
class RunningTotals:
	"""The running sums."""

	remaining: float = 0.0
	scope: float = 0.0
	done: float = 0.0
	added: float = 0.0
	removed: float = 0.0
	burned: float = 0.0
	planning: bool = True
	latest: dict[tuple[str, str], Event] = field(default_factory=dict)

	def apply_event(self, event: Event) -> None:
		"""Add the change of an event."""
		key = (event.doctype, event.task)
		last = self.latest.get(key)
		before = last.state if last else OUT
		after = event.state
		self.latest[key] = event
		scope, burn = split_change(before, after)
		self.remaining += scope - burn
		self.scope += _get_size(after) - _get_size(before)
		self.done += _compute_done(after) - _compute_done(before)
		if not self.planning:
			self.added += max(scope, 0.0)
			self.removed += max(-scope, 0.0)
			self.burned += burn

	def build_point(self) -> DailyPoint:
		return DailyPoint(self.remaining, self.scope, self.done, self.added, self.removed, self.burned)


def split_change(before: TaskState, after: TaskState) -> tuple[float, float]:
	"""Return the change of scope and the work done between two states of a task, in remaining hours."""
	if not (before.counts and after.counts):
		return after.remaining - before.remaining, 0.0
	scope = (after.estimate - before.estimate) * (1 - before.progress / DONE)
	return scope, after.estimate * (after.progress - before.progress) / DONE


def _get_size(state: TaskState) -> float:
	return state.estimate if state.counts else 0.0


def _compute_done(state: TaskState) -> float:
	return _get_size(state) - state.remaining


def compute_series(
	events: Iterable[Event], days: Sequence[date], baseline: datetime, now: datetime
) -> BurndownSeries:
	"""Return the series over `days`.

	Events up to `baseline` are planning: they make up the commitment and are not changes of scope. Events and
	days after `now` are left out.
	"""
	tally = RunningTotals()
	points: list[DailyPoint] = []
	committed: float | None = None
	for event in sorted(events, key=lambda event: event.at):
		if event.at > now:
			break
		day = event.at.date()
		while len(points) < len(days) and days[len(points)] < day:
			points.append(tally.build_point())
		if tally.planning and event.at > baseline:
			committed, tally.planning = tally.remaining, False
		tally.apply_event(event)
	while len(points) < len(days) and days[len(points)] <= now.date():
		points.append(tally.build_point())
	return BurndownSeries(
		tally.remaining if committed is None else committed, points, tally.build_point(), tally.latest
	)


def compute_ideal_line(committed: float, working: Sequence[bool]) -> list[float]:
	"""Return the ideal line: the whole commitment on the first day, zero on the last working day, equal steps
	on each working day in between, flat on other days. A single day shows the commitment.
	"""
	burning = [number > 0 and works for number, works in enumerate(working)]
	shares = sum(burning)
	line, burned = [], 0
	for burns in burning:
		burned += burns
		line.append(committed * (shares - burned) / shares if shares else committed)
	return line
