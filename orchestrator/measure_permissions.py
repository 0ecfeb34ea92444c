"""The SQL condition that restricts measures to the records that the caller may read."""

import frappe
from frappe import _
from frappe.model.db_query import DatabaseQuery

from orchestrator.exceptions import MissingDataError, refuse


def build_read_condition(doctype: str) -> str:
	"""Return the SQL condition on `tab<doctype>` for records that the caller may read, with roles, user
	permissions, shares and the conditions of other apps as in Frappe's lists. Percent signs are doubled.

	Raises PermissionError if the caller may read none, MissingDataError if the site has no such DocType.
	"""
	if not frappe.db.exists("DocType", doctype, cache=True):
		refuse(
			_("This site has no {0} yet, so there is nothing to count.").format(_(doctype)), MissingDataError
		)
	check_readable(doctype)
	return " AND ".join(build_match_conditions(doctype)) or "TRUE"


def build_match_conditions(doctype: str) -> list[str]:
	"""Return the parts of `build_read_condition`, none if the caller may read all records."""
	query = DatabaseQuery(doctype)
	matching = query.build_match_conditions()
	# `query.conditions` holds the shares of a caller who may read nothing else.
	conditions = [*query.conditions, *([matching] if matching else [])]
	return [f"({condition})".replace("%", "%%") for condition in conditions]


def check_readable(doctype: str) -> None:
	"""Refuse (PermissionError) if the caller may read none of these records."""
	if not frappe.has_permission(doctype, "read"):
		refuse(
			_("You don't have access to {0}, so this figure is hidden.").format(_(doctype)),
			frappe.PermissionError,
		)
