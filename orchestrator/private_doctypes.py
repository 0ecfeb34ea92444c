"""DocTypes whose records are private. Other apps add theirs by the hook `orchestrator_private_doctypes`."""

from typing import Final

import frappe

from orchestrator.doctypes import CLIENT, CLIENT_STAY

HOOK: Final = "orchestrator_private_doctypes"
# Their records say who is in care, what they have, what somebody earns, or what colleagues write among themselves. Their
# webhooks send no values unless the caller asks for them.
PRIVATE_DOCTYPES: Final = frozenset(
	{
		CLIENT,
		CLIENT_STAY,
		"Additional Salary",
		"Comment",
		"Document",
		"Document Text",
		"Document Version",
		"Employee",
		"HD Ticket Comment",
		"Leave Application",
		"Salary Slip",
		"Salary Structure Assignment",
		"Sync Change",
		"Sync Issue",
		"Sync State",
		"Ticket Pause",
		"Ticket Rating",
	}
)


def get_private_doctypes() -> frozenset[str]:
	"""Return the DocTypes whose records are private, those that other apps declare included."""
	return PRIVATE_DOCTYPES.union(frappe.get_hooks(HOOK))
