"""Which records a recipient outside the organisation may get: the SQL of "a consent covers it", for lists and single records.

Each record belongs to a client: it is the client, links to one, or is a version or file of such a record. A consent covers it
if it is in force today, names the recipient and the purpose, and includes the kind of information.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import frappe
from frappe.model.meta import Meta

from orchestrator import clock
from orchestrator.access.client_references import (
	FOLLOWING_LINKS,
	build_row_conditions,
	has_reference,
	list_client_fields,
	list_guarded_doctypes,
	list_reference_conditions,
	quote,
	quote_all,
)
from orchestrator.access.disclosures import suspend_recording
from orchestrator.access.field_levels import get_unreadable_fields
from orchestrator.access.key_scope import get_recipient
from orchestrator.access.outside_recipients import GENERAL_PURPOSES, WITHHELD_DOCTYPES, OutsideRecipient
from orchestrator.access.record_conditions import NO_RECORDS
from orchestrator.doctypes import (
	CLIENT,
	CLIENT_CONSENT,
	CLIENT_STAY,
	DOCUMENT,
	DOCUMENT_VERSION,
	FACILITY,
)

FILE: Final = "File"
DEMOGRAPHICS: Final = "demographics"
STAYS: Final = "stays"
DIAGNOSES: Final = "diagnoses"
DOCUMENTS: Final = "documents"
CORRESPONDENCE: Final = "correspondence"
COUNSELLING_NOTES: Final = "counselling_notes"
KINDS: Final = (DEMOGRAPHICS, STAYS, DIAGNOSES, DOCUMENTS, CORRESPONDENCE, COUNSELLING_NOTES)
DIAGNOSIS_FIELD: Final = "diagnosis_codes"
NAMED_RECIPIENTS: Final = ("Person", "Organisation")


class CoveredRecord(NamedTuple):
	"""A record that a recipient may get: its client, the consent that covers it, and the kinds of information in it."""

	name: str
	client: str
	consent: str | None
	kinds: tuple[str, ...]


def build_conditions(user: str | None = None, doctype: str = "") -> str:
	"""Implement the hook permission_query_conditions of every DocType: the records that consents cover."""
	recipient = get_recipient(user)
	if recipient is None:
		return ""
	condition = build_coverage(recipient, doctype)
	return f"not ({condition})" if recipient.counts_withheld and condition else condition


def is_covered(recipient: OutsideRecipient, doctype: str, record: Any) -> bool:
	"""Return True where a recipient may get a record, both as it is stored and as it is sent.

	Args:
		recipient: The recipient.
		doctype: The DocType of the record.
		record: The record or its name.
	"""
	condition = build_coverage(recipient, doctype)
	if not condition:
		return True
	name = record if isinstance(record, str | int) else record.get("name")
	if condition == NO_RECORDS or (name and not _is_stored_covered(doctype, str(name), condition)):
		return False
	return isinstance(record, str | int) or _is_sent_covered(recipient, frappe.get_meta(doctype), record)


def build_coverage(recipient: OutsideRecipient, doctype: str) -> str:
	"""Return the SQL condition of the records of a DocType that a recipient may get, an empty text for all of them."""
	if doctype in WITHHELD_DOCTYPES:
		return NO_RECORDS
	if doctype in FOLLOWING_LINKS:
		fieldname, target = FOLLOWING_LINKS[doctype]
		return _build_membership(f"`tab{doctype}`.`{fieldname}`", target, build_coverage(recipient, target))
	meta = frappe.get_meta(doctype)
	if meta.get("is_virtual") or meta.issingle:
		return ""
	if doctype == FILE:
		return _build_file_coverage(recipient)
	conditions = [] if meta.istable else _build_link_conditions(recipient, meta)
	if doctype == CLIENT:
		conditions.append(_build_client_coverage(recipient, f"`tab{CLIENT}`.`name`", (DEMOGRAPHICS,)))
	conditions += [f"not ({named})" for named in list_reference_conditions(meta)]
	conditions += build_row_conditions(meta)
	return " and ".join(conditions)


def _build_link_conditions(recipient: OutsideRecipient, meta: Meta) -> list[str]:
	"""Return a condition for each field that links to a client: it is empty, or the client consents."""
	return [
		f"(ifnull(`tab{meta.name}`.`{fieldname}`, '') = '' or {_build_linked_coverage(recipient, meta.name, fieldname)})"
		for fieldname in list_client_fields(meta)
	]


def list_covered_records(
	recipient: OutsideRecipient, doctype: str, names: Iterable[str]
) -> list[CoveredRecord]:
	"""Return those of the records of clients that a recipient may get, each with the consent that covers it.

	The consent is None where the client's facilities are exempt. Records that have no client are left out.
	"""
	condition = build_coverage(recipient, doctype)
	if not condition or condition == NO_RECORDS:
		return []
	client = _get_client_expression(doctype)
	kinds = _list_kinds(recipient, doctype)
	consents = ", ".join(
		f"({_build_consent_query(recipient, kind, 'min(consent.`name`)', f'consent.`client` = {client}')}) `{kind}`"
		for kind in KINDS
	)
	rows = frappe.db.sql(
		f"select `tab{doctype}`.`name`, {client} client, {_build_note_column(doctype)} is_note,"  # noqa: S608  # names are escaped
		f" {_build_exemption(client)} is_exempt, {consents}"
		f" from `tab{doctype}` where `tab{doctype}`.`name` in {quote_all(names)} and ({condition})",
		as_dict=True,
	)
	found = []
	for row in rows:
		used = (COUNSELLING_NOTES,) if row.is_note else kinds
		if row.client:
			consent = None if row.is_exempt else next(filter(None, (row[kind] for kind in used)), None)
			found.append(CoveredRecord(str(row.name), row.client, consent, used))
	return found


def list_records_of_clients(doctype: str, names: Iterable[str]) -> set[str]:
	"""Return those of the records that may not be given without a consent: they have a client, or are not there any more."""
	if doctype not in list_guarded_doctypes():
		return set()
	wanted = set(names)
	client = _get_client_expression(doctype)
	without = frappe.db.sql(
		f"select `tab{doctype}`.`name` from `tab{doctype}` where `tab{doctype}`.`name` in {quote_all(wanted)}"  # noqa: S608  # names are escaped
		f" and ifnull({client}, '') = ''"
	)
	return wanted - {str(row[0]) for row in without}


def _is_stored_covered(doctype: str, name: str, condition: str) -> bool:
	"""Return True for a record that is covered, or not stored."""
	rows = frappe.db.sql(
		f"select ({condition}) from `tab{doctype}` where `tab{doctype}`.`name` = {quote(name)}"  # noqa: S608  # names are escaped
	)
	return not rows or bool(rows[0][0])


def _is_sent_covered(recipient: OutsideRecipient, meta: Meta, record: Any) -> bool:
	rows = [
		(frappe.get_meta(field.options), row)
		for field in meta.get_table_fields()
		for row in record.get(field.fieldname) or []
	]
	if any(has_reference(*part) for part in ((meta, record), *rows)):
		return False
	kinds = _list_sent_kinds(recipient, meta.name, record)
	return all(
		_is_client_covered(recipient, str(record.get(fieldname)), kinds)
		for fieldname in list_client_fields(meta)
		if record.get(fieldname)
	)


def _is_client_covered(recipient: OutsideRecipient, client: str, kinds: Iterable[str]) -> bool:
	condition = _build_client_coverage(recipient, f"`tab{CLIENT}`.`name`", kinds)
	return bool(
		frappe.db.sql(
			f"select 1 from `tab{CLIENT}` where `tab{CLIENT}`.`name` = {quote(client)} and ({condition})"  # noqa: S608  # names are escaped
		)
	)


def _build_linked_coverage(recipient: OutsideRecipient, doctype: str, fieldname: str) -> str:
	column = f"`tab{doctype}`.`{fieldname}`"
	covered = _build_client_coverage(recipient, column, _list_kinds(recipient, doctype))
	if doctype != DOCUMENT:
		return covered
	notes = _build_client_coverage(recipient, column, (COUNSELLING_NOTES,))
	return f"if({_build_note_column(doctype)} = 1, {notes}, {covered})"


def _build_note_column(doctype: str) -> str:
	if doctype == DOCUMENT:
		return f"ifnull(`tab{DOCUMENT}`.`is_counselling_note`, 0)"
	if doctype == DOCUMENT_VERSION:
		return f"""ifnull((select noted.`is_counselling_note` from `tab{DOCUMENT}` noted
			where noted.`name` = `tab{DOCUMENT_VERSION}`.`document`), 0)"""  # noqa: S608  # names of ours
	return "0"


def _list_kinds(recipient: OutsideRecipient, doctype: str) -> tuple[str, ...]:
	"""Return the kinds of information in the records of a DocType. A stay has diagnoses for those who may read them."""
	if doctype == CLIENT:
		return (DEMOGRAPHICS,)
	if doctype == CLIENT_STAY:
		has_diagnoses = recipient.webhook or DIAGNOSIS_FIELD not in get_unreadable_fields(CLIENT_STAY)
		return (STAYS, DIAGNOSES) if has_diagnoses else (STAYS,)
	return (DOCUMENTS,) if doctype in (DOCUMENT, DOCUMENT_VERSION) else (CORRESPONDENCE,)


def _list_sent_kinds(recipient: OutsideRecipient, doctype: str, record: Any) -> tuple[str, ...]:
	if doctype == DOCUMENT and record.get("is_counselling_note"):
		return (COUNSELLING_NOTES,)
	return _list_kinds(recipient, doctype)


def _build_client_coverage(recipient: OutsideRecipient, column: str, kinds: Iterable[str]) -> str:
	"""Return the condition that the client in a column is exempt, or consents to each of the kinds of information."""
	consents = " and ".join(
		f"{column} in ({_build_consent_query(recipient, kind, 'consent.`client`', '1 = 1')})"
		for kind in kinds
	)
	return f"({_build_exemption(column)} or ({consents}))"


def _build_consent_query(recipient: OutsideRecipient, kind: str, selected: str, condition: str) -> str:
	"""Return the query of the consents in force that include a kind of information."""
	today = quote(str(clock.get_today()))
	return (
		f"select {selected} from `tab{CLIENT_CONSENT}` consent"  # noqa: S608  # names are escaped
		f" where consent.`docstatus` = 1 and consent.`valid_from` <= {today}"
		f" and ifnull(consent.`valid_until`, {today}) >= {today} and consent.`{kind}` = 1"
		f" and ({_build_recipient_condition(recipient)}) and {condition}"
	)


def _build_recipient_condition(recipient: OutsideRecipient) -> str:
	"""Return the condition that a consent is for this recipient and purpose."""
	named = [
		f"(consent.`recipient_kind` in {quote_all(NAMED_RECIPIENTS)} and {_build_equal('recipient_name', recipient.name)})",
		f"(consent.`recipient_kind` = 'Class of Recipients' and {_build_equal('recipient_name', recipient.recipient_class)})",
		f"(consent.`recipient_kind` = 'API Key' and {_build_equal('api_key', recipient.api_key)})",
		f"(consent.`recipient_kind` = 'Webhook' and {_build_equal('webhook', recipient.webhook)})",
	]
	specific = f"(consent.`is_general` = 0 and consent.`purpose` = {quote(recipient.purpose)} and ({' or '.join(named)}))"
	if recipient.purpose not in GENERAL_PURPOSES:
		return specific
	return f"consent.`is_general` = 1 or {specific}"


def _build_equal(column: str, value: str) -> str:
	"""Return the condition that a name is the same, in either case. MariaDB's own comparison takes ü for u, and ignores signs."""
	if not value:
		return "1 = 0"
	return f"lower(consent.`{column}`) = lower({quote(value)}) collate utf8mb4_bin"


def _build_exemption(column: str) -> str:
	"""Return the condition that the client in a column was never in the care of a Part 2 program.

	The client's own facility and that of each stay must be exempt.
	"""
	exempt = f"(select facility.`name` from `tab{FACILITY}` facility where facility.`is_part2_exempt` = 1)"  # noqa: S608  # names of ours
	return (
		f"({column} in (select cared.`name` from `tab{CLIENT}` cared where cared.`facility` in {exempt}"  # noqa: S608  # names of ours
		f" and not exists (select 1 from `tab{CLIENT_STAY}` stayed where stayed.`client` = cared.`name`"
		f" and ifnull(stayed.`facility`, '') not in {exempt})))"
	)


def _build_membership(column: str, target: str, condition: str) -> str:
	return f"{column} in (select `tab{target}`.`name` from `tab{target}` where {condition})"  # noqa: S608  # names are escaped


def _build_file_coverage(recipient: OutsideRecipient) -> str:
	"""Return the condition of files: those attached to nothing, or to a record that the recipient may get."""
	doctype, name = f"`tab{FILE}`.`attached_to_doctype`", f"`tab{FILE}`.`attached_to_name`"
	with suspend_recording():  # nobody gets metadata
		attached = frappe.get_all(FILE, distinct=True, pluck="attached_to_doctype", order_by="")
		known = frappe.get_all("DocType", {"name": ("in", list(filter(None, attached)))}, pluck="name")
	targets = sorted({*known} - WITHHELD_DOCTYPES - {FILE})
	conditions = {target: condition for target in targets if (condition := build_coverage(recipient, target))}
	others = f"ifnull({doctype}, '') not in {quote_all([*conditions, *WITHHELD_DOCTYPES])}"
	covered = [
		f"({doctype} = {quote(target)} and {_build_membership(name, target, condition)})"
		for target, condition in conditions.items()
	]
	return f"({' or '.join([others, *covered])})"


def _get_client_expression(doctype: str) -> str:
	"""Return the SQL of the client to whom a record belongs. A record with several clients counts as the first one's."""
	if doctype == CLIENT:
		return f"`tab{CLIENT}`.`name`"
	if doctype in FOLLOWING_LINKS:
		fieldname, target = FOLLOWING_LINKS[doctype]
		(column,) = list_client_fields(frappe.get_meta(target))[:1]
		return f"(select followed.`{column}` from `tab{target}` followed where followed.`name` = `tab{doctype}`.`{fieldname}`)"  # noqa: S608  # names of ours
	fields = list_client_fields(frappe.get_meta(doctype))
	columns = (f"nullif(`tab{doctype}`.`{name}`, '')" for name in fields)
	return f"coalesce({', '.join(columns)})"
