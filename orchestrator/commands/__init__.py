"""`bench --site SITE orchestrator ...`: what an administrator does from the shell."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import click

import frappe
from frappe.commands import get_site, pass_context

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.group()
def orchestrator() -> None:
	"""Frappe Orchestrator: demo data, a check of the set-up, a check of the documents."""


@orchestrator.command()
@click.option("--remove", "takes_back", is_flag=True, help="Take back what the demo made and changed.")
@pass_context
def demo(context: frappe._dict, takes_back: bool) -> None:
	"""Make a demo: people, leads, opportunities, employees, leave, issues, projects, documents."""
	with _site(context):
		if takes_back:
			_remove_demo()
		else:
			_make_demo()


@orchestrator.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@pass_context
def doctor(context: frappe._dict, as_json: bool) -> None:
	"""Check the set-up and say what to mend. Ends with 1 if something fails."""
	from orchestrator.setup.doctor import FAIL, examine

	with _site(context):
		findings = examine()
	if as_json:
		click.echo(json.dumps([finding._asdict() for finding in findings], indent=1))
	else:
		for finding in findings:
			click.echo(click.style(f"{finding.level:5}", COLOURS[finding.level]), nl=False)
			click.echo(f"{finding.check}: {finding.found}")
			if finding.mend:
				click.echo(f"     {finding.mend}")
	if any(finding.level == FAIL for finding in findings):
		sys.exit(1)


@orchestrator.command("check-documents")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
	"--remove-orphans", is_flag=True, help="Remove files that no version has, a day after they were written."
)
@pass_context
def check_documents(context: frappe._dict, as_json: bool, remove_orphans: bool) -> None:
	"""Compare the bytes of every document version with its checksum. Ends with 1 if something is damaged."""
	from orchestrator.docs import integrity

	with _site(context):
		report = integrity.check()
		if remove_orphans:
			integrity.remove_orphans(report.orphans)
	if as_json:
		click.echo(
			json.dumps(
				{**report._asdict(), "damaged": [damage._asdict() for damage in report.damaged]}, indent=1
			)
		)
	else:
		click.echo("\n".join(integrity.lines(report)))
	if not report._replace(orphans=[] if remove_orphans else report.orphans).is_clean:
		sys.exit(1)


@contextmanager
def _site(context: frappe._dict) -> Iterator[None]:
	"""A connection to the site as Administrator, if Orchestrator is installed there."""
	site = get_site(context)
	frappe.init(site=site)
	frappe.connect()
	try:
		if "orchestrator" not in frappe.get_installed_apps():
			click.echo(
				f"Orchestrator is not installed on {site}. Run bench --site {site} install-app orchestrator."
			)
			sys.exit(1)
		yield
	finally:
		frappe.destroy()


def _make_demo() -> None:
	from orchestrator.setup.demo import ledger, make

	if ledger.exists():
		click.echo("The demo is there already. To make it anew, remove it first: orchestrator demo --remove")
		return
	made = Counter(record.doctype for record in make.make())
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
	click.echo("The demo is made: " + ", ".join(f"{made[doctype]} {doctype}" for doctype in shown))


def _remove_demo() -> None:
	from orchestrator.setup.demo import remove

	removal = remove.remove()
	click.echo(f"{removal.removed} records of the demo are removed.")
	if removal.kept:
		click.echo(
			"Records of your own refer to these, so they stay. Remove the reference and run this again:"
		)
		for line in removal.kept:
			click.echo(f"  {line}")
		sys.exit(1)


commands = [orchestrator]
