"""Types of the replies of the helpdesk endpoints."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf

TicketType = Annotated[str, OneOf("Issue", "HD Ticket")]
TargetStatus = Annotated[str, OneOf("on_track", "at_risk", "breached", "paused", "met", "none")]


class SlaStatus(TypedDict):
	"""The state of a ticket's service level agreement.

	Both statuses are one of on_track, at_risk, breached, paused, met, none. Times are in the site's time zone;
	seconds left are negative once the time has passed, and None while nothing is running.
	"""

	issue: str
	doctype: TicketType
	sla: str | None
	first_response_due: str | None
	resolution_due: str | None
	first_response_met: bool
	resolution_status: TargetStatus
	first_response_status: TargetStatus
	first_responded_on: str | None
	resolved_on: str | None
	on_hold_since: str | None
	first_response_seconds_left: int | None
	resolution_seconds_left: int | None
	checked_at: str


class IssueComment(TypedDict):
	"""A comment on a ticket. `cc` lists the recipients of copies; `mail_queued` is true if it is sent by
	mail, otherwise `mail_note` gives the reason.
	"""

	comment: str
	doctype: str
	issue: str
	is_internal: bool
	content: str
	sender: str
	recipients: list[str]
	cc: list[str]
	attachments: list[str]
	mail_queued: bool
	mail_note: str | None
	status: str


class TicketPage(TypedDict):
	"""A page of tickets, latest change first, and the number of tickets on all pages."""

	tickets: list[dict[str, Any]]
	total: int
