"""Everything that this app declares on a site, in one tuple for install, migrate, uninstall and the doctor."""

from collections.abc import Callable
from typing import NamedTuple

from orchestrator.api import naming_rules
from orchestrator.setup import (
	added_permissions,
	custom_fields,
	dashboards,
	documents,
	indexes,
	report_filters,
	roles,
	settings_defaults,
	status_options,
	ticket_status,
	utm_fields,
)


class Declaration(NamedTuple):
	"""One kind of declaration.

	Attributes:
		name: The kind, for tests and messages.
		sync: Applies the declarations to the site; a repetition changes nothing. None if users or patches do.
		delete: Deletes them. None if they are deleted with this app's DocTypes, or stay valid without the app.
		list_missing: Returns what a site lacks of them, for the doctor.
		is_deleted_last: True to delete them after this app's DocTypes rather than before.
	"""

	name: str
	sync: Callable[[], None] | None = None
	delete: Callable[[], None] | None = None
	list_missing: Callable[[], list[str]] | None = None
	is_deleted_last: bool = False


# In the order of installation; uninstall uses the reverse order.
DECLARATIONS = (
	Declaration(
		"roles", roles.sync_roles, roles.delete_roles, roles.list_missing_roles, is_deleted_last=True
	),
	Declaration(
		"custom fields",
		custom_fields.sync_custom_fields,
		custom_fields.delete_custom_fields,
		custom_fields.list_missing_fields,
	),
	Declaration("indexes", indexes.sync_indexes, indexes.delete_indexes, indexes.list_missing_indexes),
	Declaration("naming rules", delete=naming_rules.delete_rules),
	Declaration(
		"status options",
		status_options.sync_options,
		status_options.delete_options,
		status_options.list_missing_options,
	),
	Declaration(
		"ticket status",
		ticket_status.sync_status,
		ticket_status.delete_status,
		ticket_status.list_missing_status,
	),
	Declaration("permissions", added_permissions.sync_permissions, added_permissions.delete_permissions),
	Declaration("settings", settings_defaults.sync_defaults),
	Declaration("documents", documents.sync_library, documents.detach_files),
	Declaration("report filters", report_filters.sync),
	Declaration("UTM fields", utm_fields.sync),
	Declaration("dashboards", delete=dashboards.delete_dashboards),
)


def sync_all() -> None:
	"""Apply the declarations to the site. A repetition changes nothing."""
	for declaration in DECLARATIONS:
		if declaration.sync:
			declaration.sync()


def delete_all(*, last: bool) -> None:
	"""Delete the declared records, before this app's DocTypes are deleted or, with `last`, after that."""
	for declaration in reversed(DECLARATIONS):
		if declaration.delete and declaration.is_deleted_last == last:
			declaration.delete()


def list_all_missing() -> list[str]:
	"""Return missing declarations, for the doctor."""
	return [
		missing
		for declaration in DECLARATIONS
		if declaration.list_missing
		for missing in declaration.list_missing()
	]
