"""The refusal to change emergency accesses."""

from frappe import _

from orchestrator.exceptions import refuse
from orchestrator.privacy.emergency.opening import EmergencyAccessConflictError


def refuse_change() -> None:
	"""Refuse to add, change, rename, share or delete an emergency access, also for the Administrator."""
	refuse(
		_(
			"Emergency accesses are recorded by the app. Only their review can be added, by a privacy officer."
		),
		EmergencyAccessConflictError,
	)
