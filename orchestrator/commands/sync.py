"""`bench --site SITE orchestrator sync-kipu` and its neighbours: the Kipu sync from the shell."""

import click


@click.command("kipu-simulator", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def kipu_simulator(arguments: tuple[str, ...]) -> None:
	"""Serve an invented Kipu instance on this machine until interrupted. --help lists its options."""
	from orchestrator.sync.kipu.simulator.__main__ import main

	main(arguments)


COMMANDS = (kipu_simulator,)
