"""Types of the replies of the access log."""

from typing import Annotated

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf


class BrokenLink(TypedDict):
	"""The first entry at which the chain of the access log is broken."""

	entry: int
	day: str | None
	problem: str


class VerificationReport(TypedDict):
	"""The result of a verification. `last_hash` is the hash of the last entry that is as it was written."""

	entries: int
	days: int
	archived_days: int
	last_hash: str
	broken_link: BrokenLink | None


class RecordAccess(TypedDict):
	"""A record that somebody got. `accessed_at` is in UTC; `entry` is null until the entry is sealed."""

	entry: int | None
	accessed_at: str
	user: str | None
	recipient: str | None
	doctype: str
	name: str
	route: str
	api_key: str | None
	purpose: str | None


class AccessPage(TypedDict):
	"""Accesses, the latest first. `next_cursor` is null on the last page."""

	accesses: list[RecordAccess]
	next_cursor: str | None


class UnusualAccess(TypedDict):
	"""Accesses of a user that a privacy officer should look at.

	`clients` is their number, `client` the only one of them if it is one.
	"""

	kind: Annotated[str, OneOf("Own Record", "Colleague", "Many Clients", "Other Facility")]
	user: str
	client: str | None
	clients: int
	first_at: str
	last_at: str


class ClientDisclosure(TypedDict):
	"""A record of a client that a recipient outside the organisation got. `consent` is null where the facility is exempt."""

	disclosed_at: str
	recipient: str
	purpose: str
	allowed_by: Annotated[str, OneOf("Consent", "Exempt Facility")]
	consent: str | None
	information: str
	doctype: str
	name: str
	route: str


class DisclosurePage(TypedDict):
	"""Disclosures of a client, the latest first. `next_cursor` is null on the last page."""

	disclosures: list[ClientDisclosure]
	next_cursor: str | None
