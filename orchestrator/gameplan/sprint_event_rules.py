"""The rules of a Sprint Event: only events.py writes it, and nobody changes it."""

import frappe
from frappe import _

from orchestrator.exceptions import refuse


def refuse_change() -> None:
	"""Refuse to change the history of a sprint (403), also for the Administrator."""
	refuse(
		_(
			"The history of a sprint is recorded automatically and cannot be changed. Change the task instead."
		),
		frappe.PermissionError,
	)
