"""References from the parameters of a step to the replies of earlier ones.

An object with the single key `$ref` stands for a value: `{"$ref": "lead.data.name"}` for `name` in `data` in the reply of
the step `lead`. An object with the single key `$literal` stands for what it holds, in which nothing is a reference. Texts
are never references.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import frappe
from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

REFERENCE_KEY: Final = "$ref"
LITERAL_KEY: Final = "$literal"
SEPARATOR: Final = "."
POSITION_PATTERN: Final = re.compile(r"[0-9]{1,9}")
# Far below what the parser and the encoder of JSON can do
MAX_DEPTH: Final = 50
# As much as Frappe accepts in the body of a single call, unless the site permits more.
MAX_RESOLVED_BYTES: Final = 25 * 1024 * 1024


class FailedDependencyError(frappe.ValidationError):
	"""The step was not run, or its work was rolled back, because another step failed. 424."""


class BatchTooLargeError(frappe.ValidationError):
	"""The replies of a batch, or the values that a step refers to, are too large. 413."""


def check_depth(value: Any, depth: int = 0) -> None:
	"""Refuse a value whose lists and objects lie too deep within each other.

	Raises:
		InvalidRequestError: 400.
	"""
	if depth > MAX_DEPTH:
		refuse(_("params may be nested {0} levels deep.").format(MAX_DEPTH), InvalidRequestError)
	items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
	for item in items:
		check_depth(item, depth + 1)


def list_references(value: Any) -> Iterator[str]:
	"""Yield the ID of the step in each reference within `value`.

	Raises:
		InvalidRequestError: 400, a reference is not a text.
	"""
	if isinstance(value, list):
		for item in value:
			yield from list_references(item)
	elif isinstance(value, dict) and not _has_only(value, LITERAL_KEY):
		if _has_only(value, REFERENCE_KEY):
			yield _parse_path(value[REFERENCE_KEY])[0]
		else:
			for item in value.values():
				yield from list_references(item)


class ReferenceResolver:
	"""Resolves the references of one step. `replies` are the bodies of the earlier steps, None for those that failed."""

	def __init__(self, replies: Mapping[str, Any]) -> None:
		self.replies = replies
		self.bytes_left = MAX_RESOLVED_BYTES

	def resolve(self, value: Any) -> Any:
		"""Return `value` with the values that its references stand for.

		Raises:
			InvalidRequestError: 400, a reply has no such value.
			FailedDependencyError: 424, the step referred to failed.
			BatchTooLargeError: 413, the values are too large.
		"""
		if isinstance(value, list):
			return [self.resolve(item) for item in value]
		if not isinstance(value, dict):
			return value
		if _has_only(value, LITERAL_KEY):
			return value[LITERAL_KEY]
		if _has_only(value, REFERENCE_KEY):
			return self._find_value(value[REFERENCE_KEY])
		return {key: self.resolve(item) for key, item in value.items()}

	def _find_value(self, path: str) -> Any:
		step, *keys = _parse_path(path)
		found = self.replies[step]
		if found is None:
			refuse(
				_("Not executed, because step {0}, to which it refers, failed.").format(step),
				FailedDependencyError,
			)
		for key in keys:
			found = _get_item(found, key, path)
		self.bytes_left -= len(json.dumps(found))
		if self.bytes_left < 0:
			refuse(_("The values to which the step refers are too large."), BatchTooLargeError)
		return found


def _has_only(value: dict[str, Any], key: str) -> bool:
	return len(value) == 1 and key in value


def _parse_path(path: Any) -> list[str]:
	if not isinstance(path, str) or not path:
		refuse(
			_("A reference must be a text such as {0}.").format("lead.data.name"),
			InvalidRequestError,
		)
	return path.split(SEPARATOR)


def _get_item(value: Any, key: str, path: str) -> Any:
	"""Return the item of an object by its key, or of a list by its position from 0."""
	if isinstance(value, dict) and key in value:
		return value[key]
	if not (isinstance(value, list) and POSITION_PATTERN.fullmatch(key) and int(key) < len(value)):
		refuse(_("There is nothing at {0} ({1}).").format(path, key), InvalidRequestError)
	return value[int(key)]
