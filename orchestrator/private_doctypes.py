"""DocTypes whose records are private: the one list that webhooks and the access log go by.

Other apps add theirs by the hook `orchestrator_private_doctypes`, a site by a setting.
"""

from typing import Final

import frappe

from orchestrator.configuration import get_settings
from orchestrator.doctypes import CLIENT, CLIENT_STAY

HOOK: Final = "orchestrator_private_doctypes"
# They say who is in care, and what for: every disclosure of them is logged where the access log is on.
PATIENT_DOCTYPES: Final = frozenset({CLIENT, CLIENT_STAY})
# Their records say who is in care, what they have, what somebody earns, or what colleagues write among themselves. Their
# webhooks send no values unless the caller asks for them.
PRIVATE_DOCTYPES: Final = PATIENT_DOCTYPES | {
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


def get_private_doctypes() -> frozenset[str]:
	"""Return the DocTypes whose webhooks send no values unless the caller asks for them."""
	return PRIVATE_DOCTYPES | _get_declared()


def get_logged_doctypes() -> frozenset[str]:
	"""Return the DocTypes of whose records each disclosure is logged."""
	return PATIENT_DOCTYPES | _get_declared()


def parse_doctypes(text: str | None) -> list[str]:
	"""Return the DocTypes named in a text, one a line."""
	return [name for line in (text or "").splitlines() if (name := line.strip())]


def _get_declared() -> frozenset[str]:
	"""Return the DocTypes that other apps and this site declare as private."""
	return frozenset([*frappe.get_hooks(HOOK), *parse_doctypes(get_settings().get("logged_doctypes"))])
