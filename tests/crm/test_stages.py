"""The table of stages and its functions. No site needed."""

import pytest

from orchestrator.crm import stages
from orchestrator.crm.stages import InconsistentStageError, Standing, apply_status, reconcile

OPEN = Standing("Open", "Open", 10)
QUALIFIED = Standing("Qualified", "Open", 25)
IN_PROGRESS = Standing("In Progress", "Open", 50)
QUOTED = Standing("In Progress", "Quotation", 50)
WON = Standing("Closed Won", "Converted", 100)
LOST = Standing("Closed Lost", "Lost", 0)


@pytest.mark.parametrize("table", [stages.MOVES, stages.STATUSES, stages.USUAL_PROBABILITY])
def test_every_stage_has_moves_statuses_and_a_probability(table):
	assert tuple(table) == stages.STAGES


@pytest.mark.parametrize(("status", "stage"), stages.STAGE_BY_STATUS.items())
def test_every_status_brings_a_stage_it_goes_with(status, stage):
	assert stages.is_consistent(stage, status)


@pytest.mark.parametrize(("stage", "targets"), stages.MOVES.items())
def test_moves_lead_to_other_stages_that_exist(stage, targets):
	assert stage not in targets
	assert set(targets) <= set(stages.STAGES)


@pytest.mark.parametrize(
	("text", "stage"),
	[
		("In Progress", "In Progress"),
		("in_progress", "In Progress"),
		(" closed won ", "Closed Won"),
		("Won", None),
		("", None),
	],
)
def test_a_stage_is_named_as_written_or_by_its_key(text, stage):
	assert stages.find_stage(text) == stage


@pytest.mark.parametrize(
	("before", "now", "settled"),
	[
		# a new record: ERPNext's default probability is replaced, a given one stays
		(None, Standing("Open", "Open", 100), OPEN),
		(None, Standing("Open", "Open", 40), Standing("Open", "Open", 40)),
		(None, Standing("Qualified", "Open", 100), QUALIFIED),
		(None, Standing("Closed Won", "Open", 100), WON),
		(None, Standing("Open", "Lost", 100), LOST),
		(None, Standing("", "Replied", 100), Standing("In Progress", "Replied", 50)),
		# the stage leads
		(OPEN, Standing("Qualified", "Open", 10), QUALIFIED),
		(OPEN, Standing("Qualified", "Open", 33), Standing("Qualified", "Open", 33)),
		(IN_PROGRESS, Standing("Closed Won", "Open", 50), WON),
		(IN_PROGRESS, Standing("Closed Lost", "Open", 50), LOST),
		(LOST, Standing("Open", "Lost", 0), OPEN),
		(QUOTED, Standing("Qualified", "Quotation", 50), QUALIFIED),
		# the status leads
		(OPEN, Standing("Open", "Quotation", 10), QUOTED),
		(QUALIFIED, Standing("Qualified", "Converted", 25), WON),
		(QUOTED, Standing("In Progress", "Open", 50), IN_PROGRESS),
		(WON, Standing("Closed Won", "Open", 100), OPEN),
		(LOST, Standing("Closed Lost", "Closed", 0), Standing("Closed Lost", "Closed", 0)),
		# both, in agreement
		(OPEN, Standing("Closed Won", "Converted", 10), WON),
		# neither: a probability is free while open and fixed when closed
		(OPEN, Standing("Open", "Open", 70), Standing("Open", "Open", 70)),
		(WON, Standing("Closed Won", "Converted", 70), WON),
		(LOST, Standing("Closed Lost", "Lost", 75), LOST),
		# a status of the site's own goes with any stage
		(OPEN, Standing("Qualified", "On Hold", 10), Standing("Qualified", "On Hold", 25)),
	],
)
def test_reconcile(before, now, settled):
	assert reconcile(now, before) == settled


@pytest.mark.parametrize("standing", [OPEN, QUALIFIED, IN_PROGRESS, QUOTED, WON, LOST])
def test_reconcile_repeated_changes_nothing(standing):
	assert reconcile(standing, standing) == standing
	assert apply_status(standing) == standing


@pytest.mark.parametrize("before", [None, OPEN])
def test_a_stage_and_a_status_set_against_each_other_are_refused(before):
	with pytest.raises(InconsistentStageError):
		reconcile(Standing("Closed Won", "Lost", 10), before)


@pytest.mark.parametrize(
	("now", "settled"),
	[
		(Standing("Qualified", "Quotation", 25), QUOTED),
		(Standing("In Progress", "Quotation", 35), Standing("In Progress", "Quotation", 35)),
		(Standing("In Progress", "Converted", 35), WON),
		(Standing("Closed Won", "Quotation", 100), QUOTED),
		(Standing("In Progress", "Lost", 50), LOST),
		(Standing("In Progress", "Open", 50), IN_PROGRESS),
	],
)
def test_follow_status(now, settled):
	assert apply_status(now) == settled
