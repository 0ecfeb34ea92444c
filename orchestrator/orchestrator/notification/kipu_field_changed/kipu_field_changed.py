"""A standard Notification. Its condition and message are in the neighbouring files."""

from typing import Any


def get_context(context: dict[str, Any]) -> None:
	"""Add nothing to Frappe's context."""
