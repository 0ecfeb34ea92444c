"""The refusal to change the access log and the record of disclosures."""

from frappe import _

from orchestrator.exceptions import ConflictError, refuse


class AccessLogConflictError(ConflictError):
	"""The access log is written by the app alone. 409."""


class DisclosureConflictError(ConflictError):
	"""Disclosures are recorded by the app alone. 409."""


def refuse_change() -> None:
	"""Refuse to add, change, rename, share or delete a record of the access log, also for the Administrator."""
	refuse(
		_("The access log is recorded automatically and cannot be changed."),
		AccessLogConflictError,
	)


def refuse_disclosure_change() -> None:
	"""Refuse to add, change, rename, share or delete a disclosure, also for the Administrator."""
	refuse(
		_("Disclosures are recorded automatically and cannot be changed."),
		DisclosureConflictError,
	)
