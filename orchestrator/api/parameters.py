"""Parse parameters that arrive as text, from a query string or a form."""

import json
import re
from typing import Any

from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

# As JSON has them; Python's int() would take 1_000 as well. No number of a request has more digits.
WHOLE_NUMBER_PATTERN = re.compile(r"[+-]?[0-9]{1,20}")


def parse_json(name: str, value: Any) -> Any:
	"""Return `value`, parsed if it is text. Refuse (400) invalid JSON."""
	if not isinstance(value, str):
		return value
	if not value.strip():
		return None
	try:
		return json.loads(value)
	except (ValueError, RecursionError):
		refuse(_("{0} is not valid JSON.").format(name), InvalidRequestError)


def parse_choice(name: str, value: str | None, choices: tuple[str, ...]) -> str | None:
	"""Return a choice by its name, ignoring case; None if none was sent. Refuse (400) any other value."""
	match = next((choice for choice in choices if choice.lower() == (value or "").strip().lower()), None)
	if value and match is None:
		refuse(
			_("There is no {0} {1}. Choose one of: {2}.").format(name, value, ", ".join(choices)),
			InvalidRequestError,
		)
	return match


def parse_whole_number(name: str, value: Any, default: int) -> int:
	"""Return `value` as a whole number, `default` if none was sent."""
	if value is None or value == "":
		return default
	if not WHOLE_NUMBER_PATTERN.fullmatch(str(value).strip()):
		refuse(_("{0} must be a whole number.").format(name), InvalidRequestError)
	return int(value)
