"""Measures about clients: counts and dates of those that the caller may read, no personal data.

If the DocTypes of clients are missing, each raises MissingDataError.
"""

from frappe import _

from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.measure_queries import (
	Filter,
	Number,
	Series,
	aggregate_trailing_period,
	count_by_month,
	count_by_value,
	count_records,
)
from orchestrator.period import DateRange

IN_CARE = "status = 'Active'"
IS_REAL = "status != 'Deleted'"
ACTIVE_CLIENTS: list[Filter] = [["status", "=", "Active"]]
REAL_STAYS: list[Filter] = [["status", "!=", "Deleted"]]


def clients_in_care(facility: str | None = None) -> Number:
	return count_records(CLIENT, IN_CARE, ACTIVE_CLIENTS, facility=facility)


def clients_expected(facility: str | None = None) -> Number:
	"""Return the number of clients before their admission."""
	return count_records(
		CLIENT, "status = 'Pre-Admission'", [["status", "=", "Pre-Admission"]], facility=facility
	)


def admissions(dates: DateRange | None = None, facility: str | None = None) -> Number:
	"""Return the number of stays that began within 30 days, and within the 30 days before."""
	return aggregate_trailing_period(
		CLIENT_STAY, "admission_date", where=IS_REAL, filters=REAL_STAYS, dates=dates, facility=facility
	)


def discharges(dates: DateRange | None = None, facility: str | None = None) -> Number:
	"""Return the number of stays that ended within 30 days, and within the 30 days before."""
	return aggregate_trailing_period(
		CLIENT_STAY, "discharge_date", where=IS_REAL, filters=REAL_STAYS, dates=dates, facility=facility
	)


def length_of_stay(dates: DateRange | None = None, facility: str | None = None) -> Number:
	"""Return the average days from admission to discharge, of stays that ended within 90 days; and within the
	90 days before.
	"""
	return aggregate_trailing_period(
		CLIENT_STAY,
		"discharge_date",
		what="DATEDIFF(discharge_date, admission_date)",
		where=f"{IS_REAL} AND admission_date IS NOT NULL",
		filters=[*REAL_STAYS, ["admission_date", "is", "set"]],
		days=90,
		average=True,
		dates=dates,
		facility=facility,
	)


def clients_by_level_of_care(facility: str | None = None) -> Series:
	return count_by_value(CLIENT, "level_of_care", _("Clients"), IN_CARE, ACTIVE_CLIENTS, facility=facility)


def clients_by_facility(facility: str | None = None) -> Series:
	return count_by_value(CLIENT, "facility", _("Clients"), IN_CARE, ACTIVE_CLIENTS, facility=facility)


def admissions_by_month(dates: DateRange | None = None, facility: str | None = None) -> Series:
	"""Return the number of stays of the last twelve months, by the month of their admission."""
	return count_by_month(
		CLIENT_STAY,
		"admission_date",
		_("Admissions"),
		IS_REAL,
		filters=REAL_STAYS,
		dates=dates,
		facility=facility,
	)
