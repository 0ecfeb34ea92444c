"""What the insights endpoints return."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf


class ItemError(TypedDict):
	"""Why an item has no value: the error's class, and what to do."""

	type: str
	message: str


class Item(TypedDict):
	"""One figure of a dashboard.

	`value` goes by `kind`: number: a number, null where there is nothing to tell. series: `{labels, datasets: [{name,
	values}]}`. table: `{columns: [{fieldname, label, fieldtype, options}], rows, total}`, 100 rows at most. `previous`,
	`change` and `change_percent` are of numbers. `direction` is up or down, whichever is better, or null. `stale`: a newer
	value is due, or being computed."""

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
	error: ItemError | None


class Dashboard(TypedDict):
	"""A dashboard's items in their order. `refreshed_at` is the oldest of theirs; times are in the site's time zone.
	`queued` names the items that a background job computes now."""

	dashboard: str
	doctype: str
	title: str
	refreshed_at: str | None
	items: list[Item]
	queued: list[str]


class Point(TypedDict):
	"""A metric on one day: the last value that was computed."""

	day: str
	value: float | None


class History(TypedDict):
	"""The days of a number on which it was computed, the oldest first."""

	name: str
	label: str
	unit: str | None
	points: list[Point]
