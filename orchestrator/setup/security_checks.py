"""Checks of the doctor about access: the closed and open gaps of the platform."""

from collections.abc import Callable

import frappe

from orchestrator import compat
from orchestrator.access import method_guards
from orchestrator.access.dispatchers import DISPATCHERS
from orchestrator.configuration import is_platform_guarded
from orchestrator.setup.findings import FAIL, OK, WARN, Finding

REMEDY = (
	"Switch on Guard Platform Access in Orchestrator Settings. See docs/security.md for what it protects."
)


def check_guarded_methods() -> Finding:
	"""Check that methods without a permission check of their own are guarded."""
	absent = compat.NAMES_OF_THE_OTHER_LINE | compat.NAMES_OF_SOME_VERSIONS
	names = method_guards.METHODS.keys() - absent
	missing = [
		name for name in sorted(names) if not method_guards.find_function(name) and _is_app_installed(name)
	]
	if missing:
		return Finding(
			"guarded methods",
			WARN,
			f"not found: {', '.join(missing)}",
			"An app was updated. Find the new names of these methods, or remove them from the table.",
		)
	return _build_finding(
		"guarded methods", f"{len(method_guards.METHODS)} methods of the suite check permissions first"
	)


def _check_dispatchers() -> Finding:
	"""Check that methods that run other methods are guarded by their targets."""
	return _build_finding("methods that run others", f"{len(DISPATCHERS)} are seen through")


def _check_followers() -> Finding:
	"""Check that nobody follows a record that they may not read."""
	return _build_finding("followers", "follow only what they may read")


def _check_schedules() -> Finding:
	"""Check that mailed reports run as their user."""
	return _build_finding("mailed reports", "run as their user, and are changed by nobody else")


def _check_hooks_in_force() -> Finding:
	"""Check that the guard is called in requests."""
	if "orchestrator.api.method_guard.check_requested_method" in frappe.get_hooks("auth_hooks"):
		return Finding("guard", OK, "runs in every request")
	return Finding("guard", FAIL, "does not run", f"Run bench --site {frappe.local.site} migrate.")


def _build_finding(check: str, found: str) -> Finding:
	"""Return ok if the setting is on, a warning otherwise."""
	return Finding(check, OK, found) if is_platform_guarded() else Finding(check, WARN, "open", REMEDY)


def _is_app_installed(method: str) -> bool:
	return method.split(".")[0] in frappe.get_installed_apps()


CHECKS: tuple[Callable[[], Finding], ...] = (
	_check_hooks_in_force,
	check_guarded_methods,
	_check_dispatchers,
	_check_followers,
	_check_schedules,
)
