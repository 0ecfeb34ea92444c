"""The record of disclosures: a row for each record of a client that a recipient outside gets, with the consent that allows it.

It is written together with the access log's entry, in the same transaction. What no consent covers is not given: whatever
came to a reply without a check is found here, when it is about to be written.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import frappe
from frappe import _

from orchestrator import rows
from orchestrator.access import consent_conditions
from orchestrator.access.consent_conditions import CoveredRecord
from orchestrator.access.outside_recipients import WITHHELD_DOCTYPES, OutsideRecipient
from orchestrator.doctypes import DISCLOSURE
from orchestrator.exceptions import refuse

CONSENT, EXEMPT = "Consent", "Exempt Facility"
KIND_SEPARATOR: Final = ", "


class MissingConsentError(frappe.PermissionError):
	"""A reply has records of clients who do not consent to the disclosure. 403."""


def write_disclosures(recipient: OutsideRecipient, records: Mapping[str, Iterable[str]], path: str) -> None:
	"""Write the disclosure of records to a recipient, in the present transaction.

	Args:
		recipient: Who gets the records.
		records: Their names by DocType.
		path: The route by which they are given.

	Raises:
		MissingConsentError: 403. No consent covers one of them.
	"""
	found = [
		_build_row(recipient, doctype, record, path)
		for doctype, names in records.items()
		for record in _list_covered(recipient, doctype, list(names))
	]
	if found:
		recipient.has_got_records = True
		rows.insert_rows(DISCLOSURE, found, user="Administrator")


def _list_covered(recipient: OutsideRecipient, doctype: str, names: list[str]) -> Iterator[CoveredRecord]:
	"""Yield the records that belong to a client, all of which must be covered."""
	if not names:
		return
	needed = consent_conditions.list_records_of_clients(doctype, names)
	covered = consent_conditions.list_covered_records(recipient, doctype, needed) if needed else []
	if doctype in WITHHELD_DOCTYPES or needed - {record.name for record in covered}:
		refuse(
			_("The client has not consented to the disclosure of a record in this reply."),
			MissingConsentError,
		)
	yield from covered


def _build_row(recipient: OutsideRecipient, doctype: str, record: CoveredRecord, path: str) -> dict[str, Any]:
	return {
		"disclosed_at": datetime.now(UTC).replace(tzinfo=None),
		"client": record.client,
		"recipient": recipient.name,
		"purpose": recipient.purpose,
		"basis": CONSENT if record.consent else EXEMPT,
		"consent": record.consent,
		"kinds": KIND_SEPARATOR.join(record.kinds),
		"reference_doctype": doctype,
		"reference_name": record.name,
		"route": path,
		"api_key": recipient.api_key or None,
		"webhook": recipient.webhook or None,
	}
