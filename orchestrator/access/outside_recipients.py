"""Recipients outside the organisation: they get the record of a client only where a consent covers it (42 CFR Part 2).

Which callers are outside is said on their API key. A request or job of such a key has its recipient in the key's scope:
see key_scope.py. Which records a consent covers is decided in consent_conditions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import frappe
from frappe import _

from orchestrator.configuration import get_settings
from orchestrator.doctypes import API_KEY, WEBHOOK
from orchestrator.exceptions import refuse

# The purposes of consents, each with the code of HL7 by which the access log names it
PURPOSES: Final[Mapping[str, str]] = {
	"Treatment": "TREAT",
	"Payment": "HPAYMT",
	"Health Care Operations": "HOPERAT",
	"Coverage": "COVERAGE",
	"Legal Proceeding": "HLEGAL",
	"Public Health": "PUBHLTH",
	"Research": "HRESCH",
	"Request of the Client": "PATRQT",
}
NOTICE_HEADER: Final = "X-Orchestrator-Notice"
# What a general consent allows, for any recipient (42 CFR 2.31(a)(4)(i), 2.33(b))
GENERAL_PURPOSES: Final = ("Treatment", "Payment", "Health Care Operations")
# Internal records that repeat or describe records of clients: no consent names them, so no recipient outside gets them.
WITHHELD_DOCTYPES: Final = frozenset(
	{
		"Access Log",
		"Access Log Batch",
		"Access Log Day",
		"Access Log Entry",
		"Activity Log",
		"Bulk Operation",
		"Bulk Operation Chunk",
		"Change Feed",
		"Change Feed Event",
		"Change Feed Record",
		"Client Consent",
		"Comment",
		"Communication",
		"Deleted Document",
		"Disclosure",
		"Document Audit Entry",
		"Document Text",
		"Email Queue",
		"Error Log",
		"Generated Report",
		"HD Ticket Activity",
		"HD Ticket Comment",
		"Notification Log",
		"Prepared Report",
		"Sync Change",
		"Sync Issue",
		"Sync Run",
		"Sync State",
		"Ticket Escalation",
		"Ticket Pause",
		"Ticket Rating",
		"Version",
		"View Log",
		"Webhook Delivery",
		"Webhook Request Log",
	}
)
# What an API key of such a recipient may call: methods on records, lists and searches, which ask for permissions. Others
# may read records for the caller in ways of their own.
ALLOWED_METHODS: Final = frozenset(
	{
		"frappe.client.delete",
		"frappe.client.get",
		"frappe.client.get_count",
		"frappe.client.get_list",
		"frappe.client.get_value",
		"frappe.client.insert",
		"frappe.client.set_value",
		"frappe.desk.reportview.export_query",
		"frappe.desk.reportview.get",
		"frappe.desk.reportview.get_count",
		"frappe.desk.reportview.get_list",
		"frappe.desk.search.get_link_title",
		"frappe.desk.search.search_link",
		"frappe.ping",
		"orchestrator.api.batch",
		"orchestrator.api.batches.batch",
		"orchestrator.api.keys.get_current_key",
		"orchestrator.api.search.find_records",
		"orchestrator.sync.get_client",
		"ping",
	}
)


@dataclass
class OutsideRecipient:
	"""Who gets records, and what for. `listed` are the DocTypes of which the caller has got lists.

	Args:
		name: The person or organisation.
		purpose: A key of PURPOSES.
		recipient_class: The class of recipients that it belongs to, empty for none.
		api_key: The API key by which it reads, empty for none.
		webhook: The webhook that sends to it, empty for none. A webhook sends all fields.
	"""

	name: str
	purpose: str
	recipient_class: str = ""
	api_key: str = ""
	webhook: str = ""
	listed: dict[str, None] = field(default_factory=dict)
	has_got_records: bool = False
	counts_withheld: bool = False


def are_consents_required() -> bool:
	"""Return True on a site whose recipients outside need consents, and which logs what they get."""
	settings = get_settings()
	return bool(settings.get("consents_enabled") and settings.get("access_log_enabled"))


def get_notice() -> str:
	"""Return the notice that goes with each disclosure as one line of ASCII, as headers need it."""
	text = " ".join(str(get_settings().get("disclosure_notice") or "").split())
	return text.encode("ascii", "xmlcharrefreplace").decode()


def check_description(values: Any) -> None:
	"""Refuse a recipient outside without a name, or without a purpose that consents have.

	Args:
		values: The API key, webhook or mailed report.

	Raises:
		ValidationError: 422.
	"""
	if not (values.get("recipient_name") or "").strip() or values.get("recipient_purpose") not in PURPOSES:
		refuse(
			_("Enter the recipient and the purpose, as consents of clients name them."),
			frappe.ValidationError,
		)


def parse_recipient(values: Any, kind: str = API_KEY) -> OutsideRecipient | None:
	"""Return the recipient that is stored with an API key, webhook or mailed report, None for one inside the organisation.

	Args:
		values: The API key, webhook or mailed report, or its columns.
		kind: Its DocType.
	"""
	if not values.get("is_outside_recipient") or not are_consents_required():
		return None
	name = str(values.get("name") or "")
	return OutsideRecipient(
		name=str(values.get("recipient_name") or ""),
		purpose=str(values.get("recipient_purpose") or ""),
		recipient_class=str(values.get("recipient_class") or ""),
		webhook=name if kind == WEBHOOK else "",
		api_key=name if kind == API_KEY else "",
	)
