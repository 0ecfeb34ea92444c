"""Copy the counts of Sync Runs from `departures` into `deactivated`, the name that the field has now."""

from frappe.model.utils.rename_field import rename_field


def execute() -> None:
	rename_field("Sync Run", "departures", "deactivated")
