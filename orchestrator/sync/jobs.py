"""What runs by itself: queued runs, the schedule, and cleaning up after both."""

from orchestrator.sync import engine, runs


def run_queued(run: str) -> None:
	"""The job of a queued run."""
	if taken := runs.take(run):
		engine.execute(taken)
