"""Read permissions on other apps' settings that their own forms ask for: without them, a role that may read the record
gets an error at each opening. Granted once, so that a site can take them back.
"""

import frappe
from frappe.permissions import add_permission, get_all_perms, rights

# DocType and role: the form of an Issue reads whether service levels are on; managers of Helpdesk, which a site may
# not have, read the ratings of their teams.
ADDED = (("Support Settings", "Support Team"), ("Ticket Rating", "Agent Manager"))
_REMEMBERED = "__orchestrator_added_permissions"  # parent of our rows in DefaultValue


def sync_permissions() -> None:
	"""Grant the permissions that were never granted."""
	granted = frappe.defaults.get_defaults_for(_REMEMBERED)
	for doctype, role in ADDED:
		if frappe.scrub(doctype) in granted or not _is_available(doctype, role):
			continue
		if not _has_read(doctype, role):
			add_permission(doctype, role)
			frappe.defaults.set_default(frappe.scrub(doctype), role, _REMEMBERED)


def delete_permissions() -> None:
	"""Remove the permissions that this app granted, and with them the site's own copy of the rules if it has no others."""
	granted = frappe.defaults.get_defaults_for(_REMEMBERED)
	for doctype, role in ADDED:
		if granted.get(frappe.scrub(doctype)) == role:
			frappe.db.delete("Custom DocPerm", {"parent": doctype, "role": role, "permlevel": 0})
			if _list_rules("Custom DocPerm", doctype) == _list_rules("DocPerm", doctype):
				frappe.db.delete("Custom DocPerm", {"parent": doctype})
			frappe.clear_cache(doctype=doctype)
	frappe.defaults.clear_default(parent=_REMEMBERED)


def _is_available(doctype: str, role: str) -> bool:
	return bool(frappe.db.exists("DocType", doctype) and frappe.db.exists("Role", role))


def _has_read(doctype: str, role: str) -> bool:
	return any(row.parent == doctype and row.read and not row.permlevel for row in get_all_perms(role))


def _list_rules(table: str, doctype: str) -> list[tuple[object, ...]]:
	"""Return the rules of a DocType in one of Frappe's two tables of them, in a fixed order."""
	fields = ["role", "permlevel", "if_owner", *rights]
	known = set(frappe.get_meta(table).get_valid_columns())
	rows = frappe.get_all(
		table, {"parent": doctype}, [name for name in fields if name in known], as_list=True, order_by=None
	)
	return sorted(rows, key=str)
