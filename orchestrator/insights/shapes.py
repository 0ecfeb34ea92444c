"""Types of the replies of the insights endpoints."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf

ReportFormat = Annotated[str, OneOf("pdf", "xlsx", "csv", "json", "html")]


FilterName = Annotated[str, OneOf("dates", "facility")]


class Filters(TypedDict):
	"""The filters of a dashboard, as requested."""

	from_date: str | None
	to_date: str | None
	facility: str | None


class ItemError(TypedDict):
	"""The reason for which an item has no value: the error's class, and what to do."""

	type: str
	message: str


class RecordList(TypedDict):
	"""The records behind a figure: a DocType and the filters of its list, each as [fieldname, operator, value].

	Of a series, `points` has for each label the filters that replace or add to those of the same fields; null for a
	label without a list.
	"""

	doctype: str
	filters: list[list[Any]]
	points: list[list[list[Any]] | None] | None


class Item(TypedDict):
	"""One figure of a dashboard.

	`value` depends on `kind`: number: a number, or null. series: `{labels, datasets: [{name, values}]}`.
	table: `{columns: [{fieldname, label, fieldtype, options}], rows, total}`, 100 rows at most. `previous`,
	`change` and `change_percent` are of numbers. `direction` is up or down, whichever is better, or null.
	`stale`: a newer value is due, or being computed. `records` are the records behind the figure, one list for each
	DocType that the caller may read; null if no filters give exactly those. `applied_filters` and `ignored_filters`
	are those of the dashboard's filters that the figure applies, and does not apply.
	"""

	name: str
	label: str
	kind: Annotated[str, OneOf("number", "series", "table")]
	value: Any
	previous: float | None
	change: float | None
	change_percent: float | None
	unit: str | None
	direction: Annotated[str | None, OneOf("up", "down")]
	width: str
	display: str | None
	refreshed_at: str | None
	stale: bool
	records: list[RecordList] | None
	applied_filters: list[FilterName]
	ignored_filters: list[FilterName]
	error: ItemError | None


class Dashboard(TypedDict):
	"""A dashboard's items in their order. `refreshed_at` is the oldest time among them; times are in the
	site's time zone. `available_filters` are those that at least one item applies. `queued` names the items that a
	background job is computing.
	"""

	dashboard: str
	doctype: str
	title: str
	refreshed_at: str | None
	filters: Filters
	available_filters: list[FilterName]
	items: list[Item]
	queued: list[str]


class DashboardChoice(TypedDict):
	"""A dashboard that may be chosen."""

	dashboard: str
	title: str


class DashboardChoices(TypedDict):
	"""The dashboards for the caller's roles, the oldest first."""

	dashboards: list[DashboardChoice]


class Point(TypedDict):
	"""The value of a metric on one day: the last one computed."""

	day: str
	value: float | None


class History(TypedDict):
	"""The days on which a number was computed, oldest first."""

	name: str
	label: str
	unit: str | None
	points: list[Point]


class GeneratedReport(TypedDict):
	"""A report as a file, or its progress.

	`status` is Queued, Running, Completed or Failed. `file` names a private File of the caller, `file_size` is in
	bytes, `row_count` leaves the total row out, `progress` is in percent. The file is deleted after `kept_until`.
	`mail_queued` tells whether it leaves by mail to `recipients`, `mail_note` why it does not, `error` is null or
	`{"type", "text"}`. Times are in the site's time zone.
	"""

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
	"""A report that is mailed regularly to `recipients`, as `user` sees it. `schedule` names an Auto Email
	Report.
	"""

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
