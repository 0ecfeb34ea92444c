"""Find record names in the arguments of a method, in whichever form the method accepts them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import frappe
from frappe import _

from orchestrator.exceptions import refuse

Arguments = Mapping[str, Any]
LIST_MARK = "[]"


def find_values(arguments: Arguments, path: str) -> list[Any]:
	"""Return the values at a path in the arguments, without empty ones.

	Args:
		arguments: The arguments of the method, as the caller sent them.
		path: An argument; `a.b` is the key `b` in the argument `a`, which may be JSON; `a[]` is each item of a list.

	Returns:
		The values found, none if the path leads nowhere.
	"""
	found: list[Any] = [arguments]
	for part in path.split("."):
		found = [value for each in found for value in _get_part(each, part)]
	return [value for value in found if value not in (None, "")]


def find_names(arguments: Arguments, path: str) -> list[str]:
	"""Return the record names at a path. Raises PermissionError for a filter in place of a name."""
	return [_parse_name(value, path) for value in find_values(arguments, path)]


def _get_part(value: Any, part: str) -> Iterator[Any]:
	container = _parse(value)
	if not isinstance(container, Mapping):
		return
	child = container.get(part.removesuffix(LIST_MARK))
	if not part.endswith(LIST_MARK):
		yield child
		return
	items = _parse(child)
	yield from items if isinstance(items, list | tuple) else [items]


def _parse(value: Any) -> Any:
	"""Return the parsed value of JSON text, and any other value unchanged."""
	if not isinstance(value, str):
		return value
	try:
		return json.loads(value)
	except ValueError:
		return value


def _parse_name(value: Any, path: str) -> str:
	if isinstance(value, bool) or not isinstance(value, str | int):
		refuse(_("{0} must be the name of a record.").format(path), frappe.PermissionError)
	return str(value)
