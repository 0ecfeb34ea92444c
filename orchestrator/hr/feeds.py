"""Calendar feeds: one for each user, at an address with a secret token of which only a hash is stored."""

import secrets
from datetime import date, timedelta

import frappe
from frappe import _
from frappe.translate import get_user_lang, print_language
from frappe.utils import get_url

from orchestrator import clock
from orchestrator.access.acting_user import run_as_user
from orchestrator.api.key_secrets import compute_hash
from orchestrator.api.sealed_replies import compute_keyed_digest
from orchestrator.doctypes import CALENDAR_FEED, EMPLOYEE, LEAVE_APPLICATION
from orchestrator.exceptions import refuse
from orchestrator.hr import ical, team_calendar
from orchestrator.hr.shapes import CalendarAbsence, FeedState, IssuedFeed
from orchestrator.period import to_iso

METHOD = "orchestrator.hr.calendar_feed.get_calendar"
TOKEN_BYTES = 32
PAST_DAYS, FUTURE_DAYS = 31, 366
MAX_EVENTS = 2000
# Users whose calendar would show everything, or nothing
WITHOUT_FEED = ("Administrator", "Guest")
PURPOSE = "orchestrator-calendar-event"


def get_state(user: str) -> FeedState:
	"""Return whether the user has a feed."""
	renewed = frappe.db.get_value(CALENDAR_FEED, {"user": user}, "renewed_on")
	return FeedState(enabled=renewed is not None, renewed_on=to_iso(renewed))


def renew_feed(user: str) -> IssuedFeed:
	"""Give the user's feed a new address, and create the feed if there is none. The old address ends at once."""
	if user in WITHOUT_FEED:
		refuse(_("{0} has no calendar feed. Sign in as a person.").format(user), frappe.PermissionError)
	token = secrets.token_urlsafe(TOKEN_BYTES)
	name = frappe.db.get_value(CALENDAR_FEED, {"user": user}, "name", for_update=True)
	doc = frappe.get_doc(CALENDAR_FEED, name) if name else frappe.new_doc(CALENDAR_FEED, user=user)
	doc.token_hash = compute_hash(token)
	doc.renewed_on = clock.get_now_to_second()
	# Users have no permission for the DocType: each has to do with their own feed, by these calls alone.
	doc.save(ignore_permissions=True)
	return IssuedFeed(enabled=True, renewed_on=to_iso(doc.renewed_on), address=build_address(token))


def build_address(token: str) -> str:
	"""Return the address of a feed."""
	return get_url(f"/api/method/{METHOD}?token={token}")


def revoke_feed(user: str) -> FeedState:
	"""Delete the user's feed. Its address is refused from the next request on."""
	# the hash of a token is of no use to anybody, and is not kept among deleted records
	frappe.db.delete(CALENDAR_FEED, {"user": user})
	return FeedState(enabled=False, renewed_on=None)


def delete_user_feed(doc: "frappe.model.document.Document", _method: str | None = None) -> None:
	"""Handle the hook on_trash of User."""
	revoke_feed(doc.name)


def build_feed(token: str) -> str:
	"""Return the calendar of the feed with this token, with the permissions of its owner. 404 for a token that is
	unknown, or whose owner may not use it any more.
	"""
	user = frappe.db.get_value(CALENDAR_FEED, {"token_hash": compute_hash(token)}, "user")
	if not user or not _is_usable(user):
		_raise_unknown()
	with run_as_user(user), print_language(get_user_lang(user)):
		if not frappe.has_permission(LEAVE_APPLICATION, "read"):
			_raise_unknown()
		today = clock.get_today()
		first, last = today - timedelta(days=PAST_DAYS), today + timedelta(days=FUTURE_DAYS)
		absences = team_calendar.list_absences(first, last, MAX_EVENTS)
		return ical.build_calendar(_("Who is out"), [_build_event(absence) for absence in absences])


def _is_usable(user: str) -> bool:
	"""Return True for an enabled user, who is not a former or inactive employee."""
	if user in WITHOUT_FEED or not frappe.db.get_value("User", user, "enabled"):
		return False
	# get_all: the owner's own records
	states = frappe.get_all(EMPLOYEE, {"user_id": user}, pluck="status")
	return not states or "Active" in states


def _raise_unknown() -> None:
	refuse(
		_(
			"There is no calendar at this address. It was revoked or renewed: create a new one on the page My Day."
		),
		frappe.DoesNotExistError,
	)


def _build_event(absence: CalendarAbsence) -> ical.AllDayEvent:
	"""Return an absence as an event. It never has the type of the leave or a reason: calendars are copied to
	telephones and to other companies.
	"""
	first, last = (date.fromisoformat(absence[field]) for field in ("from_date", "to_date"))
	title = _("{0}: out").format(absence["employee_name"])
	if absence["half_day_date"]:
		title = _("{0}, half a day on {1}").format(title, absence["half_day_date"])
	if absence["is_pending"]:
		title = _("{0} (not yet approved)").format(title)
	identity = (absence["employee_name"], absence["from_date"], absence["to_date"])
	key = absence["leave_application"] or "|".join(identity)
	uid = compute_keyed_digest(PURPOSE, key).hex()[:32]
	return ical.AllDayEvent(
		f"{uid}@{frappe.local.site}", title, first, last, is_tentative=absence["is_pending"]
	)
