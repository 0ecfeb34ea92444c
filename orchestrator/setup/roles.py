"""Roles of this app, only where the suite has none."""

import frappe

# The permissions of each are in the DocTypes.
ROLES = (
	"Orchestrator Manager",  # keeps this app's settings and reads its logs
	"Clinical User",  # sees clients and their stays, without the most private fields
	"Clinical Manager",  # sees all of them
	"Kipu Sync Manager",  # runs the sync and reads its history, sees no client
	"Privacy Officer",  # reads the access log, sees no client
)


def sync_roles() -> None:
	for role in list_missing_roles():
		frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 1}).insert(
			ignore_permissions=True
		)


def delete_roles() -> None:
	"""Delete the roles, and remove them from their users."""
	for role in ROLES:
		frappe.db.delete("Has Role", {"role": role})
		frappe.delete_doc("Role", role, force=True, ignore_missing=True, delete_permanently=True)


def list_missing_roles() -> list[str]:
	return [role for role in ROLES if not frappe.db.exists("Role", role)]
