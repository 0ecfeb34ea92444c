"""The endpoints of the calendar feed: an address for calendar programs that shows who is out."""

from werkzeug.wrappers import Response

import frappe
from frappe import _lt

from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.doctypes import LEAVE_APPLICATION
from orchestrator.hr import feeds
from orchestrator.hr.ical import MIME_TYPE
from orchestrator.hr.shapes import FeedState, IssuedFeed

FILE_NAME = "who-is-out.ics"


@frappe.whitelist(methods=["GET"])
@endpoint(_lt("Calendar feed fetched"), effect=READ)
def get_feed() -> FeedState:
	"""Return whether the caller has a calendar feed. Its address is not stored, and shown only when it is made.

	Returns:
		Whether there is a feed, and since when its present address is valid.

	Permissions:
		Whoever may read leave applications. No API key that has a scope.

	Raises:
		PermissionError: 403. The caller may read no leave applications.
	"""
	frappe.has_permission(LEAVE_APPLICATION, "read", throw=True)
	return feeds.get_state(frappe.session.user)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Calendar feed renewed"), effect=CREATE)
def renew_feed() -> IssuedFeed:
	"""Give the caller's calendar feed a new secret address, and create the feed if there is none.

	The address shows what the caller may see, to whoever has it. An earlier address ends at once.

	Returns:
		The address, which is shown once.

	Permissions:
		Whoever may read leave applications, for themselves. No API key that has a scope, and not the Administrator.

	Raises:
		PermissionError: 403. The caller may read no leave applications.
	"""
	frappe.has_permission(LEAVE_APPLICATION, "read", throw=True)
	return feeds.renew_feed(frappe.session.user)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Calendar feed revoked"), effect=WRITE)
def revoke_feed() -> FeedState:
	"""Revoke the caller's calendar feed. Its address is refused from the next request on.

	Returns:
		The feed as it is now. Revoking it again changes nothing.

	Permissions:
		Every user, for themselves. No API key that has a scope.

	Raises:
		PermissionError: 403. The caller uses a key with a scope.
	"""
	return feeds.revoke_feed(frappe.session.user)


@frappe.whitelist(allow_guest=True, methods=["GET"])
@endpoint(effect=READ)
def get_calendar(token: str) -> Response:
	"""Return the calendar of a feed in the format iCalendar (RFC 5545), for calendar programs.

	It has the absences of the last month and the coming year that the owner of the feed may see now, as events of whole days. It names neither types of leave nor reasons.

	Args:
		token: The secret token of the feed's address.

	Returns:
		The calendar, as text/calendar.

	Permissions:
		Whoever has the address, with the permissions of the owner of the feed. An owner who is disabled, or whose employee record is not active, has none.

	Raises:
		DoesNotExistError: 404. The address is unknown, was renewed or revoked, or its owner may not use it any more.
	"""
	headers = {
		"Cache-Control": "private, no-store",
		"Content-Disposition": f'inline; filename="{FILE_NAME}"',
		"Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff",
	}
	return Response(feeds.build_feed(token), mimetype=MIME_TYPE, headers=headers)
