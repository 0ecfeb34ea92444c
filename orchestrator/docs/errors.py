"""What can go wrong with a file. Each is a Frappe exception with Frappe's own status; `orchestrator.api.errors` has
the contract's."""

import frappe

from orchestrator.exceptions import Conflict


class UnfitFile(frappe.ValidationError):
	"""The file is not what its name says, empty, or made to do harm. 422."""


class StorageFailed(frappe.ValidationError):
	"""The server could not keep the file: its disk is full or not writable. 507."""


class DamagedFile(Conflict):
	"""The bytes of a version are missing or no longer those that were stored. 409."""


class Immutable(Conflict):
	"""What stands cannot be changed or removed: a version, its file, the audit trail. 409."""


class Retained(Conflict):
	"""A retention period or a legal hold forbids it. 409."""


class CheckedOut(Conflict):
	"""Someone else has checked the document out. 409."""
