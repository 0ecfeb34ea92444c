"""Delete many records, each by frappe.delete_doc with its hooks, its check of links and its Deleted Document."""

import frappe
from frappe import _
from frappe.model.meta import Meta
from frappe.permissions import get_role_permissions

from orchestrator.api.bulk.requests import BulkRequest, get_bulk_meta
from orchestrator.api.readable_names import Name, list_readable_names
from orchestrator.exceptions import refuse


class BulkDeletion:
	"""The work of a bulk deletion. See `runs.Work`."""

	def __init__(self, request: BulkRequest) -> None:
		self.meta = get_bulk_meta(request.doctype)

	def check(self) -> None:
		"""Refuse (403) a DocType of which the caller may read or delete no record."""
		frappe.has_permission(self.meta.name, "read", throw=True)
		if not _can_delete_any(self.meta):
			refuse(
				_("You do not have permission to delete any {0}. Ask your administrator for access.").format(
					_(self.meta.name)
				),
				frappe.PermissionError,
			)

	def prepare(self, names: list[Name]) -> dict[str, Name]:
		"""Find the records that the caller may read."""
		return list_readable_names(self.meta, names, frappe.session.user)

	def sort_names(self, names: list[Name]) -> list[Name]:
		"""Return the newest first, as Desk does: a naming series only steps back from its last name."""
		return sorted(names, key=str, reverse=True)

	def apply(self, name: Name) -> None:
		"""Delete one record. Frappe checks that the caller may and that nothing refers to it."""
		frappe.delete_doc(self.meta.name, name, ignore_missing=False)

	def apply_to_succeeded(self, succeeded: list[Name]) -> None:
		"""Do nothing: each deletion is complete."""


def _can_delete_any(meta: Meta) -> bool:
	"""Return True if a role of the caller may delete records of the DocType, even if only the caller's own."""
	allowed = get_role_permissions(meta, is_owner=True)
	return bool(allowed.get("delete") or allowed.get("if_owner", {}).get("delete"))
