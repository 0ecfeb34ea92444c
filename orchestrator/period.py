"""Moments and days as callers write them, read strictly and brought into the site's time zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from frappe import _
from frappe.utils import get_system_timezone, getdate, now_datetime

from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.iso8601 import parse_iso

DATE_LENGTH = len("2025-02-19")
# What MariaDB keeps; the day after the last is a day as well.
YEARS = range(1000, 9999)


def get_now() -> datetime:
	"""This moment in the site's time zone, to the second, without a zone: as Frappe keeps moments."""
	return now_datetime().replace(microsecond=0)


def get_today() -> date:
	"""This day in the site's time zone."""
	return getdate()


def get_time_zone() -> str:
	"""The site's time zone, such as Europe/Berlin."""
	return get_system_timezone()


def parse_timestamp(name: str, text: str) -> datetime:
	"""An ISO 8601 timestamp as a moment of the site's time zone, to the second. Without a zone it is that already.

	Raises InvalidRequestError (400) for anything else."""
	text = text.strip()
	try:
		moment = parse_iso(text)
		if len(text) == DATE_LENGTH:
			raise ValueError
		if moment.tzinfo:
			moment = moment.astimezone(ZoneInfo(get_time_zone())).replace(tzinfo=None)
		if moment.year not in YEARS:
			raise ValueError
	except (ValueError, OverflowError):
		refuse(
			_(
				"{0} must be an ISO 8601 timestamp, such as 2025-02-19T09:00:00 or 2025-02-19T09:00:00Z."
			).format(name),
			InvalidRequestError,
		)
	return moment


def parse_date(name: str, text: str) -> date:
	"""An ISO 8601 date. Raises InvalidRequestError (400) for anything else."""
	try:
		text = text.strip()
		day = parse_iso(text).date()
		if len(text) != DATE_LENGTH or day.year not in YEARS:
			raise ValueError
	except ValueError:
		refuse(_("{0} must be a date, such as 2025-02-19.").format(name), InvalidRequestError)
	return day
