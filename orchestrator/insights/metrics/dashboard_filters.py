"""The filters of a dashboard: a range of dates and a facility. Each metric applies those that its source knows."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import frappe
from frappe import _

from orchestrator import clock, period
from orchestrator.doctypes import FACILITY
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.period import DateRange

DATES: Final = "dates"
FACILITY_FILTER: Final = "facility"
FILTERS: Final = (DATES, FACILITY_FILTER)
MAX_DAYS = 3660


@dataclass(frozen=True)
class DashboardFilters:
	"""The filters that are set; None for one that is not."""

	dates: DateRange | None = None
	facility: str | None = None

	@property
	def names(self) -> tuple[str, ...]:
		"""Return the names of the filters that are set."""
		return tuple(name for name in FILTERS if getattr(self, name) is not None)

	@property
	def digest(self) -> str:
		"""Return a part of cache keys and job ids; empty without filters."""
		return hashlib.sha256(repr(self.to_dict()).encode()).hexdigest()[:12] if self.names else ""

	def restrict(self, names: frozenset[str]) -> "DashboardFilters":
		"""Return the filters of these names."""
		dropped: dict[str, Any] = {name: None for name in FILTERS if name not in names}
		return replace(self, **dropped)

	def get_arguments(self) -> dict[str, Any]:
		"""Return the filters that are set, as arguments of a measure."""
		return {name: getattr(self, name) for name in self.names}

	def to_dict(self) -> dict[str, str | None]:
		"""Serialize the filters for a reply or a job."""
		first, last = self.dates or (None, None)
		return {
			"from_date": period.to_iso(first),
			"to_date": period.to_iso(last),
			"facility": self.facility,
		}

	@classmethod
	def from_dict(cls, fields: dict[str, str | None]) -> "DashboardFilters":
		"""Parse serialized filters."""
		return cls(_parse_dates(fields["from_date"], fields["to_date"]), fields["facility"])


NO_FILTERS: Final = DashboardFilters()


def parse_filters(from_date: str | None, to_date: str | None, facility: str | None) -> DashboardFilters:
	"""Return the filters of a call.

	Raises:
		PermissionError: 403. The caller may read no facilities.
		DoesNotExistError: 404. The facility is missing or hidden.
		InvalidRequestError: 400. A date is malformed, or the range is empty or too long.
	"""
	if facility:
		check_facility(facility)
	return DashboardFilters(_parse_dates(from_date, to_date), facility or None)


def check_facility(facility: str) -> None:
	"""Refuse a facility that the caller may not read as if it were missing."""
	frappe.has_permission(FACILITY, "read", throw=True)
	if not frappe.get_list(FACILITY, {"name": facility}, limit=1):
		refuse(_("There is no facility {0}.").format(facility), frappe.DoesNotExistError)


def _parse_dates(from_date: str | None, to_date: str | None) -> DateRange | None:
	if not from_date and not to_date:
		return None
	if not from_date:
		refuse(_("Send from_date as well as to_date."), InvalidRequestError)
	first = period.parse_date("from_date", from_date)
	last = period.parse_date("to_date", to_date) if to_date else clock.get_today()
	return check_dates(first, last)


def check_dates(first: date, last: date) -> DateRange:
	"""Return the range. 400 if it is empty or too long."""
	dates = DateRange(first, last)
	if not 1 <= dates.days <= MAX_DAYS:
		refuse(
			_("to_date must not be before from_date, nor more than {0} days after it.").format(MAX_DAYS),
			InvalidRequestError,
		)
	return dates
