"""DocTypes whose records are private. Other apps add theirs by the hook `orchestrator_private_doctypes`."""

from typing import Final

import frappe

from orchestrator.doctypes import CLIENT, CLIENT_STAY

HOOK: Final = "orchestrator_private_doctypes"
# Their records say who is in care, what they have, or what somebody earns. Their webhooks send no values unless the
# caller asks for them.
PRIVATE_DOCTYPES: Final = frozenset(
	{
		CLIENT,
		CLIENT_STAY,
		"Additional Salary",
		"Document",
		"Document Text",
		"Document Version",
		"Employee",
		"Leave Application",
		"Salary Slip",
		"Salary Structure Assignment",
		"Sync Change",
		"Sync Issue",
		"Sync State",
	}
)


def get_private_doctypes() -> frozenset[str]:
	"""Return the DocTypes whose records are private, those that other apps declare included."""
	return PRIVATE_DOCTYPES.union(frappe.get_hooks(HOOK))
