"""The refusal to change the access log."""

from frappe import _

from orchestrator.exceptions import ConflictError, refuse


class AccessLogConflictError(ConflictError):
	"""The access log is written by the app alone. 409."""


def refuse_change() -> None:
	"""Refuse to add, change, rename, share or delete a record of the access log, also for the Administrator."""
	refuse(
		_("The access log is recorded automatically and cannot be changed."),
		AccessLogConflictError,
	)
