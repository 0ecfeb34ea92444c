"""The progress of a sync run as a bar in the terminal. Nothing is drawn without a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
	from orchestrator.sync.runs.run_records import Run, RunRequest

STEPS = 1000


@contextmanager
def show_progress(order: "RunRequest", quiet: bool) -> "Iterator[Callable[[Run], None] | None]":
	"""Show a progress bar for one run; yield None if there is no terminal."""
	if quiet:
		yield None
		return
	with click.progressbar(
		length=STEPS, label=order.connection, item_show_func=lambda shown: shown, show_eta=False
	) as bar:
		yield lambda run: bar.update(
			max(0, round(STEPS * compute_fraction(run)) - bar.pos), render_counts(run)
		)
		bar.update(STEPS - bar.pos, None)


def compute_fraction(run: "Run") -> float:
	"""Return the completed fraction of a run, from 0 to 1: by its phases, and within the history by days."""
	from orchestrator.sync.runs.phases import PHASES

	kind = run.request.sync_type
	if kind == "incremental" and not run.cursor_before:
		kind = "first"
	names = [phase.__name__ for phase in PHASES.get(kind, ())]
	phase = run.checkpoint.get("phase")
	if phase not in names:
		return 0.0
	return min(1.0, (names.index(phase) + compute_phase_fraction(run.checkpoint)) / len(names))


def compute_phase_fraction(checkpoint: dict[str, Any]) -> float:
	"""Return the completed fraction of a phase: of one that reads day by day, by the days since the year
	2015.
	"""
	if "end" not in checkpoint:
		return 0.0
	first, end, until = date(2015, 1, 1), *(date.fromisoformat(checkpoint[name]) for name in ("end", "until"))
	return max(0.0, min(1.0, (end - first).days / max(1, (until - first).days)))


def render_counts(run: "Run") -> str:
	"""Return the counts so far."""
	tally = run.tally
	return (
		f"{run.checkpoint.get('phase') or ''}  {tally.records_read} read, {tally.imported} imported, "
		f"{tally.updated} updated, {tally.skipped} skipped, {tally.failed} failed"
	)
