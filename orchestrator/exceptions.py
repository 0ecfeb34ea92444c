"""Errors that several domains raise. Each is a Frappe exception with Frappe's own status (417), because Desk
knows no 409, 422 or 501; `orchestrator.api.errors` gives API clients the status of the contract.
"""

from typing import NoReturn

import frappe


class InvalidRequestError(frappe.ValidationError):
	"""The request itself is malformed: a missing or wrongly typed parameter, an unknown field. 400."""


class InvalidNameError(InvalidRequestError):
	"""Filters were sent instead of the name of one record. 400, also where Frappe's own methods answer."""

	http_status_code = 400


class ConflictError(frappe.ValidationError):
	"""The request is valid, but the present state of the record forbids it. 409."""


class PreconditionFailedError(frappe.ValidationError):
	"""The record is no longer in the state that If-Match names. 412."""


class MethodNotAllowedError(frappe.ValidationError):
	"""The method exists but does not answer this verb. The reply's Allow header lists its verbs. 405."""


class MissingAppError(frappe.ValidationError):
	"""The call needs an app that this site does not have. 501."""


class UnexpectedError(frappe.ValidationError):
	"""Replaces an unforeseen error, so that no payload of the request gets into a log. 500."""


class BulkOperationError(frappe.ValidationError):
	"""Records of an atomic bulk call failed, for different reasons. 422."""


class InvalidAssigneeError(frappe.ValidationError):
	"""The user to assign to cannot log in, or may not read the record. 422."""


class ReportExecutionError(frappe.ValidationError):
	"""A report's own code or query failed. 422."""


class MissingDataError(frappe.ValidationError):
	"""There are no data yet from which to compute a figure. 422."""


class InvalidWebhookTargetError(frappe.ValidationError):
	"""A webhook may not be sent to this address. 422."""


def refuse(message: str, error: type[Exception] | Exception) -> NoReturn:
	"""Raise `error` with a message for the user: frappe.throw, typed as never returning."""
	frappe.throw(message, error)
	raise AssertionError
