"""Types of the replies of the sync endpoints."""

from typing import Annotated, Any, Literal

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf

SyncType = Annotated[str, OneOf("incremental", "full", "backfill", "census", "retry", "rollback")]
RunStatus = Annotated[
	str,
	OneOf("Queued", "Running", "Completed", "Held", "Failed", "Cancelled", "Interrupted", "Rolled Back"),
]
ClientStatus = Annotated[str, OneOf("Pre-Admission", "Active", "Discharged", "Absent", "Deleted")]
Section = Literal["tickets", "tasks", "documents", "appointments"]
Effect = Literal["set", "same", "kept", "review", "not sent", "unreadable"]


class RecordError(TypedDict):
	"""A record that could not be imported, or a field without which a record was imported: `code` and `field`
	give the reason. `field` is Kipu's name, or "". No values.
	"""

	casefile_id: str
	code: str
	field: str
	retryable: bool


class RunStanding(TypedDict):
	"""The state of a run. Dates and timestamps are in the site's time zone, durations in seconds. `started_at` is
	null while the run waits for a worker; then, get_sync_run gives the number of jobs before it as
	`jobs_ahead`.
	"""

	run: str
	connection: str
	sync_type: SyncType
	status: RunStatus
	dry_run: bool
	since_date: str | None
	trigger: Annotated[str, OneOf("API", "Desk", "Schedule", "Command")]
	requested_by: str | None
	requested_at: str
	started_at: str | None
	finished_at: str | None
	jobs_ahead: int | None
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


class RollbackPreview(TypedDict):
	"""What a rollback would undo: the clients and stays that the run created, and the records that it changed.
	Some may be kept, because they were edited since.
	"""

	run: str
	clients: int
	stays: int
	changed: int


class SyncResult(TypedDict):
	"""The result of a call: the counts of all its runs, and each run. With one connection, `run`, `status`
	and the cursors are those of its run; with several, `run` is null and `status` the worst of all.
	"""

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


class CheckShape(TypedDict):
	"""One check. `level` is ok, warn or fail; `part` is the part of the connection, `title` its readable
	name.
	"""

	part: str
	title: str
	level: Literal["ok", "warn", "fail"]
	code: str
	route: str
	found: str
	remedy: str


class LocationShape(TypedDict):
	"""A location that Kipu has. `time_zone` is the probable one, by the dates of its records, null if unknown."""

	location_id: str
	location_name: str
	enabled: bool
	time_zone: str | None


class ConnectionTest(TypedDict):
	"""The result of a connection test: whether a sync can run, the parts that are or may be wrong, and all
	findings.
	"""

	connection: str
	ok: bool
	wrong: list[str]
	checks: list[CheckShape]
	locations: list[LocationShape]
	requests: int


class PreviewedField(TypedDict):
	"""One field.

	`effect`: set (would be written), same, kept (the policy keeps the present value), review (a conflict for
	a person), not sent, unreadable (stays as it is). `hidden`: the caller may not see this field; then both
	values are None.
	"""

	source: str
	doctype: str
	target: str
	label: str
	kipu: str | None
	here: str | None
	policy: str
	effect: Effect
	hidden: bool


class MappingPreview(TypedDict):
	"""A record as a run would import it. `left_out`: the connection skips it. `error`: it cannot be imported
	because of that field, and there are no `fields`; or it would be imported without that field, the first of
	several. `client` and `stay` are null if the record would be new.
	"""

	casefile_id: str
	client: str | None
	stay: str | None
	status: str | None
	facility: str | None
	left_out: bool
	error: dict[str, str] | None
	fields: list[PreviewedField]
	unknown_fields: list[str]


class ConnectionHealth(TypedDict):
	"""The state of a connection: its latest runs, oldest first, the time since the last success in minutes, the number of
	open issues by kind, and the time of the next scheduled run, null without a schedule.
	"""

	connection: str
	status: str
	last_success: str | None
	minutes_since_success: int | None
	next_run_at: str | None
	open_issues: dict[str, int]
	runs: list[RunStanding]


class ConnectionSummary(TypedDict):
	"""A connection in the list of all. `is_stale`: no success for longer than the connection allows. `live_run` is the run
	that waits or works.
	"""

	connection: str
	enabled: bool
	status: Annotated[str, OneOf("Active", "Paused")]
	paused_reason: str | None
	schedule_enabled: bool
	interval_minutes: int
	is_set_up: bool
	last_success: str | None
	minutes_since_success: int | None
	is_stale: bool
	synced_up_to: str | None
	next_run_at: str | None
	open_issues: int
	live_run: str | None


class DiscardedIssues(TypedDict):
	"""The number of open issues that were discarded."""

	discarded: int


class ResumedConnection(TypedDict):
	"""A connection that the schedule runs again."""

	connection: str
	status: Annotated[str, OneOf("Active")]


class PausedConnection(TypedDict):
	"""A connection that the schedule does not run until it is resumed."""

	connection: str
	status: Annotated[str, OneOf("Paused")]


class ClientHeader(TypedDict):
	"""A client. Fields that the caller may not see are null. `age` is in whole years; the dates are YYYY-MM-DD."""

	name: str
	full_name: str
	preferred_name: str | None
	status: ClientStatus | None
	facility: str | None
	level_of_care: str | None
	admission_date: str | None
	discharge_date: str | None
	expected_discharge_date: str | None
	date_of_birth: str | None
	age: int | None
	gender: str | None
	pronouns: str | None
	preferred_language: str | None
	phone: str | None
	email: str | None


class ClientAlert(TypedDict):
	"""Something to notice about a client. `count` is the number of records that the alert is about."""

	code: Annotated[
		str,
		OneOf(
			"deceased",
			"deleted",
			"absent",
			"discharge_overdue",
			"overdue_tickets",
			"overdue_tasks",
			"sync_issues",
		),
	]
	level: Literal["danger", "warning"]
	message: str
	count: int | None


class StayEntry(TypedDict):
	"""A stay. `days` is its length until its discharge or, in care, until today."""

	name: str
	status: ClientStatus | None
	facility: str | None
	level_of_care: str | None
	program: str | None
	mr_number: str | None
	admission_date: str | None
	expected_discharge_date: str | None
	discharge_date: str | None
	absent_since: str | None
	days: int | None
	next_level_of_care: str | None
	discharge_type: str | None
	bed: str | None


class LinkedRecord(TypedDict):
	"""A record that refers to a client. `due` is the due date, or the date of an appointment."""

	doctype: str
	name: str
	title: str
	status: str | None
	priority: str | None
	assigned_to: str | None
	due: str | None
	is_open: bool
	is_overdue: bool
	creation: str
	modified: str


class LinkedSection(TypedDict):
	"""Records of one kind that the caller may read: up to 20 of each DocType, and the number of all."""

	doctypes: list[str]
	records: list[LinkedRecord]
	total: int
	open: int
	overdue: int


class FieldChange(TypedDict):
	"""A changed field."""

	field: str
	label: str
	before: str | None
	after: str | None


class ActivityEntry(TypedDict):
	"""A comment on the client, or a change of the client or a stay."""

	kind: Literal["comment", "change"]
	type: str
	doctype: str
	name: str
	user: str
	user_name: str
	at: str
	text: str
	changes: list[FieldChange]


class ClientOverview(TypedDict):
	"""A client with everything that refers to it. A section that the caller may not read is null. `can_create` has the
	DocType of new records by section, where the caller may create them.
	"""

	client: ClientHeader
	alerts: list[ClientAlert]
	stays: list[StayEntry] | None
	tickets: LinkedSection | None
	tasks: LinkedSection | None
	documents: LinkedSection | None
	appointments: LinkedSection | None
	activity: list[ActivityEntry]
	can_create: dict[Section, str]
