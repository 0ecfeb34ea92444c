"""The stages of an opportunity, with their ERPNext status and probability. Plain values only."""

from dataclasses import dataclass

OPEN = "Open"
QUALIFIED = "Qualified"
IN_PROGRESS = "In Progress"
WON = "Closed Won"
LOST = "Closed Lost"
STAGES = (OPEN, QUALIFIED, IN_PROGRESS, WON, LOST)

# Moves that `advance_opportunity` allows. A won opportunity is reopened by cancelling its order.
MOVES: dict[str, tuple[str, ...]] = {
	OPEN: (QUALIFIED, IN_PROGRESS, LOST),
	QUALIFIED: (OPEN, IN_PROGRESS, WON, LOST),
	IN_PROGRESS: (QUALIFIED, WON, LOST),
	WON: (),
	LOST: (OPEN,),
}
# The statuses an opportunity of a stage may have; the first is the one a move to the stage brings.
# No move sets "Replied": ERPNext closes such an opportunity after a fortnight.
STATUSES: dict[str, tuple[str, ...]] = {
	OPEN: ("Open",),
	QUALIFIED: ("Open",),
	IN_PROGRESS: ("Open", "Quotation", "Replied"),
	WON: ("Converted",),
	LOST: ("Lost", "Closed"),
}
# The stage set by a status that is inconsistent with the present stage.
STAGE_BY_STATUS = {
	"Open": OPEN,
	"Replied": IN_PROGRESS,
	"Quotation": IN_PROGRESS,
	"Converted": WON,
	"Lost": LOST,
	"Closed": LOST,
}
USUAL_PROBABILITY = {OPEN: 10.0, QUALIFIED: 25.0, IN_PROGRESS: 50.0, WON: 100.0, LOST: 0.0}
CLOSED = (WON, LOST)
# ERPNext's default: an opportunity with this value was given none.
UNSET_PROBABILITY = 100.0


class InconsistentStageError(ValueError):
	"""A stage and a status were set together and contradict each other."""


@dataclass(frozen=True)
class Standing:
	"""The stage, status and probability of an opportunity."""

	stage: str
	status: str
	probability: float


NEW = Standing(OPEN, "Open", UNSET_PROBABILITY)


def build_key(stage: str) -> str:
	"""Return the stage's key in the pipeline summary: `in_progress`."""
	return stage.lower().replace(" ", "_")


def find_stage(text: str) -> str | None:
	"""Return the stage that `text` names, by its name or its key; None if there is none."""
	key = build_key(text.strip())
	return next((stage for stage in STAGES if build_key(stage) == key), None)


def is_consistent(stage: str, status: str) -> bool:
	"""Return True if an opportunity of `stage` may have `status`.

	A status added by the site is consistent with any stage.
	"""
	return stage in STAGES and (status not in STAGE_BY_STATUS or status in STATUSES[stage])


def _get_status(stage: str, status: str) -> str:
	"""Return the status after a move to `stage`: the present one if it fits."""
	return status if is_consistent(stage, status) else STATUSES[stage][0]


def _get_stage(status: str, stage: str) -> str:
	"""Return the stage after a change to `status`: the present one if it fits."""
	if is_consistent(stage, status):
		return stage
	return STAGE_BY_STATUS.get(status, OPEN)


def reconcile(now: Standing, before: Standing | None) -> Standing:
	"""Return `now` with consistent stage and status: the changed one decides.

	`before` is None for a new record. Raises InconsistentStageError if both changed and contradict each
	other.
	"""
	earlier = before or NEW
	stage_changed, status_changed = now.stage != earlier.stage, now.status != earlier.status
	if stage_changed and now.stage in STAGES and not is_consistent(now.stage, now.status):
		if status_changed:
			raise InconsistentStageError
		status = _get_status(now.stage, now.status)
		return Standing(now.stage, status, _get_probability(now.stage, now.probability, before))
	stage = _get_stage(now.status, now.stage)
	return Standing(stage, now.status, _get_probability(stage, now.probability, before))


def apply_status(now: Standing) -> Standing:
	"""Return `now` with the stage and probability of its status, for changes that ERPNext writes itself."""
	stage = _get_stage(now.status, now.stage)
	return Standing(stage, now.status, _get_probability(stage, now.probability, now))


def _get_probability(stage: str, given: float, before: Standing | None) -> float:
	"""Return the probability at `stage`: fixed if it is closed, the usual one on arrival unless one was
	given.
	"""
	arrived = before is None or before.stage != stage
	unchanged = given == (before or NEW).probability
	if stage in CLOSED or (arrived and unchanged):
		return USUAL_PROBABILITY[stage]
	return given
