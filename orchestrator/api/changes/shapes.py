"""What get_changes returns."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf

ChangeKind = Annotated[str, OneOf("created", "changed", "renamed", "deleted", "left")]


class Change(TypedDict):
	"""A change of a record. `record` holds the fields asked for, null for a record that is deleted or that the caller may
	not read any more (left). `previous_name` is the name under which the caller got the record before it was renamed, else
	null.
	"""

	change: ChangeKind
	name: str | int
	previous_name: str | int | None
	record: dict[str, Any] | None


class Changes(TypedDict):
	"""Changes in the order in which they are to be applied. `token` is for the next call, which may follow at once if
	`has_more` is true.
	"""

	changes: list[Change]
	token: str
	has_more: bool
