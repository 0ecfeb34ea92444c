"""The caller's own password, by Frappe's own check and limit of attempts."""

from typing import Final

import frappe
from frappe import _
from frappe.auth import get_login_attempt_tracker
from frappe.utils import password as frappe_password

from orchestrator.exceptions import refuse

MAX_PASSWORD_LENGTH: Final = 512  # as at sign-in


class WrongPasswordError(frappe.PermissionError):
	"""The password is not that of the caller. 403."""


class LockedAccountError(frappe.PermissionError):
	"""The caller has sent too many wrong passwords, here or at sign-in. 403."""


def check_password(password: str) -> None:
	"""Refuse a password that is not the caller's. Attempts are counted together with those at sign-in.

	Raises:
		LockedAccountError: 403. There were too many wrong passwords.
		WrongPasswordError: 403.
	"""
	user = frappe.session.user
	if _is_locked(user):
		refuse(
			_("There were too many wrong passwords. Wait until you may sign in again."), LockedAccountError
		)
	tracker = get_login_attempt_tracker(user, raise_locked_exception=False)
	if not _is_right(user, password):
		tracker.add_failure_attempt()
		refuse(_("The password is not right. Enter the password that you sign in with."), WrongPasswordError)
	tracker.add_success_attempt()


def _is_locked(user: str) -> bool:
	try:
		get_login_attempt_tracker(user)
	except frappe.SecurityException:
		frappe.clear_last_message()
		return True
	return False


def _is_right(user: str, password: str) -> bool:
	if not 0 < len(password) <= MAX_PASSWORD_LENGTH:
		return False
	try:
		frappe_password.check_password(user, password, delete_tracker_cache=False)
	except frappe.AuthenticationError:
		return False
	return True
