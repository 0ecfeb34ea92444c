"""Who may use emergency access: clinical users in a browser session, on a site that allows it."""

from typing import Final
from urllib.parse import unquote

import frappe

from orchestrator.configuration import get_settings

CLINICAL_ROLES: Final = frozenset({"Clinical User", "Clinical Manager"})
DEFAULT_MINUTES: Final = 60


def is_enabled() -> bool:
	"""Return True if the site allows emergency access. It needs the access log."""
	settings = get_settings()
	return bool(settings.get("access_log_enabled") and settings.get("emergency_access_enabled"))


def get_minutes() -> int:
	"""Return for how many minutes emergency access is given."""
	return int(get_settings().get("emergency_access_minutes") or DEFAULT_MINUTES)


def has_clinical_role() -> bool:
	"""Return True if the session's user has a clinical role."""
	return not CLINICAL_ROLES.isdisjoint(frappe.get_roles())


def is_browser_session() -> bool:
	"""Return True in a request of a session that somebody has started by signing in, as browsers do.

	API keys, bearers and jobs have none: Frappe then uses the user's name as the ID of the session.
	"""
	request = getattr(frappe.local, "request", None)
	if request is None or request.headers.get("Authorization"):
		return False
	session = frappe.local.session
	cookie = unquote(request.cookies.get("sid", ""))
	return bool(cookie) and cookie == session.sid and session.user not in ("Guest", session.sid)
