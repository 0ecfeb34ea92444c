"""What the endpoints of the sync return."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf

SyncType = Annotated[str, OneOf("incremental", "full", "backfill", "census", "retry", "rollback")]
RunStatus = Annotated[
	str,
	OneOf("Queued", "Running", "Completed", "Held", "Failed", "Cancelled", "Interrupted", "Rolled Back"),
]


class RecordError(TypedDict):
	"""One record that could not be taken, or one field that a record was taken without: code and field say which. `field` is
	Kipu's name, or "". No values."""

	casefile_id: str
	code: str
	field: str
	retryable: bool


class RunStanding(TypedDict):
	"""A run as it stands. Dates and moments in the site's time zone, durations in seconds."""

	run: str
	connection: str
	sync_type: SyncType
	status: RunStatus
	dry_run: bool
	since_date: str | None
	trigger: Annotated[str, OneOf("API", "Desk", "Schedule", "Command")]
	requested_by: str | None
	started_at: str
	finished_at: str | None
	sync_duration_seconds: float
	imported: int
	updated: int
	skipped: int
	failed: int
	pages: int
	records_read: int
	deactivated: int
	phase: str | None
	cursor_before: str | None
	cursor_after: str | None
	resumed_from: str | None
	errors: list[RecordError]
	changed_fields: dict[str, int]
	drift: dict[str, list[str]]
	notes: list[str]
	held_reason: str | None
	error: dict[str, str] | None
	rollback: dict[str, Any] | None


class SyncResult(TypedDict):
	"""What a call of the sync came to: the counts of all its runs, and each run. With one connection, `run`, `status` and
	the cursors are its run's; with several, `run` is None and `status` the worst of theirs."""

	imported: int
	updated: int
	skipped: int
	errors: list[RecordError]
	sync_duration_seconds: float
	run: str | None
	status: RunStatus
	background: bool
	dry_run: bool
	sync_type: SyncType
	cursor_before: str | None
	cursor_after: str | None
	runs: list[RunStanding]


class DiscardedIssues(TypedDict):
	"""The number of open issues that were discarded."""

	discarded: int


class ResumedConnection(TypedDict):
	"""A connection that the schedule runs again."""

	connection: str
	status: Annotated[str, OneOf("Active")]
