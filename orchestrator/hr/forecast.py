"""Balances of all leave types of an employee, today and projected to a later date."""

from collections.abc import Mapping
from datetime import date

import frappe
from frappe.utils import flt
from hrms.hr.doctype.leave_application import leave_application as engine

from orchestrator.doctypes import LEAVE_TYPE
from orchestrator.hr import accruals, balances
from orchestrator.hr.shapes import Balance, LeaveForecast, LeaveOutlook
from orchestrator.period import to_iso

Allocations = Mapping[str, frappe._dict]


def get_forecast(employee: str, today: date, projected_to: date) -> LeaveForecast:
	"""Return the employee's balances today, and those expected on `projected_to`."""
	now = engine.get_leave_allocation_records(employee, today)
	then = now if projected_to == today else engine.get_leave_allocation_records(employee, projected_to)
	earned = _sum_earned_leave(employee, today, projected_to)
	names = sorted({*now, *then})
	return LeaveForecast(
		employee=employee,
		date=to_iso(today),
		projected_to=to_iso(projected_to),
		balances=[
			_build_outlook(
				_compute_balance(employee, name, now, today),
				_compute_balance(employee, name, then, projected_to),
				earned.get(name, 0.0),
				now.get(name),
			)
			for name in names
		],
		without_allocation=_list_types_without_allocation(names),
	)


def _compute_balance(employee: str, leave_type: str, allocations: Allocations, day: date) -> Balance:
	allocation = allocations.get(leave_type)
	if allocation is None:
		return balances.build_empty_balance(leave_type)
	return balances.compute_allocated_balance(employee, leave_type, allocation, day)


def _build_outlook(
	now: Balance, then: Balance, earned: float, allocation: frappe._dict | None
) -> LeaveOutlook:
	"""Return a row of the forecast."""
	return LeaveOutlook(
		**now,
		earned=flt(earned, balances.get_precision()),
		projected=flt(then["balance"] - then["pending"] + earned, balances.get_precision()),
		expires_on=to_iso(allocation.to_date) if allocation else None,
	)


def _sum_earned_leave(employee: str, today: date, projected_to: date) -> dict[str, float]:
	"""Return the leave that will be earned until a date by leave type, in the allocations that then apply."""
	return {
		accrual.rules.name: accruals.compute_earned_leave(accrual, today, projected_to)
		for accrual in accruals.list_accruals(employee, projected_to, projected_to)
	}


def _list_types_without_allocation(allocated: list[str]) -> list[str]:
	"""Return the other leave types for which an employee may apply: without pay, or with a negative balance."""
	# get_all: names to choose from, which every employee may read
	names = frappe.get_all(
		LEAVE_TYPE, or_filters={"is_lwp": 1, "allow_negative": 1}, order_by="name", pluck="name"
	)
	return [name for name in names if name not in allocated]
