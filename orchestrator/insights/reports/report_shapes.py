"""What the report endpoints return."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf

ReportFormat = Annotated[str, OneOf("pdf", "xlsx", "csv", "json", "html")]


class GeneratedReport(TypedDict):
	"""A report as a file, or how far it is.

	`status` is Queued, Running, Completed or Failed. `file` names a private File of the caller, `file_size` is in
	bytes, `row_count` leaves the total row out, `progress` is in percent. The file is deleted after `compute_retention_end`.
	`mail_queued` tells whether it leaves by mail to `recipients`, `mail_note` why it does not, `error` is null or
	`{"type", "text"}`. Times are in the site's time zone."""

	run: str
	report_name: str
	format: ReportFormat
	status: Annotated[str, OneOf("Queued", "Running", "Completed", "Failed")]
	progress: int
	row_count: int | None
	file: str | None
	file_name: str | None
	file_url: str | None
	file_size: int | None
	started_at: str | None
	finished_at: str | None
	kept_until: str | None
	recipients: list[str]
	mail_queued: bool
	mail_note: str | None
	error: dict[str, Any] | None


class ScheduledReport(TypedDict):
	"""A report that is mailed again and again to `recipients`, as `user` sees it. `schedule` names an Auto Email Report."""

	schedule: str
	report_name: str
	format: ReportFormat
	frequency: str
	day_of_week: str | None
	filters: Any
	period: str | None
	recipients: list[str]
	user: str
	enabled: bool
