"""Whether this request or job closes what Frappe and the apps on it leave open.

The setting *Guard Platform Access* decides it for Frappe's own methods and routes. The calls of the contract, and the
methods and jobs of this app, are guarded whatever the setting says.
"""

from dataclasses import dataclass

import frappe

from orchestrator.configuration import is_platform_guarded

OWN_PREFIX = "orchestrator."


@dataclass
class Switch:
	"""The answer for one request or job."""

	guarded: bool = True


def begin() -> None:
	"""Read the setting once, for the rest of this request or job."""
	# Guarded while the setting is read: reading it may run the queries that ask for it.
	switch = frappe.local.orchestrator_switch = Switch()
	switch.guarded = is_platform_guarded()


def require() -> None:
	"""Guard the rest of this request or job, whatever the setting says."""
	frappe.local.orchestrator_switch = Switch()


def is_guarded() -> bool:
	"""Return True where this request or job closes what Frappe leaves open; elsewhere, what the setting says."""
	switch: Switch | None = getattr(frappe.local, "orchestrator_switch", None)
	return is_platform_guarded() if switch is None else switch.guarded
