"""Desk's counts of open records: ERPNext's own conditions, with "In Progress" added."""


def get_notification_config() -> dict[str, dict[str, dict]]:
	"""Return Frappe's hook `notification_config`: it replaces ERPNext's condition of the same DocType."""
	return {
		"for_doctype": {
			"Issue": {"status": ("in", ("Open", "In Progress"))},
			"Task": {"status": ("in", ("Open", "In Progress", "Overdue"))},
		}
	}
