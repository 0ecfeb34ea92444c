"""HRMS's leave ledger for several employees: its own queries, for a list instead of one. The tests compare
the results with hrms/hr/doctype/leave_application/leave_application.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from pypika import Case

import frappe
from frappe.query_builder.functions import Max, Min, Sum
from frappe.utils import flt

from orchestrator.doctypes import LEAVE_APPLICATION, LEAVE_LEDGER_ENTRY, LEAVE_TYPE

ALLOCATION, ENCASHMENT = "Leave Allocation", "Leave Encashment"


def list_allocations(employees: Sequence[str], leave_type: str, day: date) -> list[frappe._dict]:
	"""Return the allocations on `day`, as `get_leave_allocation_records` does."""
	if not employees:
		return []
	entry, allocation = frappe.qb.DocType(LEAVE_LEDGER_ENTRY), frappe.qb.DocType(ALLOCATION)
	newly = (entry.is_carry_forward == 0) & (entry.to_date >= day)
	carried = (
		(entry.is_carry_forward == 1)
		& entry.to_date[allocation.from_date : allocation.to_date]
		& (allocation.from_date <= day)
		& (allocation.to_date >= day)
	)
	rows = (
		frappe.qb.from_(entry)
		.inner_join(allocation)
		.on(entry.transaction_name == allocation.name)
		.select(
			entry.employee,
			entry.leave_type,
			Sum(Case().when(entry.is_carry_forward == 1, entry.leaves).else_(0)).as_("unused_leaves"),
			Sum(Case().when(entry.is_carry_forward == 0, entry.leaves).else_(0)).as_("new_leaves_allocated"),
			Min(entry.from_date).as_("from_date"),
			Max(entry.to_date).as_("to_date"),
		)
		.where(entry.employee.isin(list(employees)) & (entry.leave_type == leave_type))
		.where((entry.docstatus == 1) & (entry.transaction_type == ALLOCATION))
		.where((entry.is_expired == 0) & (entry.is_lwp == 0) & (entry.from_date <= day))
		.where(newly | carried)
		.groupby(entry.employee, entry.leave_type)
	).run(as_dict=True)
	for row in rows:
		row.total_leaves_allocated = flt(row.unused_leaves) + flt(row.new_leaves_allocated)
	return rows


def list_entries(employees: Sequence[str], leave_type: str, first: date, last: date) -> list[frappe._dict]:
	"""Return the leave taken or expired between the days, as `get_leave_entries` does."""
	if not employees:
		return []
	entry = frappe.qb.DocType(LEAVE_LEDGER_ENTRY)
	return (
		frappe.qb.from_(entry)
		.select(
			entry.employee,
			entry.from_date,
			entry.to_date,
			entry.leaves,
			entry.transaction_name,
			entry.transaction_type,
			entry.holiday_list,
			entry.is_carry_forward,
			entry.is_expired,
		)
		.where(entry.employee.isin(list(employees)) & (entry.leave_type == leave_type))
		.where((entry.docstatus == 1) & ((entry.leaves < 0) | (entry.is_expired == 1)))
		.where((entry.from_date <= last) & (entry.to_date >= first))
	).run(as_dict=True)


def list_pending_applications(
	employees: Sequence[str], leave_type: str, first: date, last: date
) -> list[frappe._dict]:
	"""Return the pending applications, as `get_leaves_pending_approval_for_period` does."""
	if not employees:
		return []
	# get_all: the caller may see the balances of these employees
	return frappe.get_all(
		LEAVE_APPLICATION,
		filters={
			"employee": ("in", employees),
			"leave_type": leave_type,
			"status": "Open",
			"from_date": ("<=", last),
			"to_date": (">=", first),
		},
		fields=["employee", "from_date", "to_date", "total_leave_days"],
		limit_page_length=0,
	)


def get_half_days(names: Sequence[str]) -> dict[str, date]:
	"""Return the half day of each application that has one."""
	if not names:
		return {}
	# get_all: as above
	rows = frappe.get_all(
		LEAVE_APPLICATION,
		filters={"name": ("in", names)},
		fields=["name", "half_day_date"],
		limit_page_length=0,
	)
	return {row.name: row.half_day_date for row in rows if row.half_day_date}


def get_holidays(
	lists: Iterable[str | None], leave_type: str, first: date, last: date
) -> dict[str, list[date]]:
	"""Return the days of each holiday list, sorted; none if the leave type counts holidays as leave."""
	names = [name for name in lists if name]
	days: dict[str, list[date]] = defaultdict(list)
	if not names or frappe.db.get_value(LEAVE_TYPE, leave_type, "include_holiday"):
		return days
	holiday = frappe.qb.DocType("Holiday")
	rows = (
		frappe.qb.from_(holiday)
		.select(holiday.parent, holiday.holiday_date)
		.distinct()
		.where(holiday.parent.isin(names) & holiday.holiday_date[first:last])
		.orderby(holiday.holiday_date)
	).run()
	for parent, day in rows:
		days[parent].append(day)
	return days
