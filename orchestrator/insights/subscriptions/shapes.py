"""Types of the replies about subscriptions."""

from typing import Annotated

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf
from orchestrator.insights.subscriptions import schedule


class Recipient(TypedDict):
	"""A recipient: when they last got the figures, and why they did not at the last time."""

	user: str
	unsubscribed: bool
	last_sent_at: str | None
	skipped_because: str | None


class Subscription(TypedDict):
	"""A dashboard that is mailed regularly. `next_send_at` is in the site's time zone, null if it is not enabled. A recipient
	who is not the owner sees only their own entry of `recipients`.
	"""

	subscription: str
	dashboard: str
	owner: str
	enabled: bool
	format: Annotated[str, OneOf("pdf", "html")]
	frequency: Annotated[str, OneOf(*schedule.FREQUENCIES)]
	hour: int
	day_of_week: str | None
	day_of_month: int | None
	period: str | None
	facility: str | None
	next_send_at: str | None
	recipients: list[Recipient]


class Subscriptions(TypedDict):
	"""The subscriptions of the caller, the oldest first, and whether this site sends dashboards by mail."""

	is_mail_allowed: bool
	subscriptions: list[Subscription]


class TestMail(TypedDict):
	"""The address of a test mail."""

	recipient: str
