"""Errors that several domains raise. Each is a Frappe exception with Frappe's own status (417), because Desk
knows no 409, 422 or 501; `orchestrator.api.errors` gives API clients the status of the contract."""

from typing import NoReturn

import frappe


class BadRequest(frappe.ValidationError):
	"""The request itself is malformed: a missing or wrongly typed parameter, an unknown field. 400."""


class InvalidNameError(BadRequest):
	"""Filters stand where the name of one record has to. 400, also where Frappe's own methods answer."""

	http_status_code = 400


class Conflict(frappe.ValidationError):
	"""The request is well formed but the record's present state forbids it. 409."""


class MethodNotAllowed(frappe.ValidationError):
	"""The method exists but answers other verbs, which the reply's Allow header lists. 405."""


class MissingApp(frappe.ValidationError):
	"""The call needs an app that this site does not have. 501."""


class Unexpected(frappe.ValidationError):
	"""Stands in for an error nobody foresaw, so that no payload of the request reaches a log. 500."""


class BulkFailed(frappe.ValidationError):
	"""Records of an all-or-nothing bulk call failed, for different reasons. 422."""


class UnfitAssignee(frappe.ValidationError):
	"""The user to assign to cannot log in, or may not read the record. 422."""


class ReportFailed(frappe.ValidationError):
	"""A report's own code or query failed. 422."""


class MissingFigure(frappe.ValidationError):
	"""There is nothing yet to compute a figure from. 422."""


class TargetRefused(frappe.ValidationError):
	"""A webhook may not be sent to this address. 422."""


def refuse(message: str, error: type[Exception]) -> NoReturn:
	"""frappe.throw, typed as what it is: it never returns."""
	frappe.throw(message, error)
	raise AssertionError
