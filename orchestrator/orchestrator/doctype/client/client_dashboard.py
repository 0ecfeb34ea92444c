"""Connections of a client: the DocTypes whose records refer to it."""

from typing import Any

from frappe import _

from orchestrator.apps import is_installed
from orchestrator.doctypes import CLIENT_STAY, DOCUMENT, HD_TICKET, ISSUE, LEAD, TASK


def get_data() -> dict[str, Any]:
	"""Return the groups of connections. Desk shows those that the reader may read."""
	tickets = [ISSUE, HD_TICKET] if is_installed("helpdesk") else [ISSUE]
	return {
		"fieldname": "client",
		"transactions": [
			{"label": _("Care"), "items": [CLIENT_STAY]},
			{"label": _("Tickets and Tasks"), "items": [*tickets, TASK]},
			{"label": _("Documents"), "items": [DOCUMENT]},
			{"label": _("Enquiry"), "items": [LEAD]},
		],
	}
