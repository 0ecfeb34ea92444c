"""Supported versions of Frappe, ERPNext and HRMS.

Frappe versions that cannot import the rest of this app import this module, so it uses no other module that
does not run there.
"""

import semantic_version

import frappe
from frappe import _

from orchestrator.exceptions import refuse

# As in pyproject.toml, which bench reads only when it installs or updates.
VERSION_BOUNDS = {
	"frappe": ">=15.40.0,<17.0.0",
	"erpnext": ">=15.40.0,<17.0.0",
	"hrms": ">=15.30.0,<17.0.0",
}
OLDEST_LINE, NEWEST_LINE = 15, 16


def before_install() -> None:
	"""Handle the hook before_install: stop before anything is changed if this version of Frappe is not
	supported.

	Raises:
		IncompatibleApp: bench prints its message without a traceback.
	"""
	if not is_within(frappe.__version__, VERSION_BOUNDS["frappe"]):
		refuse(_describe_required_version(frappe.__version__), frappe.IncompatibleApp)


def _describe_required_version(version: str) -> str:
	"""Return the problem with this version of Frappe, and the remedy.

	Args:
		version: A version outside the bounds, such as "14.99.5".
	"""
	problem = _(
		"Orchestrator runs on Frappe 15.40 or later and on Frappe 16. This bench has Frappe {0}."
	).format(version)
	return f"{problem} {_describe_upgrade(int(version.split('.')[0]))}"


def is_within(version: str, bounds: str) -> bool:
	"""Return True if a version is within the bounds, by semantic versioning; a pre-release counts as its
	release.
	"""
	parsed = semantic_version.Version.coerce(version)
	return parsed.truncate() in semantic_version.SimpleSpec(bounds)


def _describe_upgrade(line: int) -> str:
	if line > NEWEST_LINE:
		return _("Use a bench of Frappe 16, or a later version of Orchestrator that names this one.")
	if line == OLDEST_LINE:
		return _("Update it with bench update, then install Orchestrator.")
	ended = _("Frappe 14 ended in January 2026.") if line == 14 else _("Frappe {0} has ended.").format(line)
	upgrade = _(
		"Migrate the site to Frappe 15 (bench switch-to-branch version-15 --upgrade), from there to Frappe 16 if you want, then install Orchestrator."
	)
	return f"{ended} {upgrade}"
