"""The site's settings of this app, typed and cached."""

from typing import TYPE_CHECKING

import frappe
from frappe.utils.caching import request_cache

from orchestrator.doctypes import SETTINGS

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.orchestrator_settings.orchestrator_settings import (
		OrchestratorSettings,
	)


def get_settings() -> "OrchestratorSettings":
	"""Return the `Orchestrator Settings` of this site, from the cache. Do not modify the result.

	A request reads them once, so that one state of them applies from its beginning to its end.
	"""
	if getattr(frappe.local, "request", None):
		return _get_request_settings()
	return frappe.get_cached_doc(SETTINGS)


@request_cache
def _get_request_settings() -> "OrchestratorSettings":
	return frappe.get_cached_doc(SETTINGS)


def is_platform_guarded() -> bool:
	"""Return True if the site guards the gaps in Frappe's permissions: the setting *Guard Platform Access*,
	on by default. See docs/security.md.
	"""
	guarded = get_settings().get("guard_platform_methods")
	return guarded is None or bool(guarded)
