"""The phases of a task's work, which are the columns of the board. Plain values only."""

from collections.abc import Mapping
from typing import Final

from orchestrator.doctypes import GP_TASK, TASK

TO_DO, IN_PROGRESS, IN_REVIEW, DONE, CANCELLED = "to_do", "in_progress", "in_review", "done", "cancelled"
PHASES: Final = (TO_DO, IN_PROGRESS, IN_REVIEW, DONE, CANCELLED)
BEGUN_STATUSES: Final = frozenset({"Working", "In Progress"})
REVIEW_STATUSES: Final = frozenset({"Pending Review"})
# The phase depends on the progress, not on the due date.
LATE_STATUSES: Final = frozenset({"Overdue"})
# The status that a task gets when it is moved to a phase. Gameplan has none for a review.
STATUSES: Final[Mapping[str, Mapping[str, str]]] = {
	TASK: {
		TO_DO: "Open",
		IN_PROGRESS: "In Progress",
		IN_REVIEW: "Pending Review",
		DONE: "Completed",
		CANCELLED: "Cancelled",
	},
	GP_TASK: {TO_DO: "Todo", IN_PROGRESS: "In Progress", DONE: "Done", CANCELLED: "Canceled"},
}


def get_open_phase(status: str | None, percent: float | None) -> str:
	"""Return the phase of a task that is neither done nor cancelled."""
	if status in REVIEW_STATUSES:
		return IN_REVIEW
	begun = status in BEGUN_STATUSES or (status in LATE_STATUSES and (percent or 0) > 0)
	return IN_PROGRESS if begun else TO_DO


def guess_phase(progress: float, counts: bool) -> str:
	"""Return the phase after an event of a version that did not record phases."""
	if not counts:
		return CANCELLED
	if progress >= 100:
		return DONE
	return IN_PROGRESS if progress > 0 else TO_DO
