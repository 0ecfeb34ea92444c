"""Open a client in an emergency: the caller first, then the password, then the client."""

import re
from typing import Final

import frappe
from frappe import _

from orchestrator.access.disclosures import suspend_recording
from orchestrator.doctypes import CLIENT, CLIENT_STAY, EMERGENCY_ACCESS
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.privacy.emergency.eligibility import (
	get_minutes,
	has_clinical_role,
	is_browser_session,
	is_enabled,
)
from orchestrator.privacy.emergency.passwords import check_password
from orchestrator.privacy.emergency.shapes import OpenedAccess
from orchestrator.privacy.history import format_utc
from orchestrator.rows import insert_rows

MAX_REASON_LENGTH: Final = 1000
# Where HTML would begin: Desk shows a small text as HTML
TAG_START: Final = re.compile(r"<(?=[A-Za-z/!?])")


class EmergencyAccessConflictError(ConflictError):
	"""The client needs no emergency access, has it already, or is not the only one with that number. 409."""


def open_access(client: str, reason: str, password: str) -> OpenedAccess:
	"""Give the caller read access to a client for a limited time.

	Args:
		client: Name or person ID of the Client, or the MR number of a stay.
		reason: Why the access is needed.
		password: The caller's password.

	Raises:
		PermissionError: 403. The site does not allow it, or the caller is no clinical user in a browser session.
		InvalidRequestError: 400. The client or the reason is missing, or the reason is too long.
		WrongPasswordError: 403.
		LockedAccountError: 403. There were too many wrong passwords.
		DoesNotExistError: 404. There is no such client.
		EmergencyAccessConflictError: 409. The client needs no emergency access, has it already, or is not the only one.
	"""
	check_caller()
	number, text = client.strip(), parse_text("reason", reason, MAX_REASON_LENGTH)
	if not number:
		refuse(_("Send the ID of the client, or an MR number."), InvalidRequestError)
	_lock_user()  # so that parallel attempts are counted, and parallel openings are one
	check_password(password)
	name = _find_client(number)
	_check_need(name)
	return _insert(name, text)


def check_caller() -> None:
	"""Refuse whoever may not open a client in an emergency, whatever client it is.

	Raises:
		PermissionError: 403.
	"""
	if not is_enabled():
		refuse(_("This site does not allow emergency access."), frappe.PermissionError)
	if not is_browser_session():
		refuse(_("Emergency access needs a browser in which you are signed in."), frappe.PermissionError)
	if not has_clinical_role() or not frappe.has_permission(CLIENT, "read"):
		refuse(_("Only clinical users have emergency access."), frappe.PermissionError)


def parse_text(key: str, text: str, most: int) -> str:
	"""Return a text without spaces around it, and with a space behind each < that would begin a tag of HTML.

	Raises:
		InvalidRequestError: 400. The text is empty or too long.
	"""
	parsed = text.strip()
	if not 0 < len(parsed) <= most:
		refuse(_("{0} must have 1 to {1} characters.").format(key, most), InvalidRequestError)
	return TAG_START.sub("< ", parsed)


def _lock_user() -> None:
	"""Lock the caller's user until the transaction ends. Refuse one who is disabled."""
	if not frappe.db.get_value("User", frappe.session.user, "enabled", for_update=True):
		refuse(_("Only clinical users have emergency access."), frappe.PermissionError)


def _find_client(number: str) -> str:
	rows = frappe.db.sql(
		f"""select name, name from `tab{CLIENT}` where name = %(number)s
		union all select name, person_id from `tab{CLIENT}` where person_id = %(number)s
		union all select client, mr_number from `tab{CLIENT_STAY}` where mr_number = %(number)s""",  # noqa: S608  # names of ours
		{"number": number},
	)
	# MariaDB takes É for E as well, and ignores signs that nobody sees
	found = {str(client) for client, stored in rows if str(stored).strip().casefold() == number.casefold()}
	if not found:
		refuse(_("No client has this ID or MR number."), frappe.DoesNotExistError)
	if len(found) > 1:
		refuse(
			_("Several clients have this number. Send the ID of the client, such as CL-…"),
			EmergencyAccessConflictError,
		)
	return found.pop()


def _check_need(client: str) -> None:
	"""Refuse a client that the caller may read anyway, or has open."""
	with suspend_recording():
		is_readable = frappe.has_permission(CLIENT, "read", doc=client)
	frappe.clear_messages()
	if is_readable:
		refuse(_("You may read this client without emergency access."), EmergencyAccessConflictError)
	open_until = frappe.db.sql(
		f"""select expires_at from `tab{EMERGENCY_ACCESS}`
		where user = %s and client = %s and expires_at > utc_timestamp(6) for update""",  # noqa: S608  # name of ours
		(frappe.session.user, client),
	)
	if open_until:
		refuse(
			_("You have emergency access to this client already, until {0}.").format(
				format_utc(open_until[0][0])
			),
			EmergencyAccessConflictError,
		)


def _insert(client: str, reason: str) -> OpenedAccess:
	"""Store the access. It begins and ends by the database's clock."""
	opened_at, expires_at = frappe.db.sql(
		"select utc_timestamp(6), utc_timestamp(6) + interval %s minute", get_minutes()
	)[0]
	name = frappe.generate_hash(length=10)
	insert_rows(
		EMERGENCY_ACCESS,
		[
			{
				"name": name,
				"user": frappe.session.user,
				"client": client,
				"reason": reason,
				"opened_at": opened_at,
				"expires_at": expires_at,
			}
		],
	)
	return {
		"name": name,
		"client": client,
		"opened_at": format_utc(opened_at),
		"expires_at": format_utc(expires_at),
	}
