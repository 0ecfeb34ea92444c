"""Errors of the document library. Each is a Frappe exception with Frappe's own status;
`orchestrator.api.errors` has the status of the contract.
"""

import frappe

from orchestrator.exceptions import ConflictError


class InvalidFileError(frappe.ValidationError):
	"""The content does not match the file's name, or is empty or malicious. 422."""


class StorageError(frappe.ValidationError):
	"""The server could not store the file: its disk is full or not writable. 507."""


class DamagedFileConflictError(ConflictError):
	"""The content of a version is missing, or differs from what was stored. 409."""


class ImmutableRecordConflictError(ConflictError):
	"""The record can neither be changed nor deleted: a version, its file, the audit trail. 409."""


class RetentionConflictError(ConflictError):
	"""A retention period or a legal hold forbids the action. 409."""


class CheckoutConflictError(ConflictError):
	"""Someone else has checked the document out. 409."""
