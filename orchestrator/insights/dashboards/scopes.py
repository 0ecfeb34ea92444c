"""The scope of a value: the user whose permissions it is computed with, and its cache key."""

import hashlib
from typing import NamedTuple

import frappe

from orchestrator.access.key_scope import get_scope

ADMINISTRATOR = "Administrator"
# Traces of changed permissions in the database, except roles, which are read separately.
USER_STAMP = """
	SELECT
		(SELECT CONCAT(COUNT(*), '/', COALESCE(MAX(modified), '')) FROM `tabDocShare` WHERE user = %(user)s),
		(SELECT CONCAT(COUNT(*), '/', COALESCE(MAX(modified), '')) FROM `tabDocShare` WHERE everyone = 1),
		(SELECT CONCAT(COUNT(*), '/', COALESCE(MAX(modified), '')) FROM `tabUser Permission` WHERE user = %(user)s),
		(SELECT CONCAT(COUNT(*), '/', COALESCE(MAX(modified), '')) FROM `tabCustom DocPerm`),
		(SELECT GROUP_CONCAT(value ORDER BY doctype) FROM `tabSingles`
			WHERE doctype IN ('Orchestrator Settings', 'System Settings') AND field = 'modified')
"""


class Scope(NamedTuple):
	"""The user whose permissions apply (`user`), the cache key (`key`), and the user whose history it is
	(`owner`; empty for a shared metric).
	"""

	user: str
	key: str
	owner: str


def build_caller_scope() -> Scope:
	"""Return the scope of the caller.

	The key changes with their roles, user permissions and shares, and with the rules of any DocType, so that
	a value computed under wider permissions is not found again.
	"""
	user = frappe.session.user
	limit = get_scope()
	if user == ADMINISTRATOR and limit is None:
		return Scope(user, user, user)
	stamp = (sorted(frappe.get_roles(user)), frappe.db.sql(USER_STAMP, {"user": user})[0])
	if limit:  # an API key has values and a history of its own: those of its user tell more
		return Scope(user, f"{user}:{limit.key}:{_compute_digest((stamp, limit.to_stamp()))}", limit.key)
	return Scope(user, f"{user}:{_compute_digest(stamp)}", user)


def _compute_digest(stamp: object) -> str:
	return hashlib.sha256(repr(stamp).encode()).hexdigest()[:20]


def build_shared_scope(user: str) -> Scope:
	"""Return the scope of a shared metric, computed with the permissions of `user`."""
	return Scope(user, f"shared:{user}", "")
