"""A standard Notification. Its condition and words are in the files beside."""

from typing import Any


def get_context(context: dict[str, Any]) -> None:
	"""Nothing to add to what Frappe gives."""
