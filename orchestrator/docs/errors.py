"""What can go wrong with a file. Each is a Frappe exception with Frappe's own status; `orchestrator.api.errors` has
the contract's.
"""

import frappe

from orchestrator.exceptions import ConflictError


class InvalidFileError(frappe.ValidationError):
	"""The file is not what its name says, empty, or made to do harm. 422."""


class StorageError(frappe.ValidationError):
	"""The server could not keep the file: its disk is full or not writable. 507."""


class DamagedFileConflictError(ConflictError):
	"""The bytes of a version are missing or no longer those that were stored. 409."""


class ImmutableRecordConflictError(ConflictError):
	"""What stands cannot be changed or removed: a version, its file, the audit trail. 409."""


class RetentionConflictError(ConflictError):
	"""A retention period or a legal hold forbids it. 409."""


class CheckoutConflictError(ConflictError):
	"""Someone else has checked the document out. 409."""
