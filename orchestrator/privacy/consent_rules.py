"""The rules of consents: who reads them, what one may say, and that one in force can only be revoked."""

from typing import TYPE_CHECKING, Any, Final

import frappe
from frappe import _
from frappe.utils import cint, getdate

from orchestrator import clock
from orchestrator.access.consent_conditions import COUNSELLING_NOTES, KINDS
from orchestrator.access.disclosures import suspend_recording
from orchestrator.access.linked_records import can_read
from orchestrator.access.record_conditions import NO_RECORDS, build_membership
from orchestrator.compat import NO_OPINION
from orchestrator.doctypes import CLIENT, CLIENT_CONSENT, DOCUMENT
from orchestrator.exceptions import ConflictError, refuse
from orchestrator.privacy.verification import OFFICER_ROLE

if TYPE_CHECKING:
	from frappe.integrations.doctype.webhook.webhook import Webhook

	from orchestrator.orchestrator.doctype.client_consent.client_consent import ClientConsent

DRAFT: Final = 0
SUBMITTED: Final = 1
# Set with the revocation itself
REVOCATION_FIELDS: Final = frozenset({"docstatus", "revoked_on", "modified", "modified_by", "idx"})
LINKED_KINDS: Final = {"API Key": "api_key", "Webhook": "webhook"}


class ConsentConflictError(ConflictError):
	"""The consent is in force or revoked, so that it cannot be changed. 409."""


def build_conditions(user: str | None = None, doctype: str = CLIENT_CONSENT) -> str:
	"""Implement the hook permission_query_conditions of Client Consent: those of clients whom the user may read."""
	user = user or frappe.session.user
	if _reads_all(user):
		return ""
	with suspend_recording():
		return build_membership(CLIENT, f"`tab{doctype}`.`client`", user) or NO_RECORDS


def has_permission(doc: "ClientConsent", user: str | None = None, **_kwargs: Any) -> bool | None:
	"""Implement the hook has_permission of Client Consent: the permission of its client, as stored and as sent."""
	user = user or frappe.session.user
	if _reads_all(user):
		return NO_OPINION
	stored = None if doc.is_new() else frappe.db.get_value(CLIENT_CONSENT, doc.name, "client")
	clients = {doc.client, stored} - {None, ""}
	with suspend_recording():
		return NO_OPINION if all(can_read(CLIENT, str(client), user) for client in clients) else False


def _reads_all(user: str) -> bool:
	return user == "Administrator" or OFFICER_ROLE in frappe.get_roles(user)


def check_consent(doc: "ClientConsent") -> None:
	"""Refuse a consent that does not say to whom, what for, what and how long, and tidy what does not apply.

	Raises:
		ValidationError: 422. The message says what is missing.
	"""
	if doc.docstatus == DRAFT:
		doc.revoked_on = None
	_check_recipient(doc)
	_check_kinds(doc)
	if doc.valid_until and getdate(doc.valid_until) < getdate(doc.valid_from):
		refuse(
			_("Valid Until is before Valid From. Enter a later day, or leave it empty."),
			frappe.ValidationError,
		)
	if doc.signed_document and frappe.db.get_value(DOCUMENT, doc.signed_document, "client") != doc.client:
		refuse(
			_("The signed document belongs to another client. Choose a document of this client."),
			frappe.ValidationError,
		)


def _check_recipient(doc: "ClientConsent") -> None:
	if cint(doc.is_general):
		doc.update(dict.fromkeys(("recipient_kind", "recipient_name", "api_key", "webhook", "purpose")))
		return
	used = LINKED_KINDS.get(doc.recipient_kind, "recipient_name")
	for fieldname in ("recipient_name", *LINKED_KINDS.values()):
		value = str(doc.get(fieldname) or "").strip() if fieldname == used else ""
		doc.set(fieldname, value or None)
	if not (doc.recipient_kind and doc.get(used) and doc.purpose):
		refuse(
			_("Say who the recipient is, and for which purpose. Or choose General Consent."),
			frappe.ValidationError,
		)


def _check_kinds(doc: "ClientConsent") -> None:
	chosen = [kind for kind in KINDS if cint(doc.get(kind))]
	if not chosen:
		refuse(_("Choose at least one kind of information."), frappe.ValidationError)
	if COUNSELLING_NOTES in chosen and (cint(doc.is_general) or len(chosen) > 1):
		refuse(
			_(
				"Counselling notes need a consent of their own. Choose nothing else with them, and no general consent."
			),
			frappe.ValidationError,
		)


def revoke(doc: "ClientConsent") -> None:
	"""Set the time of the revocation, which is now. Nothing else changes with it.

	Raises:
		ConsentConflictError: 409. Another field was changed as well.
	"""
	before = doc.get_doc_before_save() or frappe.get_doc(CLIENT_CONSENT, doc.name)
	for fieldname in doc.meta.get_valid_columns():
		if fieldname not in REVOCATION_FIELDS and str(doc.get(fieldname)) != str(before.get(fieldname)):
			refuse(
				_("A consent in force can only be revoked, not changed. Revoke it and create another one."),
				ConsentConflictError,
			)
	doc.revoked_on = clock.get_now_to_second()


def refuse_deletion(doc: "ClientConsent") -> None:
	"""Refuse to delete a consent that is or was in force, also for the Administrator.

	Raises:
		ConsentConflictError: 409.
	"""
	if frappe.db.get_value(CLIENT_CONSENT, doc.name, "docstatus") != DRAFT:
		refuse(
			_("A consent that is or was in force cannot be deleted. Cancel it to revoke it."),
			ConsentConflictError,
		)


def refuse_webhook_deletion(webhook: "Webhook", _method: str | None = None) -> None:
	"""Handle the hook Webhook.on_trash: a webhook that was made anew under this name would get the records that clients
	consented to send to this one.

	Raises:
		LinkExistsError: 409. A consent in force names the webhook.
	"""
	today = clock.get_today()
	until = frappe.get_all(
		CLIENT_CONSENT,
		{"docstatus": SUBMITTED, "recipient_kind": "Webhook", "webhook": webhook.name},
		pluck="valid_until",
	)
	if any(not day or getdate(day) >= today for day in until):
		refuse(
			_("Clients consent to disclosures by this webhook. Disable it, or revoke these consents first."),
			frappe.LinkExistsError,
		)


def refuse_renaming() -> None:
	"""Refuse to rename a consent: disclosures name it.

	Raises:
		ConsentConflictError: 409.
	"""
	refuse(_("A consent cannot be renamed: disclosures refer to it."), ConsentConflictError)
