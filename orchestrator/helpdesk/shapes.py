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


class TicketPauseState(TypedDict):
	"""The pause of a ticket: its status, since when, why, and the note of the support team."""

	issue: str
	doctype: TicketType
	status: str
	paused_since: str | None
	reason: str | None
	note: str | None


class EscalationMark(TypedDict):
	"""The latest escalation of a ticket, and how many there were."""

	stage: str
	escalated_to: str | None
	escalated_at: str
	count: int


class TicketCountdown(TypedDict):
	"""What remains of the target of a ticket that comes next.

	`working_seconds_left` is negative once the target is overdue. It runs down while `is_counting`; after
	`changes_in_seconds`, something else happens: work begins or ends, or the target becomes at risk or overdue.
	"""

	issue: str
	doctype: TicketType
	target: Annotated[str, OneOf("first_response", "resolution")] | None
	status: TargetStatus
	due: str | None
	working_seconds_left: int | None
	is_counting: bool
	changes_in_seconds: int | None
	paused_since: str | None
	pause_reason: str | None
	pause_note: str | None
	escalation: EscalationMark | None
	text: str


class CountdownPage(TypedDict):
	"""The countdowns of the requested tickets that the caller may read, and the time of the server."""

	countdowns: list[TicketCountdown]
	checked_at: str


class ReplyRecipients(TypedDict):
	"""Who gets a reply, and `mail_note`, the reason for which no mail would be sent."""

	issue: str
	doctype: TicketType
	recipient: str | None
	cc: list[str]
	mail_note: str | None


class MacroSummary(TypedDict):
	"""A macro that the caller may apply."""

	name: str
	description: str | None
	ticket_type: TicketType | None
	team: str | None
	steps: list[str]


class MacroChange(TypedDict):
	"""A field of the ticket that a macro changes."""

	field: str
	label: str
	before: str | None
	after: str


class MacroPreview(TypedDict):
	"""What a macro does to a ticket. `refusal` is the reason for which it would fail, None if it would not."""

	macro: str
	issue: str
	doctype: TicketType
	reply: str | None
	recipient: str | None
	cc: list[str]
	mail_note: str | None
	note: str | None
	changes: list[MacroChange]
	assign_to: str | None
	tags: list[str]
	refusal: str | None


class MacroResult(TypedDict):
	"""The result of a macro for one ticket. A ticket that failed is unchanged."""

	issue: str
	doctype: TicketType
	applied: bool
	status: str | None
	mail_queued: bool
	error: str | None
	exc_type: str | None


class MacroRun(TypedDict):
	"""The results of a macro, one for each ticket."""

	macro: str
	applied: int
	failed: int
	results: list[MacroResult]


class SatisfactionGroup(TypedDict):
	"""Ratings of an agent, a team, or a period. `average` is None without answers."""

	key: str | None
	label: str
	invited: int
	answered: int
	average: float | None
	response_rate: float | None
	scores: dict[str, int]


class Satisfaction(TypedDict):
	"""The ratings of a period, together and by group."""

	from_date: str
	to_date: str
	group_by: Annotated[str, OneOf("agent", "team", "day", "week", "month")]
	total: SatisfactionGroup
	groups: list[SatisfactionGroup]
