"""The command `bench --site SITE orchestrator verify-access-log`."""

import json
import sys

import click

import frappe
from frappe.commands import pass_context

from orchestrator.commands.site import open_site


@click.command("verify-access-log")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_context
def verify_access_log(context: frappe._dict, as_json: bool) -> None:
	"""Compute the access log's chain of hashes again. Exits with 1 and names the first broken link if there is one."""
	from orchestrator.privacy import sealing, verification

	with open_site(context):
		sealing.seal_batches()
		report = verification.verify_log()
	link = report["broken_link"]
	if as_json:
		click.echo(json.dumps(report, indent=1))
	elif link:
		click.echo(f"Entry {link['entry']} of {link['day']}: {link['problem']}")
	else:
		click.echo(f"{report['entries']} entries are as they were written. Last hash: {report['last_hash']}")
	if link:
		sys.exit(1)


COMMANDS = (verify_access_log,)
