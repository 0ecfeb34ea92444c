"""Types of the replies of the contract's own endpoints."""

from datetime import datetime
from typing import Annotated, Any

from typing_extensions import NotRequired, TypedDict

from orchestrator.api.schema_types import OneOf

OperationStatus = Annotated[str, OneOf("Queued", "Running", "Completed", "Failed")]


class RecordFailure(TypedDict):
	"""The reason for which a bulk operation could not change a record: the error's class and text."""

	type: str
	text: str


class RecordResult(TypedDict):
	"""The result of a bulk operation for one record. `error` is null if it succeeded."""

	name: str | int
	ok: bool
	error: RecordFailure | None


class BulkResult(TypedDict):
	"""The result of a bulk operation, one entry per record in the order asked for."""

	doctype: str
	total: int
	succeeded: int
	failed: int
	results: list[RecordResult]


class QueuedOperation(TypedDict):
	"""A bulk operation that a background job will carry out. `operation` is its name."""

	operation: str
	status: OperationStatus


class OperationProgress(TypedDict):
	"""The progress of a bulk operation. `done` counts the processed records; `results` is null until the end;
	`error` is null unless the operation failed as a whole.
	"""

	operation: str
	type: Annotated[str, OneOf("Assign", "Delete")]
	doctype: str
	status: OperationStatus
	atomic: bool
	total: int
	done: int
	failed: int
	started_at: datetime | str | None
	finished_at: datetime | str | None
	results: list[RecordResult] | None
	error: RecordFailure | None


class DeletedRecord(TypedDict):
	"""The record that was deleted."""

	doctype: str
	name: str | int


class ReportColumn(TypedDict):
	"""A column of a report."""

	fieldname: str
	label: str | None
	fieldtype: str
	options: Any
	width: Any


class ReportResult(TypedDict):
	"""The result of a report. `rows` are objects by fieldname, null while the report is not prepared; then
	`status` is Not Prepared, Queued, Started or Error, and `message` says what to do.
	"""

	report_name: str
	report_type: str
	ref_doctype: str | None
	status: str
	prepared_at: datetime | str | None
	columns: list[ReportColumn]
	rows: list[dict[str, Any]] | None
	total_row: dict[str, Any] | None
	message: Any
	chart: Any
	summary: Any


class CreatedWebhook(TypedDict):
	"""A Webhook that was created, and its event."""

	name: str
	event: str


class CreatedWebhooks(TypedDict):
	"""The Webhooks that were created. `warnings` is present if the host of the URL does not resolve at this
	moment.
	"""

	doctype: str
	request_url: str
	request_method: str
	webhooks: list[CreatedWebhook]
	warnings: NotRequired[list[str]]


class RateLimitState(TypedDict):
	"""The caller's rate limit: requests per minute, requests left now, and the epoch second at which all are there again."""

	limit: int
	remaining: int
	reset: int


class LoggedError(TypedDict):
	"""An unexpected error in one of the caller's requests. `error_log` is the name of its Error Log, which administrators
	may read.
	"""

	request_id: str
	method: str
	error_class: str
	occurred_at: str
	error_log: str


class ApiUsage(TypedDict):
	"""The caller's own use of the API. `rate_limit` is null where the site sets no limit."""

	user: str
	rate_limit: RateLimitState | None
	recent_errors: list[LoggedError]
