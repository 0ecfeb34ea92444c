"""The site's settings of this app, typed and cached."""

from typing import TYPE_CHECKING

import frappe

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.orchestrator_settings.orchestrator_settings import (
		OrchestratorSettings,
	)


def get_settings() -> "OrchestratorSettings":
	"""The `Orchestrator Settings` of this site, from the cache. Do not change what it returns."""
	return frappe.get_cached_doc("Orchestrator Settings")
