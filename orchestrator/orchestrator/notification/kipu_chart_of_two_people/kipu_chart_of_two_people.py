"""A standard Notification. Its condition and words are in the files beside."""

from typing import Any


def get_context(context: dict[str, Any]) -> None:
	"""Add nothing to Frappe's context."""
