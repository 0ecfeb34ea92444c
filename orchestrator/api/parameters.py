"""Values that arrive as text, because they came in a query or a form."""

import json
from typing import Any

from frappe import _

from orchestrator.exceptions import BadRequest, refuse


def parse_json(name: str, value: Any) -> Any:
	"""`value`, parsed where it came as text. 400 where it is no JSON."""
	if not isinstance(value, str):
		return value
	if not value.strip():
		return None
	try:
		return json.loads(value)
	except ValueError:
		refuse(_("{0} is not valid JSON.").format(name), BadRequest)


def whole_number(name: str, value: Any, default: int) -> int:
	"""`value` as a whole number, `default` where none was given."""
	if value is None or value == "":
		return default
	try:
		return int(str(value))
	except ValueError:
		refuse(_("{0} must be a whole number.").format(name), BadRequest)
