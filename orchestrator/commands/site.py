"""The site that a command works on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

import frappe
from frappe.commands import get_site

from orchestrator import isolation


@contextmanager
def open_site(context: frappe._dict) -> Iterator[None]:
	"""Connect to the site as Administrator, if Orchestrator is installed there."""
	site = get_site(context)
	frappe.init(site=site)
	frappe.connect()
	try:
		if "orchestrator" not in frappe.get_installed_apps():
			click.echo(
				f"Orchestrator is not installed on {site}. Run bench --site {site} install-app orchestrator."
			)
			sys.exit(1)
		isolation.read_committed_rows_under_lock()
		yield
	finally:
		frappe.destroy()
