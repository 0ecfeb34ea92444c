"""Types of the replies of emergency access. Times are in UTC."""

from typing_extensions import TypedDict


class OpenedAccess(TypedDict):
	"""An emergency access that the caller has opened. `client` is the name of the Client."""

	name: str
	client: str
	opened_at: str
	expires_at: str


class EmergencyAccessEntry(TypedDict):
	"""An emergency access, and what a privacy officer found about it. The last three are null until it is reviewed."""

	name: str
	user: str
	client: str
	reason: str
	opened_at: str
	expires_at: str
	reviewed_by: str | None
	reviewed_at: str | None
	finding: str | None


class EmergencyAccessPage(TypedDict):
	"""Emergency accesses, the latest first. `next_cursor` is null on the last page."""

	accesses: list[EmergencyAccessEntry]
	next_cursor: str | None
