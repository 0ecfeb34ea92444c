"""Leave balances from HRMS's ledger: of one employee by HRMS's own functions, of many by the same sums over
rows read for all of them together.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

import frappe
from frappe.utils import cint, date_diff, flt
from hrms.hr.doctype.leave_application import leave_application as engine

from orchestrator.doctypes import LEAVE_APPLICATION
from orchestrator.hr import ledger
from orchestrator.hr.ledger import ALLOCATION, ENCASHMENT
from orchestrator.hr.shapes import Balance, EmployeeBalance

Period = tuple[str, str, date, date]
COUNTS_EXPIRED = hasattr(engine, "get_manually_expired_leaves")


def get_balance(employee: str, leave_type: str, day: date) -> Balance:
	"""Return the balance as HRMS's `get_leave_details` does, computed for this leave type only."""
	allocation = engine.get_leave_allocation_records(employee, day, leave_type).get(leave_type)
	if not allocation:
		return build_empty_balance(leave_type)
	return compute_allocated_balance(employee, leave_type, allocation, day)


def compute_allocated_balance(employee: str, leave_type: str, allocation: frappe._dict, day: date) -> Balance:
	"""Return the balance on a day of one of the records of HRMS's `get_leave_allocation_records`."""
	period = (employee, leave_type, allocation.from_date, allocation.to_date)
	taken = engine.get_leaves_for_period(*period)
	return _build_balance(
		leave_type,
		allocation.total_leaves_allocated,
		-taken,
		_compute_remaining(allocation, taken, period, day),
		engine.get_leaves_pending_approval_for_period(*period),
	)


def _compute_remaining(allocation: frappe._dict, taken: float, period: Period, day: date) -> float:
	"""Return the result of HRMS's `get_leave_balance_on` from its parts.

	HRMS's function itself would read the allocation and the leave taken again.
	"""
	employee, leave_type, first, last = period
	expiry = engine.get_allocation_expiry_for_cf_leaves(employee, leave_type, last, first)
	# leave that was expired early; older versions of HRMS do not subtract it
	expired = [engine.get_manually_expired_leaves(*period)] if COUNTS_EXPIRED else []
	return engine.get_remaining_leaves(allocation, taken, day, expiry, *expired)["leave_balance"]


def build_empty_balance(leave_type: str) -> Balance:
	"""Return the balance if nothing is allocated."""
	return Balance(leave_type=leave_type, allocated=0.0, used=0.0, balance=0.0, pending=0.0)


def _build_balance(leave_type: str, allocated: float, used: float, balance: float, pending: float) -> Balance:
	"""Return a balance, rounded as HRMS rounds it."""
	precision = get_precision()
	return Balance(
		leave_type=leave_type,
		allocated=flt(allocated, precision),
		used=flt(used, precision) + 0.0,
		balance=flt(balance, precision),
		pending=flt(pending, precision),
	)


def get_precision() -> int:
	"""Return the number of decimals to which HRMS rounds balances."""
	return cint(frappe.db.get_single_value("System Settings", "float_precision")) or 2


def get_balances(employees: Sequence[str], leave_type: str, day: date) -> list[EmployeeBalance]:
	"""Return the balances of several employees, in the order given, each equal to that of `get_balance`."""
	sheet = BalanceTable(employees, leave_type, day)
	return [EmployeeBalance(employee=employee, **sheet.compute_balance(employee)) for employee in employees]


class BalanceTable:
	"""The rows from which HRMS computes balances, read for several employees at once: eight queries for any
	number of them.
	"""

	def __init__(self, employees: Sequence[str], leave_type: str, day: date) -> None:
		self.leave_type, self.day = leave_type, day
		self.allocations = {row.employee: row for row in ledger.list_allocations(employees, leave_type, day)}
		first = min((row.from_date for row in self.allocations.values()), default=day)
		last = max((row.to_date for row in self.allocations.values()), default=day)
		entries = ledger.list_entries(list(self.allocations), leave_type, first, last)
		pending = ledger.list_pending_applications(list(self.allocations), leave_type, first, last)
		self.entries, self.pending = _group_by_employee(entries), _group_by_employee(pending)
		self.half_days = ledger.get_half_days([row.transaction_name for row in entries if row.leaves % 1])
		self.holidays = ledger.get_holidays({row.holiday_list for row in entries}, leave_type, first, last)

	def compute_balance(self, employee: str) -> Balance:
		"""Return the balance of one employee."""
		allocation = self.allocations.get(employee)
		if allocation is None:
			return build_empty_balance(self.leave_type)
		entries = [row for row in self.entries[employee] if _is_overlapping(row, allocation)]
		expired = [row.leaves for row in entries if _is_expired_by_hand(row, allocation)]
		if (
			allocation.unused_leaves
			or len(expired) > 1
			or not all(row.holiday_list for row in _filter_applications(entries))
		):
			# Leave carried forward has its own expiry date, and HRMS compares the leave taken before and after it.
			return get_balance(employee, self.leave_type, self.day)
		taken = sum(self.count_taken_days(row, allocation) for row in entries)
		# the result of HRMS's get_remaining_leaves if nothing was carried forward
		remaining = allocation.total_leaves_allocated + taken + (sum(expired) if COUNTS_EXPIRED else 0.0)
		waiting = sum(row.total_leave_days for row in self.pending[employee] if _is_touching(row, allocation))
		return _build_balance(self.leave_type, allocation.total_leaves_allocated, -taken, remaining, waiting)

	def count_taken_days(self, entry: frappe._dict, allocation: frappe._dict) -> float:
		"""Return the days that an entry takes from the allocation, negative as in the ledger: HRMS counts an
		application's days again, with the current holidays.
		"""
		if entry.transaction_type == ENCASHMENT:
			return entry.leaves if _is_within(entry, allocation) else 0
		if entry.transaction_type != LEAVE_APPLICATION:
			return 0
		first, last = max(entry.from_date, allocation.from_date), min(entry.to_date, allocation.to_date)
		days = date_diff(last, first) + 1 - self.count_holidays(entry.holiday_list, first, last)
		half_day = self.half_days.get(entry.transaction_name) if entry.leaves % 1 else None
		is_half = entry.leaves % 1 and (first == last or (half_day and first <= half_day <= last))
		return -(days - 0.5) if is_half else -days

	def count_holidays(self, holiday_list: str, first: date, last: date) -> int:
		"""Return the number of days of the list from `first` to `last`."""
		days = self.holidays.get(holiday_list, [])
		return bisect_right(days, last) - bisect_left(days, first)


def _group_by_employee(rows: Iterable[frappe._dict]) -> dict[str, list[frappe._dict]]:
	"""Return the rows of each employee."""
	groups: dict[str, list[frappe._dict]] = defaultdict(list)
	for row in rows:
		groups[row.employee].append(row)
	return groups


def _filter_applications(entries: Iterable[frappe._dict]) -> list[frappe._dict]:
	"""Return the ledger's entries for leave that was taken."""
	return [row for row in entries if row.transaction_type == LEAVE_APPLICATION]


def _is_overlapping(row: frappe._dict, allocation: frappe._dict) -> bool:
	"""Return True for an entry of the allocation's period; the rows of several employees cover all their
	periods.
	"""
	return row.from_date <= allocation.to_date and row.to_date >= allocation.from_date


def _is_touching(row: frappe._dict, allocation: frappe._dict) -> bool:
	"""Return True if an application begins or ends in the allocation's period."""
	first, last = allocation.from_date, allocation.to_date
	return first <= row.from_date <= last or first <= row.to_date <= last


def _is_within(row: frappe._dict, allocation: frappe._dict) -> bool:
	"""Return True if an entry lies in the allocation's period."""
	return allocation.from_date <= row.from_date and row.to_date <= allocation.to_date


def _is_expired_by_hand(row: frappe._dict, allocation: frappe._dict) -> bool:
	"""Return True for the entry by which a user expired the rest of the allocation early."""
	return (
		row.transaction_type == ALLOCATION
		and row.is_expired
		and not row.is_carry_forward
		and row.from_date >= allocation.from_date
		and row.to_date < allocation.to_date
	)
