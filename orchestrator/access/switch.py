"""The switch of the platform guards for this request or job.

The setting *Guard Platform Access* decides for Frappe's own methods and routes. Calls of the contract, and
methods and jobs of this app, are always guarded.
"""

from dataclasses import dataclass

import frappe

from orchestrator.configuration import is_platform_guarded

OWN_PREFIX = "orchestrator."


@dataclass
class Switch:
	"""The state of the guards in one request or job."""

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
	"""Return True if this request or job is guarded; outside of both, if the setting is on."""
	switch: Switch | None = getattr(frappe.local, "orchestrator_switch", None)
	return is_platform_guarded() if switch is None else switch.guarded
