"""Update a site from an earlier version to the declarations of this one."""

from orchestrator.setup import backfill, install


def execute() -> None:
	install.sync_declarations()
	backfill.run_backfill()
