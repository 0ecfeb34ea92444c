"""Checks of the doctor about access to the API and to records of clients."""

import frappe

from orchestrator.api import limits
from orchestrator.api.charges import DOCUMENTED_CALLS_ONLY
from orchestrator.configuration import get_settings
from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.setup.findings import FAIL, OK, WARN, Finding

CLIENT_DOCTYPES = (CLIENT, CLIENT_STAY)
# Automatic roles: users with these alone must not read clients.
AUTOMATIC_ROLES = frozenset({"All", "Guest", "Desk User"})


def check_rate_limit() -> Finding:
	"""Find whether requests are limited, and which."""
	if not get_settings().rate_limit_enabled:
		return Finding(
			"rate limit",
			WARN,
			"switched off",
			"Switch it on in Orchestrator Settings before others call the API.",
		)
	limits.run_script("doctor", 1.0, 1)
	return Finding("rate limit", OK, f"the token bucket works; {describe_rate_limit()}")


def describe_rate_limit() -> str:
	"""Return a description of the requests that the limit applies to."""
	if get_settings().rate_limit_scope == DOCUMENTED_CALLS_ONLY:
		return "it applies to the documented calls only"
	return "it applies to all of /api/"


def check_client_readers() -> Finding:
	"""Find the roles that read clients and their stays, and those that read the private fields."""
	readers = {doctype: _list_readers(doctype) for doctype in CLIENT_DOCTYPES}
	text = "; ".join(f"{doctype}: {_render_levels(levels)}" for doctype, levels in readers.items())
	everybody = {role for levels in readers.values() for roles in levels.values() for role in roles}
	if exposed := sorted(everybody & AUTOMATIC_ROLES):
		return Finding(
			"client records",
			FAIL,
			f"{text}. Every user has {', '.join(exposed)}",
			"Remove these roles from the permissions of Client and Client Stay (Role Permissions Manager).",
		)
	return Finding("client records", OK, text)


def _list_readers(doctype: str) -> dict[int, list[str]]:
	"""Return the roles that read the DocType, by permission level."""
	levels: dict[int, list[str]] = {}
	for permission in frappe.get_meta(doctype).permissions:
		if permission.read:
			levels.setdefault(permission.permlevel or 0, []).append(permission.role)
	return {level: sorted(set(roles)) for level, roles in sorted(levels.items())}


def _render_levels(levels: dict[int, list[str]]) -> str:
	"""Return the roles as text; fields of a level above 0 are private."""
	plain = ", ".join(levels.get(0, [])) or "nobody"
	private = [f"level {level} by {', '.join(roles)}" for level, roles in levels.items() if level]
	return f"read by {plain}" + (f" ({'; '.join(private)})" if private else "")
