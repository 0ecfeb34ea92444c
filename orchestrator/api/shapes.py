"""What the contract's own endpoints return."""

from datetime import datetime
from typing import Annotated, Any

from typing_extensions import NotRequired, TypedDict

from orchestrator.api.schema_types import OneOf

OperationStatus = Annotated[str, OneOf("Queued", "Running", "Completed", "Failed")]


class RecordFailure(TypedDict):
	"""Why a bulk operation could not change a record: the error's class and its text."""

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
	"""The progress of a bulk operation. `done` counts the records worked on; `results` is null until the end, `error` is
	null unless the operation failed as a whole.
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
	"""The result of a report. `rows` are objects by fieldname, null while the report is not prepared; then `status` is
	Not Prepared, Queued, Started or Error, and `message` says what to do.
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
	"""A Webhook that was created, its event, and the secret that signs its deliveries. The secret is shown this once."""

	name: str
	event: str
	secret: str


class CreatedWebhooks(TypedDict):
	"""The Webhooks that were created. `warnings` is there if the host of the URL is not known at this moment."""

	doctype: str
	request_url: str
	request_method: str
	thin_body: bool
	webhooks: list[CreatedWebhook]
	warnings: NotRequired[list[str]]


class RotatedSecret(TypedDict):
	"""The new secret of a webhook, shown this once. Until `previous_valid_until` deliveries have signatures by both."""

	webhook: str
	secret: str
	previous_valid_until: datetime | str


class ReplayedDeliveries(TypedDict):
	"""How many deliveries of a webhook are sent again."""

	webhook: str
	replayed: int
