"""Bring a site that has an earlier version to what this one declares."""

from orchestrator.setup import backfill, install


def execute() -> None:
	install.sync_declarations()
	backfill.run_backfill()
