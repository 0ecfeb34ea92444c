"""What may leave this process as text: a whitelist, because nobody can list all that is private.

Two tools. `redact` makes any structure fit for a log. `PrivateDict` is a dict whose repr shows no value, so that
a traceback with local variables (which Frappe's error log is) shows that a record was there and nothing of it.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

REDACTED = "[redacted]"
MAX_DEPTH = 8
MAX_ITEMS = 50

# Keys whose numbers and short machine words may be shown.
SHOWN_KEYS = frozenset(
	{
		"attempt", "attempts", "bytes", "casefile_id", "cause", "chart_id", "code", "connection", "count", "created",
		"duration", "duration_seconds", "error", "error_class", "errors", "event", "fault", "field", "fields", "imported",
		"job", "kind", "length", "location_id", "number", "page", "pages", "person_id", "records", "retryable", "retyped",
		"route", "run", "seconds", "skipped", "status", "status_code", "sync_type", "total_pages", "total_records",
		"trigger", "unknown", "updated", "vanished", "version",
	}
)  # fmt: skip

# A machine word: an identifier, a route name, a casefile id. No spaces, no @, so neither a name in full nor an address.
MACHINE_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/{}-]{0,99}")


class PrivateDict(dict[str, Any]):
	"""A dict that never shows its values: neither in a repr, nor in a traceback's local variables."""

	__slots__ = ()

	def __repr__(self) -> str:
		return f"<{type(self).__name__}: {len(self)} fields>"

	__str__ = __repr__


def redact(value: object, _depth: int = 0) -> Any:
	"""The same structure with everything hidden that is not known to be harmless.

	Shown are numbers, booleans and None; machine words under a key of `SHOWN_KEYS`; exceptions as their class.
	Everything else, any text on its own included, becomes "[redacted]". Long lists are cut, deep ones hidden.
	"""
	if isinstance(value, Mapping):
		return _redact_mapping(value, _depth)
	if isinstance(value, list | tuple | set | frozenset):
		return _redact_items(value, _depth)
	return _redact_scalar(value)


def log_line(event: str, **facts: object) -> str:
	"""One line for a log: `event key=value ...`, every fact redacted by the rule of its key."""
	shown = _redact_mapping(facts, 0)
	return " ".join([event, *(f"{key}={value}" for key, value in shown.items())])


def _redact_mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
	if depth >= MAX_DEPTH:
		return {}
	return {_shown_key(key): _redact_under(str(key), item, depth) for key, item in value.items()}


def _redact_under(key: str, item: object, depth: int) -> Any:
	if key not in SHOWN_KEYS:
		return redact(item, depth + 1) if isinstance(item, Mapping | list | tuple) else _redact_private(item)
	if isinstance(item, str):
		return item if MACHINE_WORD.fullmatch(item) else REDACTED
	if isinstance(item, list | tuple | set | frozenset):
		return [_redact_under(key, each, depth + 1) for each in list(item)[:MAX_ITEMS]]
	return redact(item, depth + 1)


def _redact_items(value: list | tuple | set | frozenset, depth: int) -> list[Any]:
	if depth >= MAX_DEPTH:
		return []
	return [redact(item, depth + 1) for item in list(value)[:MAX_ITEMS]]


def _redact_scalar(value: object) -> Any:
	if value is None or isinstance(value, bool | int | float):
		return value
	if isinstance(value, BaseException):
		return type(value).__name__
	if isinstance(value, timedelta):
		return value.total_seconds()
	return REDACTED


def _redact_private(value: object) -> Any:
	"""Under a key nobody vouched for, even a number or a date may be a person's."""
	if value is None or isinstance(value, bool):
		return value
	if isinstance(value, date | datetime | int | float | str):
		return REDACTED
	return _redact_scalar(value)


def _shown_key(key: object) -> str:
	"""A key is shown when it is an identifier; a free text in its place may be a person's name."""
	return str(key) if MACHINE_WORD.fullmatch(str(key)) else REDACTED
