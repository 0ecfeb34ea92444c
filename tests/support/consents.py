"""Consents of clients, and callers outside the organisation."""

from dataclasses import dataclass
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import add_days, nowdate

from orchestrator.access.outside_recipients import ALLOWED_METHODS
from tests.support import factories
from tests.support.client import Client

RIGHTS = ("read", "write", "create", "report", "export", "print")
DOCTYPES = ("Client", "Client Stay", "Comment", "Document", "Document Version", "File", "Issue", "Version")
ALL_KINDS = {"demographics": 1, "stays": 1, "diagnoses": 1, "documents": 1, "correspondence": 1}
# Keys may have no method that signs in, or that every key has
METHODS = sorted(ALLOWED_METHODS - {"ping", "frappe.ping", "orchestrator.api.keys.get_current_key"})


@dataclass(frozen=True)
class Outsider:
	"""A recipient outside with an API key of its own."""

	key: str
	name: str
	recipient_class: str
	purpose: str
	client: Client


def make_outsider(inside: Client, user: str, purpose: str = "Legal Proceeding", **values: Any) -> Outsider:
	"""Create an API key of a recipient outside. Its name is its own, so that no other test's consent is for it."""
	doc = make_outside_key(user, recipient_purpose=purpose, **values)
	client = Client(
		inside.base, inside.host, headers={"Authorization": f"token {doc.name}:{doc.flags.secret}"}
	)
	return Outsider(doc.name, doc.recipient_name, doc.recipient_class, purpose, client)


def make_outside_key(user: str, **values: Any) -> Document:
	rights = dict.fromkeys(RIGHTS, 1)
	defaults = {
		"title": factories.make_unique("Key"),
		"user": user,
		"is_outside_recipient": 1,
		"recipient_name": factories.make_unique("County Court"),
		"recipient_class": factories.make_unique("Courts"),
		"recipient_purpose": "Legal Proceeding",
		"doctypes": [{"reference_doctype": doctype, **rights} for doctype in DOCTYPES],
		"methods": [{"method": method} for method in METHODS],
	}
	return factories.make_record("API Key", **{**defaults, **values})


def make_consent(client: str, outsider: Outsider, **values: Any) -> Document:
	"""Create a consent in force for all information but counselling notes."""
	kinds = {} if any(kind in values for kind in (*ALL_KINDS, "counselling_notes")) else ALL_KINDS
	defaults = {
		"client": client,
		"recipient_kind": "Organisation",
		"recipient_name": outsider.name,
		"purpose": outsider.purpose,
		"valid_from": add_days(nowdate(), -10),
		**kinds,
	}
	doc = frappe.get_doc({"doctype": "Client Consent", **defaults, **values}).insert()
	doc.submit()
	frappe.db.commit()
	return doc


def list_disclosures(outsider: Outsider) -> list[tuple[str, str, str | None]]:
	"""Return DocType, record and consent of what a recipient got, in the order of their names."""
	frappe.db.rollback()
	fields = ["reference_doctype", "reference_name", "consent"]
	rows = frappe.get_all(
		"Disclosure",
		filters={"recipient": outsider.name},
		fields=fields,
		order_by="reference_doctype, reference_name, creation",
	)
	return [(row.reference_doctype, row.reference_name, row.consent) for row in rows]
