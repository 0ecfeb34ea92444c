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


class QueuedUpsert(QueuedOperation):
	"""An upsert that a background job will carry out. `total` is the number of its records."""

	total: int


class OperationProgress(TypedDict):
	"""The progress of a bulk operation. `done` counts the processed records; `results` is null until the end;
	`error` is null unless the operation failed as a whole. Those of an upsert are in `result_file`, the URL of a file that
	only the caller of the upsert may open.
	"""

	operation: str
	type: Annotated[str, OneOf("Assign", "Delete", "Upsert")]
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
	created: NotRequired[int]
	updated: NotRequired[int]
	unchanged: NotRequired[int]
	result_file: NotRequired[str | None]


class BatchStepRequest(TypedDict):
	"""A call of a batch. `params` are its parameters, in which `{"$ref": "<id>.<keys>"}` is a value from the reply of an
	earlier step. `verb` is the HTTP method, the method's usual one by default. Steps with the same `group` are stored
	together.
	"""

	id: str
	method: str
	params: NotRequired[dict[str, Any]]
	verb: NotRequired[Annotated[str, OneOf("GET", "POST", "PUT", "DELETE")]]
	group: NotRequired[str]


class BatchStepResult(TypedDict):
	"""The status, the body and, where the status needs one, the headers that the call would have got by itself. Status
	424 is that of a step which was rolled back or not executed because another one failed.
	"""

	id: str
	status: int
	body: dict[str, Any]
	headers: NotRequired[dict[str, str]]


class BatchResult(TypedDict):
	"""The results of a batch, in the order of the steps."""

	succeeded: int
	failed: int
	steps: list[BatchStepResult]


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
	"""A Webhook that was created, its event, and the secret that signs its deliveries. The secret is shown this once."""

	name: str
	event: str
	secret: str


class CreatedWebhooks(TypedDict):
	"""The Webhooks that were created. `warnings` is present if the host of the URL does not resolve at this
	moment.
	"""

	doctype: str
	request_url: str
	request_method: str
	thin_body: bool
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


class KeyState(TypedDict):
	"""An API key without its secret. `doctypes` has the rights by DocType."""

	key: str
	title: str
	user: str
	status: Annotated[str, OneOf("Active", "Expired", "Revoked")]
	full_access: bool
	doctypes: dict[str, list[str]]
	methods: list[str]
	reports: list[str]
	allowed_addresses: list[str]
	expires_on: datetime | str | None
	previous_secret_expires_on: datetime | str | None
	last_used_on: datetime | str | None


class IssuedKey(KeyState):
	"""An API key with its secret, which is returned this once. `authorization` is the header to send."""

	secret: str
	authorization: str


class KeyList(TypedDict):
	"""The API keys of a user, the newest first."""

	keys: list[KeyState]


class RotatedSecret(TypedDict):
	"""The new secret of a webhook, shown this once. Until `previous_valid_until` deliveries have signatures by both."""

	webhook: str
	secret: str
	previous_valid_until: datetime | str


class ReplayedDeliveries(TypedDict):
	"""How many deliveries of a webhook are sent again."""

	webhook: str
	replayed: int


class FoundRecord(TypedDict):
	"""A record that was found. `description` tells it from others; `snippet` is the text around the first word that was
	found in its content, or "".
	"""

	doctype: str
	name: str
	title: str
	description: str
	snippet: str


class FoundRecords(TypedDict):
	"""The records that were found, by kind, best match first within each."""

	records: list[FoundRecord]
