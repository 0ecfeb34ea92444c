"""Random consents, revocations and days against a plain model of what a consent covers."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import frappe

from orchestrator import clock, rows
from orchestrator.access import consent_conditions
from orchestrator.access.consent_conditions import KINDS
from orchestrator.access.outside_recipients import OutsideRecipient
from tests.privacy.conftest import People
from tests.support import factories

FIRST = date(2025, 1, 1)
DAYS = st.integers(0, 6).map(lambda number: FIRST + timedelta(days=number))
PURPOSES = ("Treatment", "Payment", "Legal Proceeding")
GENERAL = ("Treatment", "Payment")
NAMES = ("Court", "Plan", "")
NEEDED = {"Client": {"demographics"}, "Client Stay": {"stays", "diagnoses"}, "Issue": {"correspondence"}}
SPECIFIC = {
	"Person": "recipient_name",
	"Organisation": "recipient_name",
	"Class of Recipients": "recipient_name",
	"API Key": "api_key",
	"Webhook": "webhook",
}


@dataclass(frozen=True)
class Consent:
	is_of_client: bool
	docstatus: int
	is_general: bool
	recipient_kind: str
	recipient: str
	purpose: str
	kinds: frozenset[str]
	valid_from: date
	valid_until: date | None

	def to_row(self, client: str, other: str) -> dict[str, Any]:
		named = dict.fromkeys(("recipient_name", "api_key", "webhook"))
		if not self.is_general:
			named[SPECIFIC[self.recipient_kind]] = self.recipient or None
		return {
			"client": client if self.is_of_client else other,
			"docstatus": self.docstatus,
			"is_general": int(self.is_general),
			"recipient_kind": None if self.is_general else self.recipient_kind,
			"purpose": None if self.is_general else self.purpose,
			**named,
			**{kind: int(kind in self.kinds) for kind in KINDS},
			"valid_from": self.valid_from,
			"valid_until": self.valid_until,
		}

	def covers(self, kind: str, recipient: OutsideRecipient, today: date) -> bool:
		"""Say what a reader of the consent would say."""
		is_valid = self.valid_from <= today and (self.valid_until is None or today <= self.valid_until)
		if not (self.is_of_client and self.docstatus == 1 and is_valid and kind in self.kinds):
			return False
		if self.is_general:
			return recipient.purpose in GENERAL
		meant = {
			"Person": recipient.name,
			"Organisation": recipient.name,
			"Class of Recipients": recipient.recipient_class,
			"API Key": recipient.api_key,
			"Webhook": recipient.webhook,
		}[self.recipient_kind]
		return bool(meant) and meant == self.recipient and recipient.purpose == self.purpose


CONSENTS = st.lists(
	st.builds(
		Consent,
		is_of_client=st.sampled_from((True, True, True, False)),
		docstatus=st.sampled_from((0, 1, 1, 1, 2)),
		is_general=st.booleans(),
		recipient_kind=st.sampled_from(sorted(SPECIFIC)),
		recipient=st.sampled_from(NAMES),
		purpose=st.sampled_from(PURPOSES),
		kinds=st.frozensets(st.sampled_from(KINDS), min_size=1),
		valid_from=DAYS,
		valid_until=st.none() | DAYS,
	),
	max_size=6,
)
RECIPIENTS = st.builds(
	OutsideRecipient,
	name=st.sampled_from(NAMES),
	purpose=st.sampled_from(PURPOSES),
	recipient_class=st.sampled_from(NAMES),
	api_key=st.sampled_from(NAMES),
	# a webhook gets all fields, diagnoses too; so does the Administrator, as whom this test runs
	webhook=st.sampled_from(NAMES),
)


@pytest.fixture(scope="module")
def issue(people: People) -> str:
	return str(
		factories.make_record("Issue", subject=factories.make_unique("About"), client=people.names[0]).name
	)


def is_covered(recipient: OutsideRecipient, doctype: str, name: str) -> bool:
	"""Return what a check of the record, a list and the record of disclosures say, which is the same."""
	condition = consent_conditions.build_coverage(recipient, doctype)
	where = f"name = {frappe.db.escape(name)} and ({condition})"
	answers = {
		consent_conditions.is_covered(recipient, doctype, name),
		bool(consent_conditions.list_covered_records(recipient, doctype, [name])),
		bool(frappe.db.sql(f"select name from `tab{doctype}` where {where}")),  # noqa: S608  # as a list has it
	}
	(answer,) = answers
	return answer


@settings(
	derandomize=True,
	max_examples=250,
	deadline=None,
	suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
	consents=CONSENTS,
	recipient=RECIPIENTS,
	today=DAYS,
	is_exempt=st.sampled_from((False, False, False, True)),
)
def test_coverage_is_what_the_consents_say(
	consents: list[Consent],
	recipient: OutsideRecipient,
	today: date,
	is_exempt: bool,
	people: People,
	issue: str,
	site: str,
	monkeypatch: pytest.MonkeyPatch,
) -> None:
	client, other = people.names[:2]
	monkeypatch.setattr(clock, "get_today", lambda: today)
	try:
		frappe.db.sql("delete from `tabClient Consent` where client in %s", ((client, other),))
		frappe.db.sql(
			"update `tabFacility` set is_part2_exempt = %s where name = %s", (int(is_exempt), people.facility)
		)
		rows.insert_rows("Client Consent", [consent.to_row(client, other) for consent in consents])
		records = {"Client": client, "Client Stay": people.stay.name, "Issue": issue}
		expected = {
			doctype: is_exempt
			or all(any(consent.covers(kind, recipient, today) for consent in consents) for kind in kinds)
			for doctype, kinds in NEEDED.items()
		}
		assert {
			doctype: is_covered(recipient, doctype, name) for doctype, name in records.items()
		} == expected
	finally:
		frappe.db.rollback()
