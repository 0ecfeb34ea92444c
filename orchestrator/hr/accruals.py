"""Earned leave that HRMS will allocate between two days, by its own rules and rounding."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import frappe
from frappe.utils import (
	add_months,
	cint,
	flt,
	get_first_day,
	get_last_day,
	get_quarter_ending,
	get_quarter_start,
	get_year_ending,
	get_year_start,
	getdate,
)
from hrms.hr import utils as engine

from orchestrator.doctypes import EMPLOYEE, LEAVE_ALLOCATION, LEAVE_TYPE

TYPE_FIELDS = ["name", "max_leaves_allowed", "earned_leave_frequency", "rounding", "allocate_on_day"]
ALLOCATION_FIELDS = [
	"name",
	"leave_type",
	"from_date",
	"to_date",
	"total_leaves_allocated",
	"unused_leaves",
	"leave_policy",
	"leave_policy_assignment",
]
JOINING_DAY, LAST_DAY, YEARLY = "Date of Joining", "Last Day", "Yearly"
# On HRMS 16, a schedule may say when how much is allocated.
SCHEDULE = "Earned Leave Schedule"


class Accrual(NamedTuple):
	"""An allocation of earned leave, and what decides how it grows."""

	allocation: frappe._dict
	rules: frappe._dict
	annual: float
	joined: date


def list_accruals(employee: str, first: date, last: date) -> list[Accrual]:
	"""Return the employee's allocations of earned leave that apply between two days."""
	# get_all: rules and allocations of an employee whose balances the caller may see
	types = {row.name: row for row in frappe.get_all(LEAVE_TYPE, {"is_earned_leave": 1}, TYPE_FIELDS)}
	if not types:
		return []
	allocations = frappe.get_all(
		LEAVE_ALLOCATION,
		{
			"employee": employee,
			"docstatus": 1,
			"leave_type": ("in", list(types)),
			"from_date": ("<=", last),
			"to_date": (">=", first),
		},
		ALLOCATION_FIELDS,
	)
	joined = frappe.db.get_value(EMPLOYEE, employee, "date_of_joining")
	return [
		Accrual(row, types[row.leave_type], annual, joined)
		for row in allocations
		if (annual := _get_annual_allocation(row))
	]


def _get_annual_allocation(allocation: frappe._dict) -> float:
	"""Return the days a year of the allocation's leave policy, 0 without one: then HRMS allocates nothing more."""
	policy = allocation.leave_policy
	if not policy and allocation.leave_policy_assignment:
		policy = frappe.db.get_value(
			"Leave Policy Assignment", allocation.leave_policy_assignment, "leave_policy"
		)
	detail = {"parent": policy, "leave_type": allocation.leave_type}
	return flt(frappe.db.get_value("Leave Policy Detail", detail, "annual_allocation")) if policy else 0.0


def compute_earned_leave(accrual: Accrual, after: date, until: date) -> float:
	"""Return the days that HRMS's daily job will add after one day and until another, within the allocation."""
	last = min(until, accrual.allocation.to_date)
	scheduled = _sum_scheduled_leave(accrual.allocation.name, after, last)
	if scheduled is not None:
		return scheduled
	earned = 0.0
	day = max(after, accrual.allocation.from_date - timedelta(days=1))
	while (day := day + timedelta(days=1)) <= last:
		if _is_accrual_day(accrual, day):
			earned += _limit_to_quota(accrual, earned, _compute_step(accrual, day))
	return earned


def _sum_scheduled_leave(allocation: str, after: date, last: date) -> float | None:
	"""Return the scheduled days that are still to be allocated, None without a schedule."""
	if not frappe.db.exists("DocType", SCHEDULE):
		return None
	# get_all: as above
	rows = frappe.get_all(
		SCHEDULE, {"parent": allocation}, ["allocation_date", "number_of_leaves", "attempted"]
	)
	if not rows:
		return None
	return sum(
		flt(row.number_of_leaves)
		for row in rows
		if not row.attempted and after <= getdate(row.allocation_date) <= last
	)


def _is_accrual_day(accrual: Accrual, day: date) -> bool:
	"""Return True if HRMS allocates earned leave on this day."""
	rules = accrual.rules
	on = rules.allocate_on_day or LAST_DAY
	if hasattr(engine, "check_effective_date"):  # HRMS 15
		start = accrual.joined if on == JOINING_DAY else accrual.allocation.from_date
		return bool(engine.check_effective_date(start, day, rules.earned_leave_frequency, on))
	expected = engine.get_expected_allocation_date_for_period(
		rules.earned_leave_frequency, on, day, accrual.joined
	)
	return getdate(expected) == day


def _compute_step(accrual: Accrual, day: date) -> float:
	"""Return the days that HRMS allocates at once, in the period that contains the day."""
	rules = accrual.rules
	first, last = PERIODS[rules.earned_leave_frequency]
	return flt(
		engine.get_monthly_earned_leave(
			accrual.joined,
			accrual.annual,
			rules.earned_leave_frequency,
			rules.rounding,
			getdate(first(day)),
			getdate(last(day)),
		)
	)


def _limit_to_quota(accrual: Accrual, earned: float, step: float) -> float:
	"""Return the part of a step that the leave type and the policy still allow."""
	total = flt(accrual.allocation.total_leaves_allocated) + earned
	if maximum := cint(accrual.rules.max_leaves_allowed):
		step = max(0.0, min(step, maximum - total))
	is_over_policy = total - flt(accrual.allocation.unused_leaves) + step > accrual.annual
	return 0.0 if is_over_policy and accrual.rules.earned_leave_frequency != YEARLY else step


def _get_semester_start(day: date) -> date:
	return date(day.year, 1 if day.month <= 6 else 7, 1)


def _get_semester_end(day: date) -> date:
	return getdate(add_months(_get_semester_start(day), 6)) - timedelta(days=1)


# The period that contains a day, by the frequency of a leave type
PERIODS: dict[str, tuple[Callable[[date], date], Callable[[date], date]]] = {
	"Monthly": (get_first_day, get_last_day),
	"Quarterly": (get_quarter_start, get_quarter_ending),
	"Half-Yearly": (_get_semester_start, _get_semester_end),
	YEARLY: (get_year_start, get_year_ending),
}
