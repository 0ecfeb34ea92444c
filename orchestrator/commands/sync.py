"""The commands `bench --site SITE orchestrator sync-kipu` and others of the Kipu sync.

Exit codes of a run: 0 done, 1 failed, 2 the command line or a setting is wrong, 3 held for approval, 4
another run is active. With several connections, the code of the worst run counts.
"""

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

import frappe
from frappe.commands import pass_context

from orchestrator.commands.site import open_site
from orchestrator.commands.sync_progress import show_progress

if TYPE_CHECKING:
	from orchestrator.sync.runs.run_records import RunRequest
	from orchestrator.sync.shapes import RunStanding

FAILED, USAGE, HELD, BUSY = 1, 2, 3, 4
CODES = {"Completed": 0, "Held": HELD}
COLOURS = {"Completed": "green", "Held": "yellow", "ok": "green", "warn": "yellow", "fail": "red"}
COUNTS = ("imported", "updated", "skipped", "failed")

connection_option = click.option(
	"--connection",
	"connections",
	metavar="NAME",
	multiple=True,
	help="Name of a connection; may be repeated. Default: all enabled connections.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for monitoring.")


@click.command("sync-kipu")
@click.option("--full", is_flag=True, help="Read all records, not only changes since the last run.")
@click.option("--dry-run", is_flag=True, help="Count the changes without saving them.")
@click.option("--since", metavar="DAY", help="Read changes since that day (YYYY-MM-DD).")
@connection_option
@json_option
@pass_context
def sync_kipu(
	context: frappe._dict,
	full: bool,
	dry_run: bool,
	since: str | None,
	connections: tuple[str, ...],
	as_json: bool,
) -> None:
	"""Sync clients from Kipu. Ctrl-C interrupts; the next run continues from there."""
	from orchestrator.sync.actions import run_requests

	with open_site(context), report_refusals():
		order = run_requests.parse_request("full" if full else "incremental", dry_run, since)
		names = list_chosen(connections)
		standings, codes = [], [0]
		for name in names:
			result, code = run_connection(order, name, quiet=as_json)
			codes.append(code)
			if result:
				standings.append(result)
				show_run(result, as_json)
	if as_json:
		click.echo(json.dumps(standings, indent=1))
	# Failed comes before busy, busy before held.
	sys.exit(next((code for code in (FAILED, USAGE, BUSY, HELD) if code in codes), 0))


@click.command("kipu-test")
@connection_option
@json_option
@pass_context
def kipu_test(context: frappe._dict, connections: tuple[str, ...], as_json: bool) -> None:
	"""Test the connections to Kipu and name the wrong part. Exits with 1 if there is one."""
	from orchestrator.sync.tools import connection_test

	results, refused = [], False
	with open_site(context), report_refusals():
		for name in list_chosen(connections):
			try:
				results.append(connection_test.run_connection_test_by_name(name))
				frappe.db.commit()
			except frappe.ValidationError as error:
				refused = True
				show_refusal(name, error)
				continue
			if not as_json:
				show_test(results[-1])
	if as_json:
		click.echo(json.dumps(results, indent=1))
	if refused or not all(result["ok"] for result in results):
		sys.exit(FAILED)


@click.command("sync-history")
@click.option("--limit", default=20, show_default=True, help="Number of runs.")
@click.option("--connection", metavar="NAME", help="Only runs of this connection.")
@json_option
@pass_context
def sync_history(context: frappe._dict, limit: int, connection: str | None, as_json: bool) -> None:
	"""Show the last runs of the Kipu sync, newest first."""
	from orchestrator.sync.actions import history

	with open_site(context), report_refusals():
		runs = history.list_runs(limit, 0, connection)
	if as_json:
		click.echo(json.dumps(runs, indent=1))
		return
	for run in runs:
		show_run(run)
	if not runs:
		click.echo("Nothing has been synced yet. Start with: orchestrator sync-kipu --full --dry-run")


@click.command("sync-rollback")
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
@pass_context
def sync_rollback(context: frappe._dict, run: str, yes: bool, as_json: bool) -> None:
	"""Roll a run back: delete what it created and restore what it changed, except what was edited since."""
	from orchestrator.sync.actions import history, run_actions
	from orchestrator.sync.runs.run_records import RunRequest

	with open_site(context), report_refusals():
		target = history.get_run(run)
		if not yes:
			click.confirm(build_rollback_question(target), abort=True)
		with show_progress(RunRequest(target["connection"], "rollback"), as_json) as watch:
			result = run_actions.roll_back_run(run, watch or skip_progress)
	if as_json:
		click.echo(json.dumps(result, indent=1))
	else:
		show_run(result)
		show_kept(result)
	sys.exit(CODES.get(result["status"], FAILED))


@click.command("kipu-simulator", context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def kipu_simulator(arguments: tuple[str, ...]) -> None:
	"""Serve an invented Kipu instance on this machine until interrupted. --help lists its options."""
	from orchestrator.kipu_simulator.__main__ import main

	main(arguments)


def list_chosen(connections: tuple[str, ...]) -> list[str]:
	"""Return the named connections, or all that are enabled."""
	from orchestrator.sync.actions import run_requests

	return [
		name for connection in connections or (None,) for name in run_requests.list_connections(connection)
	]


def run_connection(order: "RunRequest", name: str, quiet: bool) -> "tuple[RunStanding | None, int]":
	"""Run one connection. An error is printed and does not stop the other connections."""
	from orchestrator.sync import connection
	from orchestrator.sync.actions import run_requests
	from orchestrator.sync.runs.run_queue import RunConflictError

	ordered = dataclasses.replace(order, connection=name, trigger="Command")
	try:
		connection.get_source(name)
		connection.validate_credentials(name)
		with show_progress(ordered, quiet) as watch:
			result = run_requests.run_in_process(ordered, watch)
	except (RunConflictError, frappe.ValidationError) as error:
		frappe.db.rollback()
		show_refusal(name, error)
		return None, BUSY if isinstance(error, RunConflictError) else USAGE
	return result, CODES.get(result["status"], FAILED)


def show_refusal(name: str, error: Exception) -> None:
	"""Print the reason for which a connection was not run."""
	click.echo(click.style(f"{name}: {frappe.utils.strip_html(str(error))}", fg="red"), err=True)


def build_rollback_question(run: "RunStanding") -> str:
	"""Return the question to confirm before a rollback."""
	return (
		f"Delete the {run['imported']} records that {run['run']} created, restore the {run['updated']} that it changed, "
		f"and pause {run['connection']}?"
	)


def skip_progress(_run: object) -> None:
	"""Do nothing with the progress."""


def show_kept(run: "RunStanding") -> None:
	"""Print the result of a rollback."""
	report = run["rollback"] or {}
	if report:
		click.echo(
			f"            {report['deleted']} deleted, {report['restored']} restored, {report['kept_in_all']} kept"
		)
	for kept in report.get("kept", ()):
		click.echo(
			f"            kept {kept['doctype']} {kept['name']}: {kept['reason']} {', '.join(kept['fields'])}"
		)


def show_run(run: "RunStanding", quiet: bool = False) -> None:
	"""Print a run in one or two lines."""
	if quiet:
		return
	dry = ", dry run" if run["dry_run"] else ""
	counts = ", ".join(f"{run[name]} {name}" for name in COUNTS)  # type: ignore[literal-required]
	status = click.style(f"{run['status']:11}", fg=COLOURS.get(run["status"], "red"))
	click.echo(
		f"{status} {run['run']}  {run['connection']}: {run['sync_type']}{dry}, {counts}, "
		f"{run['sync_duration_seconds']:.1f} s, {run['started_at']}"
	)
	for line in list_remarks(run):
		click.echo(f"            {line}")


def list_remarks(run: "RunStanding") -> list[str]:
	"""Return the reason for a run's status, and its notes."""
	why = [run["error"]["text"] or run["error"]["class"]] if run["error"] else []
	if run["held_reason"]:
		why.append(run["held_reason"])
	return [*why, *run["notes"]]


def show_test(result: Any) -> None:
	"""Print the findings of a connection test."""
	click.echo(click.style(str(result["connection"]), bold=True))
	for check in result["checks"]:
		click.echo(click.style(f"{check['level']:5}", fg=COLOURS[check["level"]]), nl=False)
		click.echo(f"{check['title']}: {check['found']}")
		if check["remedy"]:
			click.echo(f"     {check['remedy']}")


@contextmanager
def report_refusals() -> Iterator[None]:
	"""Print a refusal in one line and exit with a code, without a traceback."""
	try:
		yield
	except frappe.ValidationError as error:
		from orchestrator.sync.runs.run_queue import RunConflictError

		click.echo(click.style(frappe.utils.strip_html(str(error)), fg="red"), err=True)
		sys.exit(BUSY if isinstance(error, RunConflictError) else USAGE)


COMMANDS = (sync_kipu, kipu_test, sync_history, sync_rollback, kipu_simulator)
