"""The commands `bench --site SITE orchestrator ...`."""

import json
import sys
from collections import Counter

import click

import frappe
from frappe.commands import pass_context

from orchestrator.commands import access_log, documents, sync
from orchestrator.commands.site import open_site

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.group()
def orchestrator() -> None:
	"""Frappe Orchestrator: demo data, checks of the setup, the documents and the access log, the Kipu sync."""


@orchestrator.command()
@click.option("--remove", "takes_back", is_flag=True, help="Undo what the demo created and changed.")
@click.option(
	"--kipu", metavar="URL", help="URL of the Kipu simulator, if it is not on its usual port of this machine."
)
@pass_context
def demo(context: frappe._dict, takes_back: bool, kipu: str | None) -> None:
	"""Create a demo: people, leads, opportunities, employees, leave, issues, projects, documents, and a
	connection to the Kipu simulator.
	"""
	with open_site(context):
		if takes_back:
			_remove_demo()
		else:
			_make_demo(kipu)


@orchestrator.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@pass_context
def doctor(context: frappe._dict, as_json: bool) -> None:
	"""Check the setup and say what to do. Exits with 1 if a check fails."""
	from orchestrator.setup.doctor import FAIL, run_checks

	with open_site(context):
		findings = run_checks()
	if as_json:
		click.echo(json.dumps([finding._asdict() for finding in findings], indent=1))
	else:
		for finding in findings:
			click.echo(click.style(f"{finding.level:5}", COLOURS[finding.level]), nl=False)
			click.echo(f"{finding.check}: {finding.found}")
			if finding.remedy:
				click.echo(f"     {finding.remedy}")
	if any(finding.level == FAIL for finding in findings):
		sys.exit(1)


def _make_demo(kipu: str | None) -> None:
	from orchestrator.setup.demo import clinic, ledger, make

	if ledger.has_demo():
		click.echo("The demo already exists. To create it again, remove it first: orchestrator demo --remove")
		return
	made = Counter(record.doctype for record in make.create_demo(kipu or clinic.BASE_URL))
	shown = (
		"User",
		"Lead",
		"Opportunity",
		"Customer",
		"Employee",
		"Leave Application",
		"Issue",
		"Project",
		"Task",
		"Document",
	)
	click.echo("The demo was created: " + ", ".join(f"{made[doctype]} {doctype}" for doctype in shown))
	if made["Kipu Connection"]:
		click.echo(
			f"Its Kipu connection uses the simulator. Sync the clients with: bench --site {frappe.local.site} orchestrator sync-kipu --full"
		)
	else:
		click.echo(
			"No Kipu connection was created because this server is not listed under kipu_allowed_hosts in site_config.json."
		)


def _remove_demo() -> None:
	from orchestrator.setup.demo import remove

	removal = remove.delete_demo()
	click.echo(f"{removal.removed} demo records were removed.")
	if removal.kept:
		click.echo(
			"These records were kept because your own records refer to them. Remove the references and run this again:"
		)
		for line in removal.kept:
			click.echo(f"  {line}")
		sys.exit(1)


for command in (*access_log.COMMANDS, *documents.COMMANDS, *sync.COMMANDS):
	orchestrator.add_command(command)

commands = [orchestrator]
