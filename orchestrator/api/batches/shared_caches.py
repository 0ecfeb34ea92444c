"""Caches in Redis that steps may have filled from work which is rolled back, such as permissions.

A single call seldom reads after it has written, and Frappe clears on a rollback the records alone. The steps of a batch do.
"""

from typing import Final

import frappe

from orchestrator.api.batches.requests import BatchStep
from orchestrator.api.call import OWN_PREFIX
from orchestrator.api.endpoint import READ, get_effect
from orchestrator.api.preflight import find_whitelisted_function
from orchestrator.api.records import get_meta_or_none

ADMINISTRATORS: Final = frozenset({"System Manager", "Administrator"})
# DocTypes of Frappe that hold people's records. Its others configure the site, and are cached as such.
UNCACHED_DOCTYPES: Final = frozenset(
	{"Address", "Comment", "Communication", "Contact", "Event", "File", "Note", "Tag", "Tag Link", "ToDo"}
)


def clear_after_rollback(steps: list[BatchStep]) -> None:
	"""Clear the caches if the present transaction, or the savepoint that is open, is rolled back.

	Args:
		steps: The steps that are rolled back then.
	"""
	user = frappe.session.user
	is_administrator = not ADMINISTRATORS.isdisjoint(frappe.get_roles(user))

	def clear() -> None:
		if is_administrator and any(map(_may_configure_site, steps)):
			frappe.clear_cache()
		else:
			frappe.clear_cache(user=user)

	frappe.db.after_rollback.add(clear)


def _may_configure_site(step: BatchStep) -> bool:
	"""Return True for a step that may write a record by which Frappe works, such as a role or a Webhook."""
	function = find_whitelisted_function(step.method)
	if function is None or get_effect(function) == READ:
		return False
	meta = get_meta_or_none(step.doctype) if step.doctype else None
	if meta is None:
		return not step.method.startswith(
			OWN_PREFIX
		)  # one of Frappe's methods: a reference names the DocType
	return meta.name not in UNCACHED_DOCTYPES and frappe.get_module_path(meta.module).startswith(
		frappe.get_app_path("frappe")
	)
