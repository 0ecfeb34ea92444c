"""People of Kipu that the caller may see before they have a record on this site."""

import frappe
from frappe.permissions import get_user_permissions

from orchestrator.doctypes import FACILITY


def _list_permitted_facilities() -> set[str]:
	"""Return the facilities that User Permissions limit the caller to, none for no limit."""
	return {str(row.get("doc")) for row in get_user_permissions(frappe.session.user).get(FACILITY, [])}


def can_access_facility(facility: str | None) -> bool:
	"""Return True if the caller may see clients of this facility."""
	bounds = _list_permitted_facilities()
	return not bounds or facility in bounds
