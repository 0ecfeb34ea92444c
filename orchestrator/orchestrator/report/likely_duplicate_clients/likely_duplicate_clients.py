"""Likely Duplicate Clients: clients who may be the same person, for a person to review. Only clients that the
caller may read are listed.
"""

from typing import Any

from frappe import _

from orchestrator.sync.tools import duplicates


def execute(filters: dict[str, Any] | None = None) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
	"""Return columns and rows; the rows of a group are consecutive."""
	facility = (filters or {}).get("facility")
	rows = [
		{**client, "group": number, "sign": group.sign}
		for number, group in enumerate(duplicates.find_duplicate_groups(facility), start=1)
		for client in group.clients
	]
	return build_columns(), rows


def build_columns() -> list[dict[str, Any]]:
	return [
		{"fieldname": "group", "label": _("Group"), "fieldtype": "Int", "width": 70},
		{"fieldname": "sign", "label": _("Matching Fields"), "fieldtype": "Data", "width": 190},
		{"fieldname": "name", "label": _("Client"), "fieldtype": "Link", "options": "Client", "width": 150},
		{"fieldname": "full_name", "label": _("Full Name"), "fieldtype": "Data", "width": 180},
		{"fieldname": "date_of_birth", "label": _("Date of Birth"), "fieldtype": "Date", "width": 110},
		{"fieldname": "email", "label": _("Email"), "fieldtype": "Data", "width": 180},
		{"fieldname": "phone", "label": _("Phone"), "fieldtype": "Data", "width": 120},
		{"fieldname": "status", "label": _("Status"), "fieldtype": "Data", "width": 100},
		{
			"fieldname": "facility",
			"label": _("Facility"),
			"fieldtype": "Link",
			"options": "Facility",
			"width": 160,
		},
		{"fieldname": "connection", "label": _("Connection"), "fieldtype": "Data", "width": 140},
	]
