"""`python -m orchestrator.kipu_simulator`: serve an invented Kipu instance until interrupted."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from datetime import date

from orchestrator.kipu_simulator.faults import KINDS, parse_fault
from orchestrator.kipu_simulator.server import Simulator
from orchestrator.kipu_simulator.signatures import Keys
from orchestrator.kipu_simulator.world import Settings


def build_parser() -> argparse.ArgumentParser:
	"""Return the command's options."""
	made = argparse.ArgumentParser(
		prog="python -m orchestrator.kipu_simulator",
		description="Serve an invented Kipu instance on this machine.",
		epilog="Faults: " + "; ".join(f"{kind}: {text}" for kind, text in KINDS.items()),
	)
	keys = Keys()
	made.add_argument("--port", type=int, default=8790, help="0: any free port (default: %(default)s)")
	made.add_argument("--people", type=int, default=250, help="default: %(default)s")
	made.add_argument("--seed", type=int, default=1, help="the same seed gives the same people")
	made.add_argument(
		"--mode", choices=("classic", "episodes"), default="classic", help="record that a readmission creates"
	)
	made.add_argument(
		"--as-of",
		type=date.fromisoformat,
		metavar="DAY",
		help="day on which the invented history ends (default: today)",
	)
	made.add_argument(
		"--bare-dates",
		choices=("local", "utc"),
		default="local",
		help="time zone of the midnight that stands for a date without a time of day",
	)
	made.add_argument("--telling", action="store_true", help="name the reason in refusals")
	made.add_argument("--per-cap", type=int, default=500, help="maximum records per page")
	made.add_argument("--skew", type=float, default=0.0, help="seconds that the instance's clock is ahead")
	made.add_argument(
		"--fault", action="append", default=[], metavar="KIND[,NAME=VALUE...]", help="may be repeated"
	)
	made.add_argument("--access-id", default=keys.access_id)
	made.add_argument("--secret-key", default=keys.secret_key)
	made.add_argument("--app-id", default=keys.app_id)
	made.add_argument("--control-token", help="token for the control routes; random if not given")
	return made


def build(arguments: Sequence[str]) -> Simulator:
	"""Return the simulator for the options. Exits with 2 if they are invalid."""
	options = build_parser()
	parsed = options.parse_args(arguments)
	try:
		faults = [parse_fault(text) for text in parsed.fault]
	except ValueError as error:
		options.error(f"--fault: {error}")
	return Simulator(
		parsed.people,
		port=parsed.port,
		settings=Settings(
			seed=parsed.seed,
			mode=parsed.mode,
			bare_dates=parsed.bare_dates,
			telling=parsed.telling,
			as_of=parsed.as_of,
			per_cap=parsed.per_cap,
			skew=parsed.skew,
		),
		keys=Keys(parsed.access_id, parsed.secret_key, parsed.app_id),
		control_token=parsed.control_token,
		faults=faults,
	)


def main(arguments: Sequence[str]) -> None:
	"""Print the address and serve."""
	simulator = build(arguments)
	sys.stdout.write(
		f"Kipu simulator on {simulator.base_url}: {simulator.world.people} people, {len(simulator.world)} stays\n"
		f"access id {simulator.keys.access_id} · app id {simulator.keys.app_id}\n"
		f"control token {simulator.control_token}\n"
	)
	sys.stdout.flush()
	with contextlib.suppress(KeyboardInterrupt):
		simulator.serve()


if __name__ == "__main__":
	main(sys.argv[1:])
