"""Calendars in the format of RFC 5545. vobject escapes texts and folds lines."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import vobject
from dateutil.tz import UTC

from orchestrator import clock, period

MIME_TYPE = "text/calendar"
PRODUCT = "-//Frappe Orchestrator//Leave//EN"
REFRESH_INTERVAL = "PT1H"
# Control characters that the format does not allow, and breaks of lines
CONTROL_CHARACTERS = dict.fromkeys((*range(32), 127), " ")


class AllDayEvent:
	"""An event of whole days, which are the same days in every time zone."""

	def __init__(self, uid: str, title: str, first: date, last: date, *, is_tentative: bool) -> None:
		self.uid, self.title, self.first, self.last = uid, title, first, last
		self.is_tentative = is_tentative

	def add_to(self, calendar: "vobject.base.Component", stamp: datetime) -> None:
		"""Add the event. The last day is exclusive in the format."""
		event = calendar.add("vevent")
		event.add("uid").value = self.uid
		event.add("dtstamp").value = stamp
		event.add("dtstart").value = self.first
		event.add("dtend").value = self.last + timedelta(days=1)
		event.add("summary").value = clean_text(self.title)
		event.add("status").value = "TENTATIVE" if self.is_tentative else "CONFIRMED"
		event.add("transp").value = "TRANSPARENT"


def build_calendar(title: str, events: Iterable[AllDayEvent]) -> str:
	"""Return a calendar with these events."""
	calendar = vobject.iCalendar()
	calendar.add("prodid").value = PRODUCT
	calendar.add("method").value = "PUBLISH"
	calendar.add("x-wr-calname").value = clean_text(title)
	calendar.add("x-wr-timezone").value = period.get_time_zone()
	calendar.add("x-published-ttl").value = REFRESH_INTERVAL
	stamp = _to_utc(clock.get_now_to_second())
	for event in events:
		event.add_to(calendar, stamp)
	return calendar.serialize(validate=True)


def clean_text(text: str) -> str:
	"""Return a text without control characters, on one line."""
	return text.translate(CONTROL_CHARACTERS).strip()


def _to_utc(moment: datetime) -> datetime:
	"""Return a time of the site in UTC, with the zone that vobject writes as Z."""
	return moment.replace(tzinfo=ZoneInfo(period.get_time_zone())).astimezone(UTC)
