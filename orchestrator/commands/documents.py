"""The command `bench --site SITE orchestrator check-documents`."""

import json
import sys

import click

import frappe
from frappe.commands import pass_context

from orchestrator.commands.site import open_site


@click.command("check-documents")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
	"--remove-orphans",
	is_flag=True,
	help="Delete files that belong to no version, a day after they were written.",
)
@pass_context
def check_documents(context: frappe._dict, as_json: bool, remove_orphans: bool) -> None:
	"""Compare the content of every document version with its checksum. Exits with 1 if any is damaged."""
	from orchestrator.docs import integrity

	with open_site(context):
		report = integrity.check_integrity()
		if remove_orphans:
			integrity.delete_orphans(report.orphans)
	if as_json:
		shown = {**report._asdict(), "damaged": [damage._asdict() for damage in report.damaged]}
		click.echo(json.dumps(shown, indent=1))
	else:
		click.echo("\n".join(integrity.render_report(report)))
	if not report._replace(orphans=[] if remove_orphans else report.orphans).is_clean:
		sys.exit(1)


COMMANDS = (check_documents,)
