"""The caller's own use of the API: the state of the rate limit and the latest unexpected errors."""

import re
from datetime import timedelta
from typing import Any

import frappe
from frappe import _lt

from orchestrator import clock
from orchestrator.api.charges import get_caller_allowance
from orchestrator.api.endpoint import READ, endpoint
from orchestrator.api.shapes import ApiUsage, LoggedError, RateLimitState
from orchestrator.period import to_iso

MAX_ERRORS = 20
MAX_AGE_DAYS = 7
# As errors.create_error_log writes it.
LOGGED_REQUEST = re.compile(r"Request (?P<id>[0-9a-f]{16}): (?P<error_class>\S+) in (?P<method>\S+)")


@frappe.whitelist(methods=["GET"])
@endpoint(_lt("API usage retrieved"), effect=READ)
def get_usage() -> ApiUsage:
	"""Return the caller's rate limit and their latest unexpected errors.

	Returns:
		The state of the rate limit, and up to 20 errors of the last 7 days with their request IDs, the latest first.

	Permissions:
		Every user who is signed in, for themselves.

	Raises:
		AuthenticationError: 401. The caller is not signed in.
	"""
	return {
		"user": frappe.session.user,
		"rate_limit": _get_rate_limit(),
		"recent_errors": _list_recent_errors(frappe.session.user),
	}


def _get_rate_limit() -> RateLimitState | None:
	"""Return the state of the caller's bucket."""
	allowance = get_caller_allowance()
	if allowance is None:
		return None
	return {"limit": allowance.limit, "remaining": allowance.remaining, "reset": allowance.reset}


def _list_recent_errors(user: str) -> list[LoggedError]:
	"""Return the unexpected errors of the user's own requests. Their stack frames are only for users who may
	read Error Logs.
	"""
	logs = frappe.get_all(
		"Error Log",
		filters={
			"owner": user,
			"creation": (">", clock.get_now() - timedelta(days=MAX_AGE_DAYS)),
			"method": ("like", "________________ %"),
		},
		fields=["name", "error", "creation"],
		order_by="creation desc, name desc",
		limit=MAX_ERRORS,
	)
	return [_build_logged_error(log, match) for log in logs if (match := LOGGED_REQUEST.match(log.error))]


def _build_logged_error(log: Any, match: re.Match[str]) -> LoggedError:
	return {
		"request_id": match["id"],
		"method": match["method"],
		"error_class": match["error_class"],
		"occurred_at": to_iso(log.creation),
		"error_log": log.name,
	}
