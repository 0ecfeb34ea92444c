"""The review of emergency accesses by a privacy officer."""

from typing import Any, Final

import frappe
from frappe import _

from orchestrator.api.cursors import FIRST_PAGE, encrypt_cursor, parse_cursor
from orchestrator.doctypes import EMERGENCY_ACCESS
from orchestrator.exceptions import refuse
from orchestrator.privacy.emergency.opening import EmergencyAccessConflictError, parse_text
from orchestrator.privacy.emergency.shapes import EmergencyAccessEntry, EmergencyAccessPage
from orchestrator.privacy.history import format_utc, parse_limit

MAX_FINDING_LENGTH: Final = 2000
COLUMNS: Final = "name, user, client, reason, opened_at, expires_at, reviewed_by, reviewed_at, finding"
SCOPE: Final = "emergency accesses"
TO_REVIEW: Final = "To Review"
CONDITIONS: Final = {TO_REVIEW: "reviewed_at is null", "Reviewed": "reviewed_at is not null", "All": "1 = 1"}
STATUSES: Final = tuple(CONDITIONS)


def check_permission() -> None:
	"""Refuse whoever may not review emergency accesses.

	Raises:
		PermissionError: 403.
	"""
	frappe.has_permission(EMERGENCY_ACCESS, "read", throw=True)


def list_accesses(status: str, limit: Any, cursor: str | None) -> EmergencyAccessPage:
	"""Return a page of emergency accesses, the latest first: those to review, the reviewed ones, or all."""
	count, scope = parse_limit(limit), [SCOPE, status]
	condition = CONDITIONS[status]
	place = parse_cursor(cursor or FIRST_PAGE, scope)
	behind = "and (opened_at, name) < (%(opened_at)s, %(name)s)" if place else ""
	rows = frappe.db.sql(
		f"""select {COLUMNS} from `tab{EMERGENCY_ACCESS}` where {condition} {behind}
		order by opened_at desc, name desc limit {count + 1}""",  # noqa: S608  # conditions of ours
		dict(zip(("opened_at", "name"), place or (), strict=False)),
		as_dict=True,
	)
	page = rows[:count]
	has_more = len(rows) > count
	return {
		"accesses": [_build_entry(row) for row in page],
		"next_cursor": encrypt_cursor([str(page[-1].opened_at), page[-1].name], scope) if has_more else None,
	}


def review_access(name: str, finding: str) -> EmergencyAccessEntry:
	"""Store what the caller found about an emergency access that is over.

	Raises:
		InvalidRequestError: 400. The finding is missing or too long.
		DoesNotExistError: 404. There is no such emergency access.
		PermissionError: 403. It is the caller's own.
		EmergencyAccessConflictError: 409. It is not over, or is reviewed already.
	"""
	text = parse_text("finding", finding, MAX_FINDING_LENGTH)
	row = _lock(name)
	if row.user == frappe.session.user:
		refuse(_("Another privacy officer has to review your own emergency access."), frappe.PermissionError)
	if row.reviewed_at:
		refuse(_("This emergency access is reviewed already."), EmergencyAccessConflictError)
	if row.is_open:
		refuse(
			_("This emergency access is open until {0}. Review it afterwards.").format(
				format_utc(row.expires_at)
			),
			EmergencyAccessConflictError,
		)
	frappe.db.sql(
		f"""update `tab{EMERGENCY_ACCESS}` set reviewed_by = %s, reviewed_at = utc_timestamp(6), finding = %s
		where name = %s""",  # noqa: S608  # name of ours
		(frappe.session.user, text, row.name),
	)
	frappe.clear_document_cache(EMERGENCY_ACCESS, row.name)
	return _build_entry(_lock(row.name))


def _lock(name: str) -> Any:
	"""Return an emergency access as it is now, and keep others from reviewing it."""
	rows = frappe.db.sql(
		f"""select {COLUMNS}, expires_at > utc_timestamp(6) is_open from `tab{EMERGENCY_ACCESS}`
		where name = %s for update""",  # noqa: S608  # name of ours
		name,
		as_dict=True,
	)
	if not rows:
		refuse(_("There is no such emergency access."), frappe.DoesNotExistError)
	return rows[0]


def _build_entry(row: Any) -> EmergencyAccessEntry:
	return {
		"name": row.name,
		"user": row.user,
		"client": row.client,
		"reason": row.reason,
		"opened_at": format_utc(row.opened_at),
		"expires_at": format_utc(row.expires_at),
		"reviewed_by": row.reviewed_by or None,
		"reviewed_at": format_utc(row.reviewed_at) if row.reviewed_at else None,
		"finding": row.finding or None,
	}
