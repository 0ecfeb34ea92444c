"""Uninstall: remove what install declared, and leave the site's records valid."""

import click

import frappe

from orchestrator.insights.reports import report_schedules
from orchestrator.setup import declarations
from orchestrator.setup.demo import ledger, remove

APP = "orchestrator"
# DocTypes whose versions, with personal data, would remain in tabVersion.
PRIVATE = ("Client", "Client Stay", "Kipu Connection")


def before_uninstall() -> None:
	"""Remove everything on other apps' DocTypes, while this app's DocTypes still exist."""
	if _is_dry_run():
		return
	if ledger.has_demo():
		_remove_demo()
	report_schedules.disable_all()
	_delete_onboarding_steps()
	declarations.delete_all(last=False)


def after_uninstall() -> None:
	"""Remove what Frappe leaves behind, after this app's DocTypes are deleted."""
	if _is_dry_run():
		return
	declarations.delete_all(last=True)
	frappe.db.delete("Version", {"ref_doctype": ("in", PRIVATE)})
	frappe.db.delete("User Permission", {"allow": "Facility"})
	frappe.db.delete("Scheduled Job Type", {"method": ("like", f"{APP}.%")})
	frappe.db.delete("Patch Log", {"patch": ("like", f"{APP}.%")})
	frappe.db.commit()  # Frappe commits before it calls this hook, and not again


def _remove_demo() -> None:
	"""Remove the demo. It could not be removed later, because the list of its records is deleted with this
	app's DocTypes.
	"""
	for line in remove.delete_demo().kept:
		click.echo(f"Demo record kept because your own records refer to it: {line}")


def _delete_onboarding_steps() -> None:
	"""Delete the steps of this app's onboardings. Frappe deletes only the onboardings, which name the module."""
	onboardings = frappe.get_all("Module Onboarding", {"module": "Orchestrator"}, pluck="name")
	steps = frappe.get_all("Onboarding Step Map", {"parent": ("in", onboardings)}, pluck="step")
	frappe.db.delete("Onboarding Step", {"name": ("in", steps)})


def _is_dry_run() -> bool:
	"""Return True for `uninstall-app --dry-run`, which calls the hooks like a real one without saying so."""
	context = click.get_current_context(silent=True)
	return bool(context and context.params.get("dry_run"))
