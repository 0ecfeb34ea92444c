"""Countdowns in words. Desk's scripts write the same while they count: public/js/tickets/countdown_text.js."""

from datetime import datetime

from frappe import _
from frappe.utils import format_datetime

MINUTE, HOUR = 60, 3600


def format_duration(seconds: float) -> str:
	"""Return a duration in hours and minutes, rounded down."""
	hours, minutes = divmod(int(abs(seconds)) // MINUTE, HOUR // MINUTE)
	if hours and minutes:
		return _("{0} h {1} min").format(hours, minutes)
	if hours:
		return _("{0} h").format(hours)
	return _("{0} min").format(minutes) if minutes else _("less than 1 min")


def describe_running(seconds: float, *, is_response: bool, is_overdue: bool) -> str:
	"""Return the text of a target whose clock runs."""
	if is_overdue:
		text = (
			_("First response overdue by {0} of working time")
			if is_response
			else _("Overdue by {0} of working time")
		)
	else:
		text = (
			_("First response due in {0} of working time") if is_response else _("Due in {0} of working time")
		)
	return text.format(format_duration(seconds))


def describe_pause(since: datetime | None, reason: str | None) -> str:
	"""Return the text of a paused ticket."""
	if not since:
		return _("Paused because: {0}").format(_(reason)) if reason else _("Paused")
	moment = format_datetime(since, "d MMM, HH:mm")
	return (
		_("Paused since {0} because: {1}").format(moment, _(reason))
		if reason
		else _("Paused since {0}").format(moment)
	)


def describe_result(status: str, *, is_response: bool) -> str:
	"""Return the text of a target that is met or missed, empty for a ticket without one."""
	if status == "met":
		return _("Answered in time") if is_response else _("Resolved in time")
	if status == "breached":
		return _("Answered late") if is_response else _("Resolved late")
	return ""
