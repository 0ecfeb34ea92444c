"""The steps of a batch, parsed and checked before any of them runs."""

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from frappe import _

from orchestrator.api.batches.references import check_depth, list_references
from orchestrator.api.call import NATIVE_METHODS, is_own
from orchestrator.api.columns import build_hint
from orchestrator.api.parameters import parse_json
from orchestrator.exceptions import InvalidRequestError, refuse

MAX_STEPS: Final = 500
VERBS: Final = ("GET", "POST", "PUT", "DELETE")
STEP_KEYS: Final = ("id", "method", "params", "verb", "group")
# A reference separates the ID from the keys after it by dots, so an ID has none.
ID_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
METHOD_PATTERN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,199}")
# Frappe lets this parameter win over the method in the path.
COMMAND_PARAMETER: Final = "cmd"


@dataclass(frozen=True)
class BatchStep:
	"""One call of a batch."""

	id: str
	method: str
	params: dict[str, Any]
	verb: str | None
	group: str | None

	@property
	def doctype(self) -> str | None:
		"""Return the DocType that the parameters name, None where they name none."""
		doc = self.params.get("doc")
		found = self.params.get("doctype") or (doc.get("doctype") if isinstance(doc, dict) else None)
		return found if isinstance(found, str) else None


def parse_steps(value: Any, atomic: bool) -> list[BatchStep]:
	"""Return the steps of a request.

	Raises:
		InvalidRequestError: 400, a step is malformed, has an ID twice or refers to a step that is not before it, or
			there are too many.
	"""
	entries = parse_json("steps", value)
	if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_STEPS:
		refuse(_("steps must be a list of 1 to {0} steps.").format(MAX_STEPS), InvalidRequestError)
	steps = [_parse_step(number, entry) for number, entry in enumerate(entries, 1)]
	_check_references(steps)
	if atomic and (grouped := next((step for step in steps if step.group), None)):
		_refuse_step(grouped.id, _("a group needs atomic: false."))
	_check_groups(steps)
	return steps


def group_steps(steps: list[BatchStep]) -> list[list[BatchStep]]:
	"""Return the steps by group, in their order. A step without a group is a group of its own."""
	grouped = groupby(enumerate(steps), lambda pair: (pair[1].group, None if pair[1].group else pair[0]))
	return [[step for _number, step in members] for _key, members in grouped]


def _parse_step(number: int, entry: Any) -> BatchStep:
	if not isinstance(entry, dict):
		_refuse_step(number, _("a step is an object with id, method and params."))
	for key in entry:
		if key not in STEP_KEYS:
			hint = build_hint(str(key), list(STEP_KEYS))
			message = _("there is no key {0}.").format(key)
			_refuse_step(number, f"{message} {hint}".strip())
	name = _parse_text(number, "id", entry.get("id"))
	if not ID_PATTERN.fullmatch(name):
		_refuse_step(number, _("id must be 1 to 64 letters, digits, hyphens or underscores."))
	params = entry.get("params", {})
	if not isinstance(params, dict):
		_refuse_step(name, _("params must be an object."))
	check_depth(params)
	if COMMAND_PARAMETER in params:
		_refuse_step(name, _("{0} is not a parameter of a step.").format(COMMAND_PARAMETER))
	return BatchStep(
		id=name,
		method=_parse_method(name, entry.get("method")),
		params=params,
		verb=_parse_verb(name, entry.get("verb")),
		group=None if entry.get("group") is None else _parse_text(name, "group", entry["group"]),
	)


def _parse_text(step: str | int, key: str, value: Any) -> str:
	if not isinstance(value, str) or not value:
		_refuse_step(step, _("{0} must be a text.").format(key))
	return str(value)


def _parse_method(step: str, value: Any) -> str:
	method = _parse_text(step, "method", value)
	if not METHOD_PATTERN.fullmatch(method) or not (method in NATIVE_METHODS or is_own(method)):
		_refuse_step(step, _("method must be a method of the API reference."))
	return method


def _parse_verb(step: str, value: Any) -> str | None:
	if value is not None and value not in VERBS:
		_refuse_step(step, _("verb must be one of {0}.").format(", ".join(VERBS)))
	return value


def _check_references(steps: list[BatchStep]) -> None:
	"""Refuse an ID that two steps have, and a reference to anything but an earlier step."""
	earlier: set[str] = set()
	for step in steps:
		if step.id in earlier:
			_refuse_step(step.id, _("another step has the same id."))
		for name in list_references(step.params):
			if name not in earlier:
				_refuse_step(step.id, _("a reference must name an earlier step."))
		earlier.add(step.id)


def _check_groups(steps: list[BatchStep]) -> None:
	"""Refuse a group whose steps do not follow each other.

	A group is stored or rolled back before the next begins, so that nothing refers to what is rolled back later.
	"""
	ended: set[str] = set()
	previous: str | None = None
	for step in steps:
		if step.group != previous and previous:
			ended.add(previous)
		if step.group in ended:
			_refuse_step(step.id, _("the steps of a group must follow each other."))
		previous = step.group


def _refuse_step(step: str | int, problem: str) -> None:
	refuse(_("Step {0}: {1}").format(step, problem), InvalidRequestError)
