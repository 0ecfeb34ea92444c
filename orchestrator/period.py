"""Timestamps and dates of calls and replies: parsed strictly, converted to the site's time zone, written in ISO 8601."""

from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple, overload
from zoneinfo import ZoneInfo

from frappe import _
from frappe.utils import get_system_timezone

from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.iso8601 import parse_iso

DATE_LENGTH = len("2025-02-19")
# MariaDB's range, less one day at its end, so that the following day is valid as well.
YEARS = range(1000, 9999)


class DateRange(NamedTuple):
	"""The days from `first` to `last`, both included."""

	first: date
	last: date

	@property
	def days(self) -> int:
		return (self.last - self.first).days + 1

	@property
	def end(self) -> date:
		"""Return the day after the last one."""
		return self.last + timedelta(days=1)

	@property
	def before(self) -> "DateRange":
		"""Return as many days right before."""
		return DateRange(self.first - timedelta(days=self.days), self.first - timedelta(days=1))


def get_time_zone() -> str:
	"""Return the site's time zone, such as Europe/Berlin."""
	return get_system_timezone()


def to_site_time(moment: datetime) -> datetime:
	"""Convert a timestamp with a zone to the site's time zone, without a zone."""
	return moment.astimezone(ZoneInfo(get_time_zone())).replace(tzinfo=None)


@overload
def to_iso(value: date, timespec: Literal["seconds", "auto"] = "seconds") -> str: ...
@overload
def to_iso(value: date | None, timespec: Literal["seconds", "auto"] = "seconds") -> str | None: ...
def to_iso(value: date | None, timespec: Literal["seconds", "auto"] = "seconds") -> str | None:
	"""Return a date or timestamp in ISO 8601, None for None.

	Args:
		value: A date, or a timestamp in the site's time zone.
		timespec: "seconds", or "auto" for a timestamp that keeps its fraction of a second.
	"""
	if isinstance(value, datetime):
		return value.isoformat(timespec=timespec)
	return value.isoformat() if value else None


def parse_timestamp(name: str, text: str) -> datetime:
	"""Return an ISO 8601 timestamp in the site's time zone, to the second.

	A timestamp without a zone is already in the site's.

	Raises InvalidRequestError (400) for anything else.
	"""
	text = text.strip()
	try:
		moment = parse_iso(text)
		if len(text) == DATE_LENGTH:
			raise ValueError
		if moment.tzinfo:
			moment = to_site_time(moment)
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
	"""Return an ISO 8601 date. Raises InvalidRequestError (400) for anything else."""
	try:
		text = text.strip()
		day = parse_iso(text).date()
		if len(text) != DATE_LENGTH or day.year not in YEARS:
			raise ValueError
	except ValueError:
		refuse(_("{0} must be a date, such as 2025-02-19.").format(name), InvalidRequestError)
	return day
